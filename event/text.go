package event

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// Eight equal bytes, for looking at eight bytes of a string at a time.
const (
	eachByte  = 0x0101010101010101
	highBits  = 0x80 * eachByte
	flipQuote = 0x02 * eachByte // makes '"' a space, and leaves control characters control characters
	upToSpace = 0x21 * eachByte // all below this is a control character or, after flipQuote, a quote
	backslash = '\\' * eachByte
)

// special returns a word whose lowest set bit is in the first of eight bytes that is a quote, a backslash or a control
// character, and 0 if there is none. Bits above the lowest one mean nothing, because of the borrow of a subtraction.
func special(word uint64) uint64 {
	quoteOrControl := (word ^ flipQuote) - upToSpace
	escape := (word ^ backslash) - eachByte
	return (quoteOrControl | escape) &^ word & highBits
}

// plain returns the position of the first byte from here on that is a quote, a backslash or a control character, or
// the end of the document.
func (s *scanner) plain(pos int) int {
	document := s.document
	for pos+8 <= len(document) {
		// The third index spares the compiler a correction of the pointer, which is a tenth of the time of Scan.
		eight := document[pos : pos+8 : pos+8]
		if found := special(binary.LittleEndian.Uint64(eight)); found != 0 {
			return pos + bits.TrailingZeros64(found)>>3
		}
		pos += 8
	}
	for pos < len(document) && document[pos] >= ' ' && document[pos] != '"' && document[pos] != '\\' {
		pos++
	}
	return pos
}

// text reads the rest of a string up to and including its closing quote.
func (s *scanner) text(pos int) int {
	for {
		pos = s.plain(pos)
		switch s.at(pos) {
		case '"':
			return pos + 1
		case '\\':
			if pos = s.escape(pos); pos == failed {
				return failed
			}
		default:
			return s.fail(pos, reasonControl)
		}
	}
}

// escape reads a backslash and what belongs to it.
func (s *scanner) escape(pos int) int {
	switch s.at(pos + 1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return pos + 2
	case 'u':
		for i := pos + 2; i < pos+6; i++ {
			if hexDigit(s.at(i)) < 0 {
				return s.fail(i, reasonHex)
			}
		}
		return pos + 6
	default:
		return s.fail(pos+1, reasonEscape)
	}
}

// hexDigit returns what a hexadecimal digit is worth, or a number below 0 if it is none.
func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	default:
		return -1
	}
}

// nextRune reads one character of the inside of a valid string and returns it with the number of bytes that it took.
// Like encoding/json it gives U+FFFD for half of a surrogate pair and for each byte that is not UTF-8.
func nextRune(inside []byte) (rune, int) {
	if inside[0] < utf8.RuneSelf && inside[0] != '\\' {
		return rune(inside[0]), 1
	}
	if inside[0] != '\\' {
		return utf8.DecodeRune(inside)
	}
	switch c := inside[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return nextUnit(inside)
	default:
		return rune(c), 2
	}
}

// nextUnit reads \uXXXX, and the one after it if the two are a surrogate pair.
func nextUnit(inside []byte) (rune, int) {
	first := codeUnit(inside)
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if len(inside) >= 12 && inside[6] == '\\' && inside[7] == 'u' {
		if pair := utf16.DecodeRune(first, codeUnit(inside[6:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// codeUnit returns the number in the \uXXXX at the start.
func codeUnit(escape []byte) rune {
	unit := rune(0)
	for _, digit := range escape[2:6] {
		unit = unit<<4 | hexDigit(digit)
	}
	return unit
}

// appendUnescaped appends what the inside of a valid string says.
func appendUnescaped(dst, inside []byte) []byte {
	for len(inside) > 0 {
		length := asIs(inside)
		dst = append(dst, inside[:length]...)
		if inside = inside[length:]; len(inside) > 0 {
			char, size := nextRune(inside)
			dst = utf8.AppendRune(dst, char)
			inside = inside[size:]
		}
	}
	return dst
}

// asIs returns how many bytes at the start of the inside of a string are ASCII and no escape.
func asIs(inside []byte) int {
	length := 0
	for length+8 <= len(inside) {
		word := binary.LittleEndian.Uint64(inside[length:])
		if ((word^backslash)-eachByte|word)&highBits != 0 {
			break
		}
		length += 8
	}
	for length < len(inside) && inside[length] < utf8.RuneSelf && inside[length] != '\\' {
		length++
	}
	return length
}

// unescapesTo tells whether the inside of a valid string says just this text, which must be valid UTF-8.
func unescapesTo(inside []byte, text string) bool {
	for _, want := range text {
		if len(inside) == 0 {
			return false
		}
		char, size := nextRune(inside)
		if char != want {
			return false
		}
		inside = inside[size:]
	}
	return len(inside) == 0
}
