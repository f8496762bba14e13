package logstash

import (
	"errors"
	"fmt"
	"sync"
)

// ErrDocument is the error of [Encoder.Append] for a document that is not an event: not one valid JSON object, nested
// no deeper than event.MaxDepth.
var ErrDocument = errors.New("encode event: not a JSON object that can be an event")

// Encoder writes events as Logstash would have written them. It does not change once it is made and is safe for
// concurrent use.
type Encoder struct {
	rules        rules
	typeMember   []byte       // "type":"...", nil for none
	tags         []*Templates // of one text each, to append to each event's own
	constantTags []byte       // all of tags, if each is the same for every event, as the inside of an array
	fields       []addedField
	metadata     []addedMetadata
	rewriters    sync.Pool // of *rewriter
	values       sync.Pool // of *Values
}

// NewEncoder makes an encoder. The error wraps [ErrSettings] or [ErrTemplate] and names the setting and what to do.
func NewEncoder(settings Settings) (*Encoder, error) {
	understood, err := settings.understand()
	if err != nil {
		return nil, err
	}
	e := &Encoder{rules: understood}
	e.rewriters.New = func() any { return new(rewriter) }
	e.values.New = func() any { return new(Values) }
	if settings.Type != "" {
		e.typeMember = appendString([]byte(`"type":`), settings.Type)
	}
	for _, field := range settings.AddField {
		if err := e.addField(field); err != nil {
			return nil, fmt.Errorf("add_field %q: %w", field.Name, err)
		}
	}
	for _, tag := range settings.Tags {
		text, err := NewTemplates(e, tag)
		if err != nil {
			return nil, fmt.Errorf("tags: %w", err)
		}
		e.tags = append(e.tags, text)
	}
	e.constantTags = e.joinConstantTags()
	return e, nil
}

// Append appends what Logstash's codec json writes for a document from a Beat, without a newline, returns the extended
// buffer, and fills in what it found. dst and document must not overlap. The document is only read; found refers to it.
//
// The error is [ErrDocument], and dst is returned as it was; there is none for a document that event.Selector accepts.
// What is written is at most seven times as long as the document, plus what the settings add: a message that is an
// object and has bytes that are not UTF-8 grows most, since it is written twice, as text.
func (e *Encoder) Append(dst, document []byte, origin *Origin, found *Found) ([]byte, error) {
	found.reset()
	edit := edit{encoder: e, origin: origin, document: document, found: found, replaced: &found.members.replaced}
	if edit.outline.scan(document, found) || scanPlain(document, &edit.outline, &found.members) {
		if metadata := edit.value(nameMetadata); isObject(metadata) {
			found.Metadata = metadata
		}
		dst = edit.append(dst)
		if len(e.fields) == 0 {
			found.members.document = document
		}
		return dst, nil
	}
	rewriter, _ := e.rewriters.Get().(*rewriter)
	defer e.recycle(rewriter)
	if !rewriter.rewrite(document, &edit.outline) {
		return dst, ErrDocument
	}
	if isObject(rewriter.metadata) {
		found.Metadata = rewriter.metadata
	}
	edit.document, found.Marks = rewriter.out, Rewritten
	return edit.append(dst), nil
}

// keptBuffer is the largest buffer that is kept for the next document that must be rewritten.
const keptBuffer = 256 << 10

// recycle gives a rewriter back, without what refers to the document or is larger than most documents need.
func (e *Encoder) recycle(used *rewriter) {
	used.document, used.metadata = nil, nil
	clear(used.members[:cap(used.members)])
	if cap(used.out) <= keptBuffer && cap(used.members) <= keptBuffer/64 {
		e.rewriters.Put(used)
	}
}

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }
