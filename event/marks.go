package event

import "math/bits"

const (
	// blockLength is how many bytes are looked at together.
	blockLength = 64
	// maxBlocks is how many blocks are marked at a time: all of nearly every event.
	maxBlocks = 64
	// maxEnds is how many ends of strings may be known for another block to be marked, which can have half as many as bytes.
	maxEnds = 1<<8 - 1 - blockLength/2
)

// escapeIn is set in the end of a string that has an escape.
const escapeIn = 1 << 31

// marks are where strings end in the part of a document that begins at base.
type marks struct {
	// ends are the closing quotes. So many can be told by a byte, and then no place in it has to be compared with its length.
	ends    [1 << 8]uint32
	escapes [maxBlocks]uint64 // for each block, the bits of the backslashes that begin an escape
	count   int               // of ends
	base    int
	marked  int // where the part ends

	// What a block hands on to the next one.
	escaped  uint64 // 1 if its first byte is escaped
	inside   uint64 // the assembly's: all ones if it begins inside a string
	carrying uint64 // the assembly's: all ones if that string has an escape already

	// What has been seen in any block up to here; 0 is nothing.
	bad uint64 // control characters in strings, and escapes that JSON does not have
	odd uint64 // escapes with a slash, and with a u: those go on with four digits, which are still to be checked
	// wide is not 0 if there was a byte beyond ASCII, in a string or elsewhere.
	wide uint64
}

// begin forgets what was marked of another document.
func (m *marks) begin() {
	m.count, m.base, m.marked = 0, 0, 0
	m.escaped, m.inside, m.carrying, m.bad, m.odd, m.wide = 0, 0, 0, 0, 0, 0
}

// mark goes on to the next part of the document in which strings end. It returns false at the end of the document and
// where a string is not well-formed.
func (m *markedScanner) mark() bool {
	for m.marked < len(m.document) {
		m.markPart()
		if m.bad != 0 || m.odd|m.escaped != 0 && !m.checkUnicode() {
			return false
		}
		m.plain = m.plain && m.odd == 0
		if m.count > 0 {
			return true
		}
	}
	return false
}

func (m *markedScanner) markPart() {
	m.base, m.count, m.odd = m.marked, 0, 0
	rest, done := m.document[m.base:], 0
	if whole := min(len(rest)/blockLength, maxBlocks); whole > 0 {
		done = markStrings(&rest[0], whole, &m.marks, 0)
		rest = rest[done*blockLength:]
	}
	m.marked += done * blockLength
	if 0 < len(rest) && len(rest) < blockLength && done < maxBlocks && m.count <= maxEnds {
		last := [blockLength]byte{} // with control characters at its end, which only matter if a string goes on into them
		copy(last[:], rest)
		markStrings(&last[0], 1, &m.marks, done)
		m.marked = len(m.document)
	}
}

// checkUnicode says whether four hexadecimal digits follow each \u of which the backslash is in the marked part.
func (m *markedScanner) checkUnicode() bool {
	for block := range (m.marked - m.base + blockLength - 1) / blockLength {
		for escapes := m.escapes[block]; escapes != 0; escapes &= escapes - 1 {
			pos := m.base + block*blockLength + bits.TrailingZeros64(escapes)
			if m.at(pos+1) != 'u' {
				continue
			}
			if hexDigit(m.at(pos+2))|hexDigit(m.at(pos+3))|hexDigit(m.at(pos+4))|hexDigit(m.at(pos+5)) < 0 {
				return false
			}
		}
	}
	return true
}
