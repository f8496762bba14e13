package pipeline

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

// A record of the journal, the commit of one batch, is a version byte and sections, each a tag byte, a uvarint length
// and so many bytes. A section that has nothing to say is left out.
//
//	1  observations  what rules.Engine.Apply reads
//	2  transitions   JSON, a list of window.Transition
//	3  positions     JSON, a list of Position
//	5  events        those of the batch, where there are outputs for them; see events.go
//
// A checkpoint has the same form, with the engine's checkpoint in section 4 and all positions in section 3. A reader
// refuses tags that it does not know: a later version that adds one has written what this one must not ignore.
const (
	recordVersion      byte = 2
	sectionObservation byte = 1
	sectionTransitions byte = 2
	sectionPositions   byte = 3
	sectionEngine      byte = 4
	sectionEvents      byte = 5
)

// errRecord is returned for bytes that appendRecord did not write.
var errRecord = errors.New("damaged record")

// record is a commit in its parts.
type record struct {
	observations []byte
	transitions  []window.Transition
	positions    []Position
	engine       []byte
}

// appendRecord appends the commit's bytes; nothing where nothing happened. events may be nil.
func appendRecord(to []byte, outcome rules.Outcome, positions []Position, events *stored) ([]byte, error) {
	if len(outcome.Observations) == 0 && len(outcome.Transitions) == 0 && len(positions) == 0 && events == nil {
		return to, nil
	}
	to = append(to, recordVersion)
	if len(outcome.Observations) > 0 {
		to = appendSection(to, sectionObservation, outcome.Observations)
	}
	var err error
	if len(outcome.Transitions) > 0 {
		if to, err = appendJSON(to, sectionTransitions, outcome.Transitions); err != nil {
			return nil, err
		}
	}
	if len(positions) > 0 {
		if to, err = appendJSON(to, sectionPositions, positions); err != nil {
			return nil, err
		}
	}
	if events != nil {
		to, err = events.append(to)
	}
	return to, err
}

func appendSection(to []byte, tag byte, bytes []byte) []byte {
	to = append(to, tag)
	to = binary.AppendUvarint(to, uint64(len(bytes)))
	return append(to, bytes...)
}

func appendJSON(to []byte, tag byte, value any) ([]byte, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return appendSection(to, tag, encoded), nil
}

// decodeRecord reads what appendRecord wrote. observations and engine stay part of the given bytes.
func decodeRecord(bytes []byte) (record, error) {
	var r record
	err := sections(bytes, r.section)
	return r, err
}

// sections gives the sections of a record, in order, up to the first error.
func sections(bytes []byte, each func(tag byte, section []byte) error) error {
	if len(bytes) == 0 || bytes[0] != recordVersion {
		return fmt.Errorf("%w: unknown version", errRecord)
	}
	for bytes = bytes[1:]; len(bytes) > 0; {
		tag := bytes[0]
		length, size := binary.Uvarint(bytes[1:])
		if size <= 0 || length > uint64(len(bytes)-1-size) {
			return fmt.Errorf("%w: a section is cut", errRecord)
		}
		section := bytes[1+size : 1+size+int(length)]
		bytes = bytes[1+size+int(length):]
		if err := each(tag, section); err != nil {
			return err
		}
	}
	return nil
}

func (r *record) section(tag byte, section []byte) error {
	var err error
	switch tag {
	case sectionObservation:
		r.observations = section
	case sectionTransitions:
		err = json.Unmarshal(section, &r.transitions)
	case sectionPositions:
		err = json.Unmarshal(section, &r.positions)
	case sectionEngine:
		r.engine = section
	case sectionEvents: // for outputs
	default:
		err = fmt.Errorf("section %d is of a newer version", tag)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	return nil
}
