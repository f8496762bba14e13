package event

// skip reads a value in which nothing is selected, and checks it all the same. It does not recurse: what is open is a
// bit for each depth.
func (s *scanner) skip(pos, depth int) int {
	outer := depth
	for {
		switch c := s.at(pos); c {
		case '"':
			pos = s.text(pos + 1)
		case '{', '[':
			if depth++; depth > MaxDepth {
				return s.fail(pos, reasonDeep)
			}
			s.open(depth, c == '{')
			pos = s.space(pos + 1)
			if s.at(pos) != c+2 { // in ASCII each closing bracket stands two behind its opening one
				if pos = s.member(pos, depth); pos == failed {
					return failed
				}
				continue
			}
		default:
			pos = s.scalar(pos, c)
		}
		if pos == failed || depth == outer {
			return pos
		}
		if pos, depth = s.closeAll(pos, depth, outer); pos == failed || depth == outer {
			return pos
		}
	}
}

// closeAll reads from behind a value: the brackets that close here, up to the depth outer, and the comma that leads to
// the next value.
func (s *scanner) closeAll(pos, depth, outer int) (int, int) {
	for depth > outer {
		pos = s.space(pos)
		switch c := s.at(pos); {
		case c == ',':
			return s.member(s.space(pos+1), depth), depth
		case c == '}' && s.inObject(depth), c == ']' && !s.inObject(depth):
			pos++
			depth--
		case s.inObject(depth):
			return s.fail(pos, reasonMember), depth
		default:
			return s.fail(pos, reasonElement), depth
		}
	}
	return pos, depth
}

// open notes what kind of bracket is open at a depth.
func (s *scanner) open(depth int, object bool) {
	word, bit := uint(depth)/64, uint64(1)<<(uint(depth)%64)
	if object {
		s.objects[word] |= bit
	} else {
		s.objects[word] &^= bit
	}
}

func (s *scanner) inObject(depth int) bool {
	return s.objects[uint(depth)/64]&(1<<(uint(depth)%64)) != 0
}

// member returns where the next value at this depth begins: behind its key if an object is open.
func (s *scanner) member(pos, depth int) int {
	if !s.inObject(depth) {
		return pos
	}
	if s.at(pos) != '"' {
		return s.fail(pos, reasonKey)
	}
	if pos = s.text(pos + 1); pos == failed {
		return failed
	}
	return s.colon(pos)
}

// colon reads the colon behind a key and returns where the value begins.
func (s *scanner) colon(pos int) int {
	if pos = s.space(pos); s.at(pos) != ':' {
		return s.fail(pos, reasonColon)
	}
	return s.space(pos + 1)
}

// scalar reads a number, true, false or null, which begins with the byte c.
func (s *scanner) scalar(pos int, c byte) int {
	switch c {
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.number(pos)
	case 't':
		return s.literal(pos, "true")
	case 'f':
		return s.literal(pos, "false")
	case 'n':
		return s.literal(pos, "null")
	default:
		return s.fail(pos, reasonValue)
	}
}

func (s *scanner) literal(pos int, word string) int {
	for i := range len(word) {
		if s.at(pos+i) != word[i] {
			return s.fail(pos+i, reasonLiteral)
		}
	}
	return pos + len(word)
}

// number reads a number as RFC 8259, section 6, writes it.
func (s *scanner) number(pos int) int {
	if s.at(pos) == '-' {
		pos++
	}
	if s.at(pos) == '0' {
		pos++
	} else if pos = s.digits(pos); pos == failed {
		return failed
	}
	if s.at(pos) == '.' {
		if pos = s.digits(pos + 1); pos == failed {
			return failed
		}
	}
	if c := s.at(pos); c != 'e' && c != 'E' {
		return pos
	}
	pos++
	if c := s.at(pos); c == '+' || c == '-' {
		pos++
	}
	return s.digits(pos)
}

// digits reads one digit or more.
func (s *scanner) digits(pos int) int {
	start := pos
	for s.at(pos)-'0' <= 9 {
		pos++
	}
	if pos == start {
		return s.fail(pos, reasonNumber)
	}
	return pos
}
