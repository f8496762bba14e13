package rules

import "encoding/binary"

// headSize is how many bytes of a string are compared at once.
const headSize = 8

// head is the beginning of a constant as it stands in a document: a word as of headOf, and the bits of it that count.
type head struct{ word, mask uint64 }

func newHead(text []byte) head {
	mask := ^uint64(0)
	if len(text) < headSize {
		mask = 1<<(8*len(text)) - 1
	}
	return head{headOf(text), mask}
}

// headOf returns the first eight bytes of a text as a number, and zeros for those that it does not have.
func headOf(text []byte) uint64 {
	length := len(text)
	switch {
	case length >= headSize:
		return binary.LittleEndian.Uint64(text)
	case length >= 4:
		first, last := binary.LittleEndian.Uint32(text), binary.LittleEndian.Uint32(text[length-4:])
		return uint64(first) | uint64(last)<<(8*(length-4))
	case length >= 2:
		first, last := binary.LittleEndian.Uint16(text), binary.LittleEndian.Uint16(text[length-2:])
		return uint64(first) | uint64(last)<<(8*(length-2))
	case length == 1:
		return uint64(text[0])
	}
	return 0
}

// wholeNumber returns the value of an integer of up to 16 digits without a sign, which is what nearly all numbers in logs are,
// eight digits at a time. It returns false for any other number, whole or not.
func wholeNumber(raw []byte) (int64, bool) {
	length := len(raw)
	if length <= headSize {
		return digits(headOf(raw), length)
	}
	if length > 2*headSize {
		return 0, false
	}
	front, ok := digits(headOf(raw), length-headSize)
	if !ok {
		return 0, false
	}
	back, ok := digits(headOf(raw[length-headSize:]), headSize)
	return front*1e8 + back, ok
}

// digits returns the number that so many digits at the front of a text write, given its head; false if one of them is no digit.
func digits(head uint64, count int) (int64, bool) {
	const zeros = '0' * eachByte
	// In front of the number others are put, of zeros, until there are eight digits.
	word := head<<(8*(headSize-count)) ^ zeros<<(8*(headSize-count))
	if (word|(word+6*eachByte))&(0xf0*eachByte) != 0 {
		return 0, false
	}
	// Neighbours are put together, the first digit being in the lowest byte: digits to pairs, pairs to fours, fours to eight.
	word = word * (10<<8 + 1) >> 8 & 0x00ff00ff00ff00ff
	word = word * (100<<16 + 1) >> 16 & 0x0000ffff0000ffff
	return int64(word * (10_000<<32 + 1) >> 32), true
}
