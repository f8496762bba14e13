package logstash

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Limits of what counts as plain. They bound the memory on the stack, and the time that looking for double keys takes.
const (
	plainDepth = 12
	plainKeys  = 64 // in the objects that are open at one time
)

// notPlain is returned in place of a position.
const notPlain = -1

// plainScanner reads a document once and finds out whether it is written as Beats write: a valid object without white
// space, escaped keys, double keys, @metadata in dotted keys, halves of surrogate pairs or bytes that are not UTF-8. Then each key is just its
// bytes, and what is copied from it is right as it stands. It lives on the stack.
type plainScanner struct {
	document []byte
	wide     uint64 // has the high bit of some byte if a string has bytes beyond ASCII
	depth    int
	count    int // of fingerprints
	// fingerprints are of the keys of the objects that are open, the innermost last.
	fingerprints [plainKeys]uint64
	frames       [plainDepth]frame
}

// frame is an object or array that is open.
type frame struct {
	base  int    // the first fingerprint of this object
	seen  uint64 // a bit for each fingerprint, to rule out most comparisons
	array bool
}

// scanPlain fills in the outline and the index, which must be empty, and returns true if the document is plain. It is
// outline.scan without what needs the machine's help; it takes longer, and also takes escapes such as \u003c.
func scanPlain(document []byte, o *outline, all *index) bool {
	scan := plainScanner{document: document}
	return scan.outline(o, all)
}

// outline fills in o and all and returns true if the document is plain. A document that is not may still be valid.
func (s *plainScanner) outline(o *outline, all *index) bool {
	if s.at(0) != '{' {
		return false
	}
	pos := 1
	if s.at(pos) == '}' {
		o.end = pos
		return s.closed(pos + 1)
	}
	for {
		found := member{start: pos}
		if found.value = s.key(pos); found.value == notPlain {
			return false
		}
		if found.end = s.value(found.value); found.end == notPlain {
			return false
		}
		key := s.document[pos+1 : found.value-2]
		which := nameOf(key)
		if which != nameOther {
			o.add(which, found)
		} else if isDottedMetadata(key) {
			return false
		}
		all.add(which, found)
		pos = found.end
		if s.at(pos) != ',' {
			break
		}
		pos++
	}
	o.end = pos
	return s.at(pos) == '}' && s.closed(pos+1)
}

// closed tells whether only white space follows and the strings were UTF-8.
func (s *plainScanner) closed(pos int) bool {
	for ; pos < len(s.document); pos++ {
		if c := s.document[pos]; c != '\n' && c != ' ' && c != '\r' && c != '\t' {
			return false
		}
	}
	return s.wide&highBits == 0 || utf8.Valid(s.document)
}

// at returns the byte at a position, or NUL, which begins nothing in JSON, behind the end.
func (s *plainScanner) at(pos int) byte {
	if pos < len(s.document) {
		return s.document[pos]
	}
	return 0
}

// key reads a key and its colon and returns the position of the value.
func (s *plainScanner) key(pos int) int {
	if s.at(pos) != '"' {
		return notPlain
	}
	pos++
	document, fingerprint := s.document, uint64(0)
	for pos+len(`12345678":`) <= len(document) {
		eight := document[pos : pos+8 : pos+8]
		word := binary.LittleEndian.Uint64(eight)
		s.wide |= word
		found := special(word)
		if found == 0 {
			fingerprint = mix(fingerprint, word)
			pos += 8
			continue
		}
		length := bits.TrailingZeros64(found) >> 3
		pos += length
		if document[pos] != '"' || document[pos+1] != ':' || !s.isNew(mixLast(fingerprint, word, length)) {
			return notPlain
		}
		return pos + 2
	}
	return s.lastKey(pos, fingerprint)
}

// lastKey is key for the last few bytes of the document, from here on.
func (s *plainScanner) lastKey(pos int, fingerprint uint64) int {
	var eight [8]byte
	length := 0
	for ; s.at(pos) != '"'; pos++ {
		c := s.at(pos)
		if c < ' ' || c == '\\' {
			return notPlain
		}
		s.wide |= uint64(c)
		if eight[length] = c; length == 7 {
			fingerprint = mix(fingerprint, binary.LittleEndian.Uint64(eight[:]))
			eight, length = [8]byte{}, -1
		}
		length++
	}
	if s.at(pos+1) != ':' || !s.isNew(mixLast(fingerprint, binary.LittleEndian.Uint64(eight[:]), length)) {
		return notPlain
	}
	return pos + 2
}

// mixLast adds the last bytes of a key, less than eight, to its fingerprint. What stands behind them does not matter,
// nor need their number be added: no key has a NUL in it.
func mixLast(fingerprint, word uint64, length int) uint64 {
	return mix(fingerprint, word&(1<<(8*length)-1))
}

// mix adds eight bytes of a key to its fingerprint.
func mix(fingerprint, word uint64) uint64 {
	high, low := bits.Mul64(fingerprint^word^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return high ^ low
}

// isNew notes the fingerprint of a key. It returns false if the object may have the key already, or on too many keys.
func (s *plainScanner) isNew(fingerprint uint64) bool {
	if s.count == plainKeys {
		return false
	}
	open := &s.frames[s.depth]
	bit := uint64(1) << (fingerprint & 63)
	if open.seen&bit != 0 {
		for _, other := range s.fingerprints[open.base:s.count] {
			if other == fingerprint {
				return false
			}
		}
	}
	open.seen |= bit
	s.fingerprints[s.count] = fingerprint
	s.count++
	return true
}

// value reads a value with all that is in it. It does not recurse.
func (s *plainScanner) value(pos int) int {
	outer := s.depth
	for {
		switch c := s.at(pos); c {
		case '"':
			pos = s.text(pos + 1)
		case '{', '[':
			var within bool
			if pos, within = s.open(pos, c); within {
				continue
			}
		default:
			pos = scalar(s.document, pos)
		}
		if pos == notPlain || s.depth == outer {
			return pos
		}
		if pos = s.next(pos, outer); pos == notPlain || s.depth == outer {
			return pos
		}
	}
}

// open reads an opening bracket. It returns the position of the first value, within, or the one behind an empty pair.
func (s *plainScanner) open(pos int, bracket byte) (value int, within bool) {
	if s.at(pos+1) == bracket+2 { // in ASCII each closing bracket stands two behind its opening one
		return pos + 2, false
	}
	if s.depth++; s.depth == plainDepth {
		return notPlain, false
	}
	s.frames[s.depth] = frame{base: s.count, array: bracket == '['}
	if bracket == '[' {
		return pos + 1, true
	}
	value = s.key(pos + 1)
	return value, value != notPlain
}

// next reads from behind a value: the brackets that close here, up to the depth outer, and the comma that leads to the
// next value, whose position it returns.
func (s *plainScanner) next(pos, outer int) int {
	for s.depth > outer {
		open := &s.frames[s.depth]
		switch c := s.at(pos); {
		case c == ',' && open.array:
			return pos + 1
		case c == ',':
			return s.key(pos + 1)
		case c == '}' && !open.array, c == ']' && open.array:
			pos++
			s.count = open.base
			s.depth--
		default:
			return notPlain
		}
	}
	return pos
}
