package event

import "encoding/binary"

// markedScanner reads the same documents as a scanner and finds the same values, in half of the time, because it has the
// ends of strings marked ahead: where a string ends is then no search and no branch.
//
// It says yes or no and nothing else. After a no a scanner reads the document again, to find out where and why.
//
// The last byte of its document is a closing brace. Nothing but an object goes on to the end then, so only behind a
// brace a position has to be compared with the end. The loops below are written out where scanner calls methods: most
// tokens are so short that a call for each would take a third of the time. Each tries first what Beats write, a string
// and no white space, and all else behind that.
type markedScanner struct {
	scanner
	marks
	read  uint8  // of the marked ends, those up to here have been passed
	plain bool   // no odd escape has been seen, see Value.Plain
	found uint64 // the bits of the paths that were found, so that there may be something to forget
}

// run reads the whole document and says whether it is an event.
func (m *markedScanner) run(root *node, document []byte, values []Value) bool {
	start, end := 0, len(document)
	for start < end && isSpace(document[start]) {
		start++
	}
	for end > start && isSpace(document[end-1]) {
		end--
	}
	if end-start < len("{}") || document[start] != '{' || document[end-1] != '}' {
		return false
	}
	m.document, m.values = document[:end], values
	m.begin()
	m.read, m.plain, m.found = 0, true, 0
	return m.object(start+1, root, 0, 1) == end
}

// object is scanner.object, scanner.followKey and scanner.field in one.
func (m *markedScanner) object(pos int, at *node, route uint32, depth int) int {
	var (
		document, read = m.document, m.read
		next           *node
		start          int
	)
	if document[pos] <= ' ' {
		pos = m.skipSpace(pos)
	}
	if document[pos] == '}' {
		return pos + 1
	}
	if document[pos] != '"' {
		return failed
	}
	for { // with pos at the opening quote of a key
		if int(read) == m.count {
			if !m.mark() {
				return failed
			}
			read = 0
		}
		start = pos + 1
		end := m.ends[read]
		read++
		pos = int(end &^ escapeIn)
		slot := uint32(at.slots[slotOf(document[start], document[pos-1], pos-start)])
		if slot|end&escapeIn == 0 {
			if pos+2 < len(document) && pair(document, pos+1) == colonQuote {
				// Most members are not looked for and have a string, and another one comes behind them.
				if int(read) == m.count {
					if !m.mark() {
						return failed
					}
					read = 0
				}
				pos = int(m.ends[read]&^escapeIn) + 1
				read++
				if pos+1 < len(document) && pair(document, pos) == commaQuote {
					pos++
					continue
				}
				goto behind
			}
			goto other
		}
		next = nil
		if slot != 0 && start+shortKey <= len(document) {
			if e := &at.edges[slot-1]; int(e.length) == pos-start &&
				binary.LittleEndian.Uint64(document[start:start+shortKey:start+shortKey])<<(e.shift&63) == e.word {
				next = e.node
			}
		}
		if next == nil {
			if next = at.follow(slot, document[start:pos], end); next == nil {
				goto other
			}
		}
		if pos++; document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
		if document[pos] != ':' {
			return failed
		}
		if pos++; document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
		start = pos
		if m.found&next.innerBits != 0 {
			m.forget(next, route|next.routeBit)
		}
		switch c := document[pos]; c {
		case '"':
			if int(read) == m.count {
				if !m.mark() {
					return failed
				}
				read = 0
			}
			pos = int(m.ends[read]&^escapeIn) + 1
			read++
		case '{', '[':
			m.read = read
			if next.innerBits != 0 && c == '{' {
				pos = m.object(pos+1, next, route|next.routeBit, depth+1)
			} else {
				pos = m.skip(pos, depth)
			}
			read = m.read
			if uint(pos) >= uint(len(document)) {
				return failed
			}
		default:
			if pos = scalarEnd(document, pos); pos == failed {
				return failed
			}
		}
		if next.index != notSelected {
			raw := document[start:pos:pos]
			m.values[next.index] = Value{raw: raw, route: route | next.routeBit, kind: kindOf(raw[0]), plain: m.plain}
			m.found |= next.bit
		}
		goto behind
	other:
		m.read = read
		if pos = m.other(pos+1, depth); uint(pos) >= uint(len(document)) {
			return failed
		}
		read = m.read
	behind:
		if document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
		if document[pos] != ',' {
			if document[pos] != '}' {
				return failed
			}
			m.read = read
			return pos + 1
		}
		if pos++; document[pos] != '"' {
			if pos = m.skipSpace(pos); document[pos] != '"' {
				return failed
			}
		}
	}
}

