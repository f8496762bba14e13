package inflate

import (
	"encoding/binary"
	"hash/adler32"
	"math/bits"
)

// writer makes streams that no compressor makes.
type writer struct {
	stream []byte
	bits   uint64
	count  uint
}

func newWriter() *writer { return &writer{stream: []byte{0x78, 0x9c}} }

// number writes bits from the lowest on, as all numbers are written.
func (w *writer) number(value uint64, count uint) *writer {
	for w.bits, w.count = w.bits|value<<w.count, w.count+count; w.count >= 8; w.bits, w.count = w.bits>>8, w.count-8 {
		w.stream = append(w.stream, byte(w.bits))
	}
	return w
}

// code writes bits from the highest on, as Huffman codes are written.
func (w *writer) code(value uint16, count uint) *writer {
	return w.number(uint64(bits.Reverse16(value)>>(16-count)), count)
}

// block begins a block.
func (w *writer) block(last bool, kind uint64) *writer {
	final := uint64(0)
	if last {
		final = 1
	}
	return w.number(final|kind<<1, 3)
}

// fixed writes a literal or length by its fixed code.
func (w *writer) fixed(symbol uint16) *writer {
	switch {
	case symbol < 144:
		return w.code(0x30+symbol, 8)
	case symbol < 256:
		return w.code(0x190+symbol-144, 9)
	case symbol < 280:
		return w.code(symbol-256, 7)
	}
	return w.code(0xc0+symbol-280, 8)
}

// counts writes how many codes a dynamic block has.
func (w *writer) counts(literals, distances, codeLengths int) *writer {
	return w.number(uint64(literals-257), 5).number(uint64(distances-1), 5).number(uint64(codeLengths-4), 4)
}

// dynamic begins a last, dynamic block with those code lengths. Each of them is written by a code of 4 bits.
func (w *writer) dynamic(literals, distances []uint8) *writer {
	w.block(true, blockDynamic).counts(len(literals), len(distances), codeLengthSymbols)
	for _, symbol := range codeLengthOrder {
		length := uint64(4)
		if symbol > longestCode {
			length = 0
		}
		w.number(length, 3)
	}
	for _, length := range append(append([]uint8{}, literals...), distances...) {
		w.code(uint16(length), 4)
	}
	return w
}

// align fills up the last byte.
func (w *writer) align() *writer { return w.number(0, (8-w.count)%8) }

// close ends the stream with the checksum of what it should contain.
func (w *writer) close(plain string) []byte {
	w.align()
	return binary.BigEndian.AppendUint32(w.stream, adler32.Checksum([]byte(plain)))
}

// lengths returns code lengths, all 0 except for those of some symbols.
func lengths(count int, some map[int]uint8) []uint8 {
	all := make([]uint8, count)
	for symbol, length := range some {
		all[symbol] = length
	}
	return all
}

// emptyBlock writes a dynamic block without data. Its codes are as long as codes can be without taking many bits.
func (w *writer) emptyBlock(last bool) *writer {
	w.block(last, blockDynamic).counts(257, 1, 18)
	for _, symbol := range codeLengthOrder[:18] {
		w.number(map[uint8]uint64{1: 2, 0: 2, 18: 1}[symbol], 3) // 18 is 0, 0 is 10, 1 is 11
	}
	w.code(0, 1).number(138-11, 7).code(0, 1).number(118-11, 7) // no literals
	return w.code(3, 2).code(2, 2).code(0, 1)                   // the end is 0, no distance; the end
}
