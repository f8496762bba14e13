package logstash

import (
	"fmt"
	"time"

	"github.com/logboom/logboom/event"
)

// Templates are texts that are evaluated for the same events, so that each event is read once for all of them. Fields
// of @metadata are read from what the Beat sent, and from the origin; all others from what the encoder wrote. So
// templates that name only @metadata and dates, as most do, never read the event itself.
//
// Templates do not change once they are made and are safe for concurrent use, with Values for each goroutine.
type Templates struct {
	templates []*Template
	programs  [][]step
	metadata  *event.Selector // paths are below @metadata
	written   *event.Selector
	reduction reduction // to what written selects
}

// step is a part of a template with where its value is found.
type step struct {
	part
	source source
	index  int
	// added are what the settings add to the field of @metadata.
	added [][]step
}

// source is where the value of a field is found.
type source uint8

const (
	sourceWritten source = iota
	sourceMetadata
	sourceWholeMetadata
	sourceTime
	// What follows is found in the origin; where that does not have it, as sourceMetadata.
	sourceRemoteIP
	sourceTLSStatus
	sourceTLSVersion
	sourceTLSSubject
	sourceTLSCipher
)

// Values are what Templates need to know about an event. The zero value is ready for use by any Templates, also by
// several in turn. It is for one goroutine at a time.
type Values struct {
	at       int64
	whole    []byte // @metadata
	origin   *Origin
	time     time.Time
	metadata []event.Value
	written  []event.Value
	reduced  []byte // what written are slices of
}

// clear forgets an event, so that its bytes can be freed.
func (v *Values) clear() {
	clear(v.metadata)
	clear(v.written)
	v.whole, v.origin = nil, nil
}

// NewTemplates compiles texts for the events that an encoder writes. The error wraps [ErrTemplate] and names the text.
func NewTemplates(encoder *Encoder, texts ...string) (*Templates, error) {
	t := &Templates{}
	compiler := compiler{encoder: encoder}
	for _, text := range texts {
		template, err := ParseTemplate(text)
		if err != nil {
			return nil, err
		}
		t.templates = append(t.templates, template)
		t.programs = append(t.programs, compiler.compile(template, len(encoder.metadata), 0))
	}
	var err error
	if t.metadata, err = event.NewSelector(compiler.metadata...); err != nil {
		return nil, fmt.Errorf("%w: @metadata: %w", ErrTemplate, err)
	}
	if t.written, err = event.NewSelector(compiler.written...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	t.reduction = newReduction(compiler.written)
	compiler.place(t)
	return t, nil
}

// Len returns the number of texts.
func (t *Templates) Len() int { return len(t.templates) }

// Template returns the text with an index, which is its place among those that NewTemplates was given.
func (t *Templates) Template(index int) *Template { return t.templates[index] }

// Scan reads an event for [Templates.Append]: what Append of the encoder found, what it wrote, and the origin. All are
// referred to until the next Scan, and must stay as they are until then. It fails, with the error of
// event.Selector.Scan, only if written is not what the encoder wrote.
func (t *Templates) Scan(values *Values, found *Found, written []byte, origin *Origin) error {
	values.at, values.whole, values.origin = found.Time, found.Metadata, origin
	values.time = time.Unix(0, found.Time).UTC()
	values.metadata = resize(values.metadata, t.metadata.Len())
	values.written = resize(values.written, t.written.Len())
	if len(values.metadata) > 0 && found.Metadata != nil {
		if err := t.metadata.Scan(found.Metadata, values.metadata); err != nil {
			return fmt.Errorf("read @metadata: %w", err)
		}
	}
	if len(values.written) == 0 {
		return nil
	}
	var known bool
	if values.reduced, known = t.reduction.append(values.reduced[:0], written, &found.members); known {
		written = values.reduced
	}
	if err := t.written.Scan(written, values.written); err != nil {
		return fmt.Errorf("read written event: %w", err)
	}
	return nil
}

// resize returns a slice of so many missing values.
func resize(values []event.Value, length int) []event.Value {
	if cap(values) < length {
		return make([]event.Value, length)
	}
	values = values[:length]
	clear(values)
	return values
}
