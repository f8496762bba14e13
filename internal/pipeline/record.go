package pipeline

import (
	"bytes"
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
//	6  marks         what resend.Marks.Apply reads
//
// A checkpoint has the same form, with the engine's checkpoint in section 4, all positions in section 3, and in section 7
// what resend.Marks.Restore reads. A reader
// refuses tags that it does not know: a later version that adds one has written what this one must not ignore.
const (
	recordVersion      byte = 3
	sectionObservation byte = 1
	sectionTransitions byte = 2
	sectionPositions   byte = 3
	sectionEngine      byte = 4
	sectionEvents      byte = 5
	sectionMarks       byte = 6
	sectionAllMarks    byte = 7
	sectionBuiltin     byte = 8 // of a checkpoint: JSON, the transitions that began the open built-in episodes
	sectionPiece       byte = 9 // the only one of its record, see pieces.go
)

var (
	// errRecord is returned for bytes that appendRecord did not write.
	errRecord = errors.New("damaged record")
	// ErrOtherVersion is returned by New for a journal with records or a checkpoint of another version: to go on without them would
	// be to lose windows, open alerts and events that are perfectly well.
	ErrOtherVersion = errors.New("the journal is another version's of logboom: run that one until all is delivered, or set data to another folder")
)

// record is a commit in its parts.
type record struct {
	observations []byte
	transitions  []window.Transition
	positions    []Position
	engine       []byte
	marks        []byte
	allMarks     []byte
	builtin      []window.Transition
}

// appendRecord appends the commit's bytes; nothing where nothing happened. w may be nil.
func appendRecord(to []byte, outcome rules.Outcome, positions []Position, w *work) ([]byte, error) {
	events, marks := w.content()
	if len(outcome.Observations) == 0 && len(outcome.Transitions) == 0 && len(positions) == 0 && events == nil && marks == nil {
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
	if marks != nil {
		if to, err = appendLong(to, sectionMarks, marks); err != nil {
			return nil, err
		}
	}
	if events != nil {
		to, err = appendLong(to, sectionEvents, events)
	}
	return to, err
}

// content returns what appends the events of a batch, and the marks of what it has that is new; nil where there is nothing.
func (w *work) content() (events, marks func([]byte) ([]byte, error)) {
	if w == nil {
		return nil, nil
	}
	if w.stored != nil && len(w.stored.events) > len(w.stored.skipped)+len(w.stored.resent) {
		events = w.stored.appendContent
	}
	if w.identities != nil && w.identities.Len() > w.duplicates {
		marks = func(to []byte) ([]byte, error) { return w.identities.AppendSection(to), nil }
	}
	return events, marks
}

// appendLong appends a section whose length is known at its end only: room is left for that.
func appendLong(to []byte, tag byte, content func([]byte) ([]byte, error)) ([]byte, error) {
	const room = 5 // of a uvarint: 32 GiB
	start := len(to) + 1 + room
	to, err := content(append(to, tag, 0, 0, 0, 0, 0))
	if err != nil {
		return nil, err
	}
	length := uint64(len(to) - start)
	for i := range room {
		to[start-room+i] = byte(length>>(7*i))&0x7f | 0x80
	}
	to[start-1] &^= 0x80
	return to, nil
}

func appendSection(to []byte, tag byte, bytes []byte) []byte {
	to = append(to, tag)
	to = binary.AppendUvarint(to, uint64(len(bytes)))
	return append(to, bytes...)
}

func appendJSON(to []byte, tag byte, value any) ([]byte, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false) // six bytes for each < of a line
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return appendSection(to, tag, bytes.TrimSuffix(encoded.Bytes(), []byte("\n"))), nil
}

// decodeRecord reads what appendRecord wrote. observations and engine stay part of the given bytes.
func decodeRecord(payload []byte) (record, error) {
	var r record
	err := sections(payload, r.section)
	return r, err
}

// sections gives the sections of a record, in order, up to the first error.
func sections(bytes []byte, each func(tag byte, section []byte) error) error {
	if len(bytes) == 0 {
		return fmt.Errorf("%w: it is empty", errRecord)
	}
	if version := bytes[0]; version != recordVersion {
		return fmt.Errorf("%w: records of version %d, this program reads %d", ErrOtherVersion, version, recordVersion)
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
	case sectionMarks:
		r.marks = section
	case sectionAllMarks:
		r.allMarks = section
	case sectionBuiltin:
		err = json.Unmarshal(section, &r.builtin)
	default:
		return fmt.Errorf("%w: a section of kind %d, which this program does not know", ErrOtherVersion, tag)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	return nil
}
