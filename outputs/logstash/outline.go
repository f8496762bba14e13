package logstash

// name is one of the members of the top level that Logstash reads or changes.
type name uint8

// The names, in no order that matters. Other is every other name.
const (
	nameOther name = iota
	nameMetadata
	nameTimestamp
	nameVersion
	nameMessage
	nameLine // what logstash-forwarder, which speaks Lumberjack version 1, calls the message
	nameTags
	nameEvent
	nameRenamedTags      // _tags
	nameInvalidTimestamp // _@timestamp
	nameType
	nameHost
	nameBeat
	names
)

// nameOf returns which name a key is.
func nameOf(key []byte) name {
	switch string(key) {
	case "@metadata":
		return nameMetadata
	case "@timestamp":
		return nameTimestamp
	case "@version":
		return nameVersion
	case "message":
		return nameMessage
	case "line":
		return nameLine
	case "tags":
		return nameTags
	case "event":
		return nameEvent
	case "_tags":
		return nameRenamedTags
	case "_@timestamp":
		return nameInvalidTimestamp
	case "type":
		return nameType
	case "host":
		return nameHost
	case "beat":
		return nameBeat
	default:
		return nameOther
	}
}

// isDottedMetadata tells whether a key of the top level is "@metadata.beat" or the like. No Beat writes one; Elasticsearch
// would take it for @metadata, so it is no part of what is written either.
func isDottedMetadata(key []byte) bool {
	const prefix = "@metadata."
	return len(key) >= len(prefix) && string(key[:len(prefix)]) == prefix
}

// member is where a member of the top level stands: its key's opening quote, its value, the end of that.
type member struct {
	start, value, end int
}

// outline says where the named members of a plain document stand.
type outline struct {
	at    [names]member // by name; the zero member is absent
	order [names]name   // the names that are there, in the order of the document
	count int
	end   int // of the last member
}

// add notes a member. The document has no key twice, so there is room.
func (o *outline) add(which name, found member) {
	o.at[which] = found
	o.order[o.count] = which
	o.count++
}

// scan fills in the outline and the index of what is found, and returns true, if the document is written as Beats write
// it and the machine has the means to see that fast. Otherwise all is left empty, and the document may still be plain.
func (o *outline) scan(document []byte, found *Found) bool {
	if !found.scan.Scan(document) {
		return false
	}
	all := found.scan.All()
	for _, m := range all {
		which := nameOf(document[m.Start+1 : m.Value-2])
		if which != nameOther {
			o.add(which, member{int(m.Start), int(m.Value), int(m.End)})
		} else if isDottedMetadata(document[m.Start+1 : m.Value-2]) {
			*o, found.members.count = outline{}, 0
			return false
		}
		if found.members.count < maxSpans {
			found.members.spans[found.members.count] = span{m.Start, m.Value, m.End, which}
		}
		found.members.count++
	}
	o.end = int(all[len(all)-1].End)
	return true
}

// value returns the value of a member, nil if it is absent.
func (o *outline) value(document []byte, which name) []byte {
	found := o.at[which]
	return document[found.value:found.end:found.end]
}

// has tells whether there is such a member, with null or anything else.
func (o *outline) has(which name) bool { return o.at[which].end > 0 }
