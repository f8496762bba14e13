package event

// scanner is one pass over one document. Its methods take the position to read from and return the one behind what
// they read, or failed, after which failedAt and reason say why. It lives on the stack of Scan.
type scanner struct {
	document []byte
	values   []Value
	failedAt int
	reason   string
	objects  [MaxDepth/64 + 1]uint64 // bit set of the depths at which an object, not an array, is open
}

// failed is returned in place of a position.
const failed = -1

func (s *scanner) fail(pos int, reason string) int {
	if pos >= len(s.document) {
		pos, reason = len(s.document), reasonEnd
	}
	s.failedAt, s.reason = pos, reason
	return failed
}

// at returns the byte at a position, or NUL, which begins nothing in JSON, behind the end.
func (s *scanner) at(pos int) byte {
	if pos < len(s.document) {
		return s.document[pos]
	}
	return 0
}

// space returns the position of the first byte that is not white space. Beats write none.
func (s *scanner) space(pos int) int {
	if s.at(pos) > ' ' {
		return pos
	}
	return s.skipSpace(pos)
}

func (s *scanner) skipSpace(pos int) int {
	for pos < len(s.document) && isSpace(s.document[pos]) {
		pos++
	}
	return pos
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// run reads the whole document and says whether it is an event.
func (s *scanner) run(root *node) bool {
	pos := s.space(0)
	if s.at(pos) != '{' {
		s.fail(pos, reasonNotObject)
		return false
	}
	if pos = s.object(pos+1, root, 0, 1); pos == failed {
		return false
	}
	if pos = s.space(pos); pos < len(s.document) {
		s.fail(pos, reasonTrailing)
		return false
	}
	return true
}

// object reads an object in which selected paths go on, from behind its brace. The route has the bits of the nodes
// at which the keys around this object ended.
func (s *scanner) object(pos int, at *node, route uint32, depth int) int {
	if pos = s.space(pos); s.at(pos) == '}' {
		return pos + 1
	}
	for {
		var next *node
		if next, pos = s.followKey(pos, at); pos == failed {
			return failed
		}
		if next == nil {
			pos = s.skip(pos, depth)
		} else {
			pos = s.field(pos, next, route|next.routeBit, depth)
		}
		if pos == failed {
			return failed
		}
		switch pos = s.space(pos); s.at(pos) {
		case ',':
			pos = s.space(pos + 1)
		case '}':
			return pos + 1
		default:
			return s.fail(pos, reasonMember)
		}
	}
}

// followKey reads a key and its colon and returns the node that the key leads to, or nil.
func (s *scanner) followKey(pos int, from *node) (*node, int) {
	if s.at(pos) != '"' {
		return nil, s.fail(pos, reasonKey)
	}
	start := pos + 1
	end := s.plain(start)
	if s.at(end) == '"' {
		next := from.find(s.document[start:end])
		return next, s.colon(end + 1)
	}
	if pos = s.text(end); pos == failed {
		return nil, failed
	}
	next := from.followEscaped(s.document[start : pos-1])
	return next, s.colon(pos)
}

// field reads the value of a key that leads to a node: it is selected, or values inside it are.
func (s *scanner) field(pos int, at *node, route uint32, depth int) int {
	start := pos
	if len(at.edges) > 0 {
		s.forget(at, route)
	}
	if len(at.edges) > 0 && s.at(pos) == '{' {
		pos = s.object(pos+1, at, route, depth+1)
	} else {
		pos = s.skip(pos, depth)
	}
	if pos != failed && at.index != notSelected {
		s.values[at.index] = Value{raw: s.document[start:pos:pos], route: route, kind: kindOf(s.document[start])}
	}
	return pos
}

// forget drops what an earlier key of the same name in the same object had given. What came by another route, nested
// in place of dotted, is another key's and stays.
func (s *scanner) forget(at *node, route uint32) {
	for _, index := range at.below {
		if v := &s.values[index]; v.kind != Missing && v.route&at.routeMask == route {
			*v = Value{}
		}
	}
}