// other reads from behind a key that is not looked for to behind its value.
func (m *markedScanner) other(pos, depth int) int {
	document := m.document
	if document[pos] <= ' ' {
		pos = m.skipSpace(pos)
	}
	if document[pos] != ':' {
		return failed
	}
	if pos++; document[pos] <= ' ' {
		pos = m.skipSpace(pos)
	}
	switch document[pos] {
	case '"':
		if int(m.read) == m.count {
			if !m.mark() {
				return failed
			}
			m.read = 0
		}
		m.read++
		return int(m.ends[m.read-1]&^escapeIn) + 1
	case '{', '[':
		return m.skip(pos, depth)
	default:
		return scalarEnd(document, pos)
	}
}

// The pairs of bytes that stand between strings.
const (
	colonQuote = ':' | '"'<<8
	commaQuote = ',' | '"'<<8
)

// pair returns two bytes, the first in the lower half.
func pair(document []byte, pos int) uint16 {
	return binary.LittleEndian.Uint16(document[pos : pos+2 : pos+2])
}

// skip is scanner.skip, for an object or array.
func (m *markedScanner) skip(pos, outer int) int {
	document, read, depth := m.document, m.read, outer
	for {
		// An object or array is about to be opened.
		if depth++; depth > MaxDepth {
			return failed
		}
		opening := document[pos]
		m.open(depth, opening == '{')
		if pos++; document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
		closing := opening + 2 // in ASCII each closing bracket stands two behind its opening one
		if document[pos] == closing {
			goto closed
		}
	next:
		if closing == '}' {
			if document[pos] != '"' {
				return failed
			}
			for int(read)+1 < m.count { // members whose values are strings
				key, value := int(m.ends[read]&^escapeIn), int(m.ends[read+1]&^escapeIn)
				if value+2 >= len(document) || pair(document, key+1) != colonQuote {
					break
				}
				read += 2
				if pair(document, value+1) != commaQuote {
					pos = value + 1
					goto after
				}
			}
			if int(read) == m.count {
				if !m.mark() {
					return failed
				}
				read = 0
			}
			pos = int(m.ends[read]&^escapeIn) + 1
			read++
			if document[pos] <= ' ' {
				pos = m.skipSpace(pos)
			}
			if document[pos] != ':' {
				return failed
			}
			if pos++; document[pos] <= ' ' {
				pos = m.skipSpace(pos)
			}
		}
		switch c := document[pos]; c {
		case '"':
			if int(read) == m.count {
				if !m.mark() {
					return failed
				}
				read = 0
			}
			pos = int(m.ends[read]&^escapeIn) + 1
			read++
		case '{', '[':
			continue
		default:
			if pos = scalarEnd(document, pos); pos == failed {
				return failed
			}
		}
	after:
		if document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
		if document[pos] == ',' {
			if pos++; document[pos] <= ' ' {
				pos = m.skipSpace(pos)
			}
			goto next
		}
		if document[pos] != closing {
			return failed
		}
	closed:
		pos++
		if depth--; depth == outer {
			m.read = read
			return pos
		}
		if pos == len(document) {
			return failed
		}
		if closing = ']'; m.inObject(depth) {
			closing = '}'
		}
		goto after
	}
}
