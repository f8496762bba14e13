package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// MaxRecordBytes is the size of the largest record. A record that is larger than a segment has a segment of its own.
const MaxRecordBytes = 128 << 20

const (
	frameHeaderBytes = 32
	frameAlignment   = 8
	recordMagic      = 0xc56572d7
	gapMagic         = 0xc56167d7
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frame is the header of a record or of a gap. See the package comment for its bytes.
type frame struct {
	gap        bool
	length     uint32
	payloadSum uint32
	sequence   uint64
	durable    uint64
}

// frameBytes returns what a frame with a payload of length bytes takes in a segment.
func frameBytes(length int) int64 {
	return frameHeaderBytes + (int64(length)+frameAlignment-1)&^(frameAlignment-1)
}

// size returns what the frame takes in its segment.
func (f frame) size() int64 { return frameBytes(int(f.length)) }

// saltSum returns the sum that all sums of a segment begin with.
func saltSum(salt uint32) uint32 {
	var bytes [4]byte
	binary.LittleEndian.PutUint32(bytes[:], salt)
	return crc32.Update(0, castagnoli, bytes[:])
}

// encode writes the header into the first 32 bytes of to. seed is the segment's saltSum.
func (f frame) encode(to []byte, seed uint32) {
	magic := uint32(recordMagic)
	if f.gap {
		magic = gapMagic
	}
	binary.LittleEndian.PutUint32(to, magic)
	binary.LittleEndian.PutUint32(to[8:], f.length)
	binary.LittleEndian.PutUint32(to[12:], f.payloadSum)
	binary.LittleEndian.PutUint64(to[16:], f.sequence)
	binary.LittleEndian.PutUint64(to[24:], f.durable)
	binary.LittleEndian.PutUint32(to[4:], crc32.Update(seed, castagnoli, to[8:frameHeaderBytes]))
}

// decodeFrame reads a header, and false where there is none or its sum is wrong.
func decodeFrame(from []byte, seed uint32) (frame, bool) {
	magic := binary.LittleEndian.Uint32(from)
	if magic != recordMagic && magic != gapMagic {
		return frame{}, false
	}
	if binary.LittleEndian.Uint32(from[4:]) != crc32.Update(seed, castagnoli, from[8:frameHeaderBytes]) {
		return frame{}, false
	}
	f := frame{
		gap:        magic == gapMagic,
		length:     binary.LittleEndian.Uint32(from[8:]),
		payloadSum: binary.LittleEndian.Uint32(from[12:]),
		sequence:   binary.LittleEndian.Uint64(from[16:]),
		durable:    binary.LittleEndian.Uint64(from[24:]),
	}
	return f, f.length <= MaxRecordBytes && f.sequence > f.durable && (!f.gap || f.length == 0)
}
