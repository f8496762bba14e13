package logstash

import "github.com/logboom/logboom/event"

// Marks say what was out of the ordinary with an event, so that it can be counted.
type Marks uint8

const (
	// TimeInvalid marks an event whose @timestamp could not be understood; the time of arrival took its place, and
	// should be warned of. If the event has no message, it also has the tag _timestampparsefailure and what stood there
	// as _@timestamp, as from Logstash.
	TimeInvalid Marks = 1 << iota
	// TimeMissing marks an event without @timestamp, or with null; the time of arrival took its place.
	TimeMissing
	// TagsRenamed marks an event whose tags were neither a string nor an array of strings. They are now the only element
	// of _tags, and the tag _tagsparsefailure says so, as from Logstash.
	TagsRenamed
	// EventNotObject marks an event whose member "event" has no room for event.original, which is left out.
	EventNotObject
	// FieldNotAdded marks an event in which something stood in the way of a field that the settings add: a value that
	// is no object, where the field's path goes on.
	FieldNotAdded
	// Rewritten marks an event that was not written as Beats write. It took about ten times the time of others.
	Rewritten
)

// Found is what Append found out about an event, for [Templates]. It refers to the document, and is good for as long as
// that stays as it is. It is made to be reused for the next event.
type Found struct {
	// Time is @timestamp as it was written, in nanoseconds since 1970.
	Time int64
	// Metadata is the object @metadata as the document has it, nil if there is none.
	Metadata []byte
	// Marks are what was out of the ordinary.
	Marks Marks

	members index
	scan    event.Members
}

// reset forgets the event before. What only grows stale with it is left as it is: clearing it would take a tenth of the
// time of Append.
func (f *Found) reset() {
	f.Time, f.Metadata, f.Marks = 0, nil, 0
	f.members.document, f.members.count, f.members.tail = nil, 0, 0
	f.members.replaced = [names]bool{}
}
