package event

import (
	"encoding/binary"
	"math/bits"
)

// scalarEnd returns where the number, true, false or null ends that begins at a position, or failed. The document must
// not end with it.
func scalarEnd(document []byte, pos int) int {
	switch c := document[pos]; c {
	case 't':
		return wordEnd(document, pos, "true")
	case 'f':
		return wordEnd(document, pos, "false")
	case 'n':
		return wordEnd(document, pos, "null")
	case '-':
		return numberEnd(document, pos+1)
	default:
		return numberEnd(document, pos)
	}
}

func wordEnd(document []byte, pos int, word string) int {
	if len(document)-pos < len(word) || string(document[pos:pos+len(word)]) != word {
		return failed
	}
	return pos + len(word)
}

// numberEnd is scanner.number without the sign.
func numberEnd(document []byte, pos int) int {
	first, start := document[pos], pos
	if pos = digitsEnd(document, pos); pos == start || first == '0' && pos > start+1 {
		return failed
	}
	if document[pos] == '.' {
		start = pos + 1
		if pos = digitsEnd(document, start); pos == start {
			return failed
		}
	}
	if document[pos]|0x20 != 'e' {
		return pos
	}
	if pos++; document[pos] == '+' || document[pos] == '-' {
		pos++
	}
	start = pos
	if pos = digitsEnd(document, start); pos == start {
		return failed
	}
	return pos
}

// digitsEnd returns the position of the first byte that is not a digit. There must be one.
func digitsEnd(document []byte, pos int) int {
	for pos+8 <= len(document) {
		eight := document[pos : pos+8 : pos+8]
		word := binary.LittleEndian.Uint64(eight) ^ '0'*eachByte // digits are below 10 now, and nothing else is
		if found := ((word + (0x80-10)*eachByte) | word) & highBits; found != 0 {
			return pos + bits.TrailingZeros64(found)>>3 // what is carried over comes from a byte that was found, too
		}
		pos += 8
	}
	for document[pos]-'0' <= 9 {
		pos++
	}
	return pos
}
