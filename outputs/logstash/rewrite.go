package logstash

import (
	"bytes"
	"slices"

	"github.com/logboom/logboom/event"
)

// rewriter writes a document plainly that is valid and was written in some other way: without white space, each key
// once with what its last value was, strings escaped only where JSON wants it, and U+FFFD for half of a surrogate pair
// and for each byte that is not UTF-8. It is the slow way, for documents that no Beat writes.
type rewriter struct {
	document []byte
	out      []byte
	members  []rewritten // of the objects that are open, the innermost last
	// metadata is the last value of @metadata as the document has it, nil if there is none.
	metadata []byte
}

// rewritten is where a member stands in out: its key's opening quote, its value, the end of that.
type rewritten struct {
	member
	source []byte // the value as the document has it
}

// rewrite writes the whole document into out and fills in o, which refers to out. It returns false, with both useless,
// if the document is not one valid object, nested no deeper than event.MaxDepth.
func (r *rewriter) rewrite(document []byte, o *outline) bool {
	*r = rewriter{document: document, out: r.out[:0], members: r.members[:0]}
	pos := r.space(0)
	if r.at(pos) != '{' {
		return false
	}
	if pos = r.object(pos, 1, o); pos == notPlain {
		return false
	}
	o.end = len(r.out) - 1
	return r.space(pos) == len(document)
}

func (r *rewriter) at(pos int) byte {
	if pos < len(r.document) {
		return r.document[pos]
	}
	return 0
}

// space returns the position of the first byte that is not white space.
func (r *rewriter) space(pos int) int {
	for pos < len(r.document) {
		switch r.document[pos] {
		case ' ', '\t', '\n', '\r':
			pos++
		default:
			return pos
		}
	}
	return pos
}

// value writes the value at a position and returns the position behind it.
func (r *rewriter) value(pos, depth int) int {
	switch r.at(pos) {
	case '"':
		return r.text(pos)
	case '{':
		return r.object(pos, depth+1, nil)
	case '[':
		return r.array(pos, depth+1)
	}
	end := scalar(r.document, pos)
	if end != notPlain {
		r.out = append(r.out, r.document[pos:end]...)
	}
	return end
}

// text writes a string. The loop ends at a quote, or at what a string must not have.
func (r *rewriter) text(pos int) int {
	r.out = append(r.out, '"')
	for pos++; pos < len(r.document); {
		char, size := nextRune(r.document[pos:])
		if size == 0 {
			break
		}
		r.out = appendRune(r.out, char)
		pos += size
	}
	if r.at(pos) != '"' {
		return notPlain
	}
	r.out = append(r.out, '"')
	return pos + 1
}

func (r *rewriter) array(pos, depth int) int {
	if depth > event.MaxDepth {
		return notPlain
	}
	r.out = append(r.out, '[')
	if pos = r.space(pos + 1); r.at(pos) == ']' {
		r.out = append(r.out, ']')
		return pos + 1
	}
	for {
		if pos = r.value(pos, depth); pos == notPlain {
			return notPlain
		}
		switch pos = r.space(pos); r.at(pos) {
		case ',':
			r.out = append(r.out, ',')
			pos = r.space(pos + 1)
		case ']':
			r.out = append(r.out, ']')
			return pos + 1
		default:
			return notPlain
		}
	}
}

// object writes an object. Of the top level, which has an outline, it notes where the named members stand.
func (r *rewriter) object(pos, depth int, o *outline) int {
	if depth > event.MaxDepth {
		return notPlain
	}
	start, base := len(r.out), len(r.members)
	r.out = append(r.out, '{')
	if pos = r.space(pos + 1); r.at(pos) != '}' {
		if pos = r.eachMember(pos, depth); pos == notPlain {
			return notPlain
		}
	}
	r.removeMembers(start, base, o != nil)
	if o != nil {
		r.fill(o)
	}
	r.members = r.members[:base]
	r.out = append(r.out, '}')
	return pos + 1
}

// eachMember writes the members of an object and returns the position of its closing brace.
func (r *rewriter) eachMember(pos, depth int) int {
	for {
		written := rewritten{member: member{start: len(r.out)}}
		if r.at(pos) != '"' {
			return notPlain
		}
		if pos = r.text(pos); pos == notPlain {
			return notPlain
		}
		if pos = r.space(pos); r.at(pos) != ':' {
			return notPlain
		}
		r.out = append(r.out, ':')
		written.value = len(r.out)
		from := r.space(pos + 1)
		if pos = r.value(from, depth); pos == notPlain {
			return notPlain
		}
		written.source, written.end = r.document[from:pos:pos], len(r.out)
		r.members = append(r.members, written)
		switch pos = r.space(pos); r.at(pos) {
		case ',':
			r.out = append(r.out, ',')
			pos = r.space(pos + 1)
		case '}':
			return pos
		default:
			return notPlain
		}
	}
}

// key returns the key of a member, with its quotes. Now that keys are written in one way only, equal keys are equal
// bytes.
func (r *rewriter) key(written rewritten) []byte { return r.out[written.start : written.value-1] }

// removeMembers takes away each member of the last object that a later one of the same key replaces, and, at the top
// level, @metadata in dotted keys.
func (r *rewriter) removeMembers(start, base int, top bool) {
	own := r.members[base:]
	if !r.hasDoubles(own) && (!top || !slices.ContainsFunc(own, r.isDottedMetadata)) {
		return
	}
	last := make(map[string]int, len(own))
	for i, written := range own {
		last[string(r.key(written))] = i
	}
	kept, end := own[:0], start+1
	for i, written := range own {
		if last[string(r.key(written))] != i || top && r.isDottedMetadata(written) {
			continue
		}
		if len(kept) > 0 {
			r.out[end] = ','
			end++
		}
		moved := end - written.start
		end += copy(r.out[end:], r.out[written.start:written.end])
		written.start, written.value, written.end = written.start+moved, written.value+moved, end
		kept = append(kept, written)
	}
	r.out, r.members = r.out[:end], r.members[:base+len(kept)]
}

func (r *rewriter) isDottedMetadata(written rewritten) bool {
	return isDottedMetadata(r.key(written)[1:])
}

// fewMembers is how many members are compared each with each; more are sorted out by the map.
const fewMembers = 32

func (r *rewriter) hasDoubles(own []rewritten) bool {
	if len(own) > fewMembers {
		return true // perhaps
	}
	for i, written := range own {
		for _, other := range own[:i] {
			if bytes.Equal(r.key(written), r.key(other)) {
				return true
			}
		}
	}
	return false
}

// fill notes where the named members of the top level stand.
func (r *rewriter) fill(o *outline) {
	*o = outline{}
	for _, written := range r.members {
		key := r.key(written)
		which := nameOf(key[1 : len(key)-1])
		if which == nameMetadata {
			r.metadata = written.source
		}
		if which != nameOther {
			o.add(which, written.member)
		}
	}
}
