package inflate

import "encoding/binary"

// adler is an Adler-32 checksum (RFC 1950, section 9): in the low half the sum of all bytes and 1, in the high half the
// sum of those sums, both modulo adlerModulus.
type adler uint32

// newAdler is the checksum of nothing.
const newAdler adler = 1

const (
	adlerModulus = 65521
	// adlerBlock is the least that is summed at once.
	adlerBlock = 32
	// adlerDeferred is how many bytes are summed before the modulus is taken: as many blocks as fit in the 5552 bytes after
	// which the sum of sums can exceed 32 bits.
	adlerDeferred = 5552 / adlerBlock * adlerBlock
)

// update returns the checksum of what a is the checksum of, followed by p.
func (a adler) update(p []byte) adler {
	sum, sums := uint32(a&0xffff), uint32(a>>16)
	for len(p) >= adlerBlock {
		size := min(len(p)/adlerBlock*adlerBlock, adlerDeferred)
		sum, sums = sumBlocks(sum, sums, p[:size])
		sum %= adlerModulus
		sums %= adlerModulus
		p = p[size:]
	}
	for _, b := range p {
		sum += uint32(b)
		sums += sum
	}
	return adler(sums%adlerModulus<<16 | sum%adlerModulus)
}

// Of sumWords, which keeps eight sums in the 16-bit lanes of two words: those of the bytes at even and at odd places.
const (
	sumWordsAtOnce = 16 // the largest sum of sums in a lane is then 255*(1+2+...+16)
	evenBytes      = 0x00ff00ff00ff00ff
	evenLanes      = 0x0000ffff0000ffff
	// Multiplied with these, the highest lane becomes the sum of all lanes times the place of each in its eight bytes.
	evenPlaces = 0x0000_0002_0004_0006
	oddPlaces  = 0x0001_0003_0005_0007
)

// sumWords adds p, whose length is a multiple of 8 and at most adlerDeferred, to both sums. It is for processors that
// have no better way.
//
// Of n bytes, the one at i is in n-i of the sums. With w words of 8, this is 8 times the words from its own on, less its
// place in the word.
func sumWords(sum, sums uint32, p []byte) (uint32, uint32) {
	for len(p) >= 8 {
		block := p[:min(len(p), 8*sumWordsAtOnce)]
		p = p[len(block):]
		sums += sum * uint32(len(block))
		var even, odd, evens, odds uint64
		for ; len(block) >= 8; block = block[8:] {
			word := binary.LittleEndian.Uint64(block)
			even += word & evenBytes
			odd += word >> 8 & evenBytes
			evens += even
			odds += odd
		}
		sum += uint32(sumLanes(even) + sumLanes(odd))
		sums += uint32(8 * (sumLanes(evens) + sumLanes(odds)))
		sums -= uint32(even*evenPlaces>>48 + odd*oddPlaces>>48)
	}
	return sum, sums
}

// sumLanes returns the sum of the four 16-bit lanes.
func sumLanes(lanes uint64) uint64 {
	pairs := lanes&evenLanes + lanes>>16&evenLanes
	return pairs&0xffffffff + pairs>>32
}
