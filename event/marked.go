package event

// markedScanner reads the same documents as a scanner and finds the same values, in half of the time, because it has the
// ends of strings marked ahead: where a string ends is then no search and no branch.
//
// It says yes or no and nothing else. After a no a scanner reads the document again, to find out where and why.
//
// The last byte of its document is a closing brace. Nothing but an object goes on to the end then, so only behind a
// brace a position has to be compared with the end. The two loops below are written out where scanner calls methods:
// most tokens are so short that a call for each would take a third of the time.
type markedScanner struct {
	scanner
	marks
	read  int    // of the marked ends, those up to here have been passed
	found uint64 // the bits of the paths that were found, so that there may be something to forget
	plain bool   // no odd escape has been seen, see Value.Plain
}

// run reads the whole document and says whether it is an event.
func (m *markedScanner) run(root *node) bool {
	start, end := m.skipSpace(0), len(m.document)
	for end > start && isSpace(m.document[end-1]) {
		end--
	}
	if end-start < len("{}") || m.document[start] != '{' || m.document[end-1] != '}' {
		return false
	}
	m.document = m.document[:end]
	return m.object(start+1, root, 0, 1) == end
}

// object is scanner.object, scanner.followKey and scanner.field in one.
func (m *markedScanner) object(pos int, at *node, route uint32, depth int) int {
	document, read := m.document, m.read
	if document[pos] <= ' ' {
		pos = m.skipSpace(pos)
	}
	if document[pos] == '}' {
		return pos + 1
	}
	for {
		if document[pos] != '"' {
			return failed
		}
		if read == m.count {
			if !m.mark() {
				return failed
			}
			read = 0
		}
		start := pos + 1
		pos = m.end(read)
		read++
		next := (*node)(nil)
		if m.mayEscape(start, pos) {
			next = at.followAny(document[start:pos])
		} else if at.mayFollow(document[start], document[pos-1], pos-start) {
			next = at.follow(document[start:pos])
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
		leads := next != nil && len(next.edges) > 0
		if leads && m.found&next.belowBits != 0 {
			m.forget(next, route|next.routeBit)
		}
		switch c := document[pos]; c {
		case '"':
			if read == m.count {
				if !m.mark() {
					return failed
				}
				read = 0
			}
			pos = m.end(read) + 1
			read++
		case '{', '[':
			m.read = read
			if leads && c == '{' {
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
		if next != nil && next.index != notSelected {
			raw := document[start:pos:pos]
			m.values[next.index] = Value{raw: raw, route: route | next.routeBit, kind: kindOf(raw[0]), plain: m.plain}
			m.found |= next.bit
		}
		if document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
		switch document[pos] {
		case '}':
			m.read = read
			return pos + 1
		case ',':
		default:
			return failed
		}
		if pos++; document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
	}
}

// skip is scanner.skip, for an object or array.
func (m *markedScanner) skip(pos, depth int) int {
	document, read, outer := m.document, m.read, depth
	closing := byte(0) // the bracket that closes what is open
	for {
		if closing == '}' {
			if document[pos] != '"' {
				return failed
			}
			if read == m.count {
				if !m.mark() {
					return failed
				}
				read = 0
			}
			pos = m.end(read) + 1
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
			if read == m.count {
				if !m.mark() {
					return failed
				}
				read = 0
			}
			pos = m.end(read) + 1
			read++
		case '{', '[':
			if depth++; depth > MaxDepth {
				return failed
			}
			m.open(depth, c == '{')
			closing = c + 2
			if pos++; document[pos] <= ' ' {
				pos = m.skipSpace(pos)
			}
			if document[pos] != closing {
				continue
			}
		default:
			if pos = scalarEnd(document, pos); pos == failed {
				return failed
			}
		}
		for {
			if document[pos] <= ' ' {
				pos = m.skipSpace(pos)
			}
			if document[pos] == ',' {
				break
			}
			if document[pos] != closing {
				return failed
			}
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
		}
		if pos++; document[pos] <= ' ' {
			pos = m.skipSpace(pos)
		}
	}
}
