package event

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

const (
	// MaxMembers is how many keys the objects that are open at one time may have together for [Members.Scan] to say yes.
	MaxMembers = 64
	// maxMembersDepth is how deep a document may be nested for that.
	maxMembersDepth = 16
)

// Member is where a member of the top level stands in a document: the opening quote of its key, its value, and the end
// of that. The closing quote of the key and the colon are the two bytes before the value.
type Member struct {
	Start, Value, End uint32
}

// Members finds the members of the top level of documents that are written as Beats write them. The zero value is ready.
// It is made to be used again, because clearing it takes as long as a part of a scan, and holds on to the last document
// until then. Not safe for concurrent use.
type Members struct {
	marked markedScanner
	count  int // of members
	keys   int // of those of the objects that are open, the innermost's last
	member [MaxMembers]Member
	key    [MaxMembers]keySpan
	print  [MaxMembers]uint64 // their fingerprints
	outer  [maxMembersDepth]openBracket
}

// keySpan is where a key stands, without its quotes.
type keySpan struct{ start, end uint32 }

func (k keySpan) in(document []byte) []byte { return document[k.start:k.end] }

// openBracket is an object or array around the one that is being read.
type openBracket struct {
	closing byte
	first   int    // of its keys
	seen    uint64 // a bit for each of its keys, to rule out most comparisons
}

// All returns the members that Scan found, in their order, valid until the next Scan.
func (m *Members) All() []Member { return m.member[:m.count] }

// Scan says whether a document is a valid object that stands as it is for what it means: no white space but behind its
// end, no key with an escape, no key twice in an object, at any depth, no escape that begins with \u or \/, valid UTF-8,
// at most [MaxMembers] keys open at a time. Then All has its members. After a no the document may be valid or not; it is
// also the answer to documents shorter than 64 bytes, and to all where the machine cannot mark strings. It reads at the
// speed of [Selector.Scan] and does not allocate.
func (m *Members) Scan(document []byte) bool {
	m.count, m.keys = 0, 0
	for len(document) > 0 && isSpace(document[len(document)-1]) {
		document = document[:len(document)-1]
	}
	if !canMark || len(document) < blockLength || uint64(len(document)) > math.MaxInt32 {
		return false
	}
	if document[0] != '{' || document[len(document)-1] != '}' {
		return false
	}
	s := &m.marked
	s.document, s.plain, s.read = document, true, 0
	s.begin()
	return document[1] != '}' && m.members() && s.plain && s.isUTF8()
}

// isUTF8 says whether the document, all of it marked, is valid UTF-8.
func (m *markedScanner) isUTF8() bool { return m.wide == 0 || utf8.Valid(m.document) }

// members reads everything behind the first brace. Like markedScanner.skip it does not recurse, and is written out.
func (m *Members) members() bool {
	s := &m.marked
	document, read, pos := s.document, uint8(0), 1
	depth, first, seen, closing := 0, 0, uint64(0), byte('}')
	for {
		for closing == '}' { // members whose values are strings
			if document[pos] != '"' {
				return false
			}
			if int(read) == s.count {
				if !s.mark() {
					return false
				}
				read = 0
			}
			end := int(s.ends[read])
			read++
			if end >= escapeIn {
				return false
			}
			keys := uint(m.keys)
			if keys >= MaxMembers {
				return false
			}
			print := fingerprint(document, pos+1, end)
			bit := uint64(1) << (print >> 58)
			m.print[keys], m.key[keys] = print, keySpan{uint32(pos + 1), uint32(end)}
			if seen&bit != 0 && m.isTwice(first) {
				return false
			}
			seen |= bit
			m.keys++
			if document[end+1] != ':' {
				return false
			}
			if depth == 0 {
				m.member[m.count] = Member{Start: uint32(pos), Value: uint32(end + 2)}
			}
			if pos = end + 2; document[pos] != '"' {
				break
			}
			if int(read) == s.count {
				if !s.mark() {
					return false
				}
				read = 0
			}
			pos = int(s.ends[read]&^escapeIn) + 1
			read++
			if document[pos] != ',' {
				goto after
			}
			if depth == 0 {
				m.member[m.count].End = uint32(pos)
				m.count++
			}
			pos++
		}
		switch c := document[pos]; c {
		case '"':
			if int(read) == s.count {
				if !s.mark() {
					return false
				}
				read = 0
			}
			pos = int(s.ends[read]&^escapeIn) + 1
			read++
		case '{', '[':
			if document[pos+1] == c+2 { // in ASCII each closing bracket stands two behind its opening one
				if pos += 2; pos == len(document) {
					return false
				}
				break
			}
			if depth == maxMembersDepth {
				return false
			}
			m.outer[depth] = openBracket{closing, first, seen}
			depth++
			closing, first, seen = c+2, m.keys, 0
			pos++
			continue
		default:
			if pos = scalarEnd(document, pos); pos == failed {
				return false
			}
		}
	after:
		for {
			if depth == 0 {
				m.member[m.count].End = uint32(pos)
				m.count++
			}
			if document[pos] == ',' {
				break
			}
			if document[pos] != closing {
				return false
			}
			pos++
			if depth == 0 {
				return pos == len(document)
			}
			if pos == len(document) {
				return false
			}
			m.keys = first
			depth--
			around := &m.outer[depth]
			closing, first, seen = around.closing, around.first, around.seen
		}
		pos++
	}
}

// fingerprint returns a number that stands for a key: the same for the same key. It depends on the last eight bytes and the
// length. A document has more than eight bytes, so there are eight to read before the end of a key, or behind its start.
func fingerprint(document []byte, start, end int) uint64 {
	word, length := uint64(0), end-start
	if end >= 8 {
		if word = binary.LittleEndian.Uint64(document[end-8 : end : end]); length < 8 {
			word >>= 64 - 8*uint(length)
		}
	} else {
		word = binary.LittleEndian.Uint64(document[start:start+8:start+8]) & (1<<(8*uint(length)) - 1)
	}
	return (word ^ uint64(length)) * 0x9e3779b97f4a7c15
}

// isTwice says whether the innermost object, whose keys begin with number first, has the key already that comes behind them.
func (m *Members) isTwice(first int) bool {
	prints, last := m.print[:m.keys+1], m.keys
	for i := first; i < last; i++ {
		if prints[i] == prints[last] && string(m.key[i].in(m.marked.document)) == string(m.key[last].in(m.marked.document)) {
			return true
		}
	}
	return false
}
