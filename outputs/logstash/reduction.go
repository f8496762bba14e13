package logstash

import "strings"

// maxSpans is how many members of the top level are remembered. Events of Filebeat have ten to twenty.
const maxSpans = 32

// span is a member of the top level of a document that was copied, or replaced.
type span struct {
	start, value, end uint32
	which             name
}

// index is where the members of an event are, so that templates need not look for them. It is empty, with no document,
// if they are not known: then the event that was written must be read.
type index struct {
	document []byte
	spans    [maxSpans]span
	count    int
	replaced [names]bool
	tail     int // where in what was written the members begin that are not copies
}

// add notes a member, if there is room; a full index is of no use any more.
func (i *index) add(which name, found member) {
	if i.count < maxSpans {
		i.spans[i.count] = span{uint32(found.start), uint32(found.value), uint32(found.end), which}
	}
	i.count++
}

// reduction takes those members out of an event in which selected fields can be. Scanning them is all that
// event.Selector has to do then: it checks what it reads, and the encoder has done that already.
type reduction struct {
	names []string // the first names of the paths: "host" of "host.name"
	tail  bool     // whether one of them can be of a member that is not a copy
}

func newReduction(paths []string) reduction {
	var r reduction
	for _, path := range paths {
		first, _, _ := strings.Cut(path, ".")
		r.names = append(r.names, first)
		r.tail = r.tail || nameOf([]byte(first)) != nameOther
	}
	return r
}

// append appends an object of the members that can matter, in their order, and returns true; or it returns false if
// the index does not know them.
func (r *reduction) append(dst, written []byte, known *index) ([]byte, bool) {
	if known.document == nil || known.count > maxSpans || known.tail >= len(written) {
		return dst, false
	}
	dst = append(dst, '{')
	for i := range known.spans[:known.count] {
		s := &known.spans[i]
		if !known.replaced[s.which] && r.wants(known.document[s.start+1:s.value-2]) {
			dst = append(comma(dst), known.document[s.start:s.end]...)
		}
	}
	tail := written[known.tail:]
	if !r.tail || tail[0] == '}' {
		return append(dst, '}'), true
	}
	if tail[0] == ',' {
		tail = tail[1:]
	}
	return append(comma(dst), tail...), true
}

// wants tells whether a selected path can begin with this key, of which names with dots are a part.
func (r *reduction) wants(key []byte) bool {
	for _, first := range r.names {
		if len(key) >= len(first) && string(key[:len(first)]) == first && (len(key) == len(first) || key[len(first)] == '.') {
			return true
		}
	}
	return false
}
