package inflate

import (
	"fmt"
	"io"
)

// MaxDistance is how far back in its output, in bytes, a stream can refer.
const MaxDistance = 32 << 10

// checkedAtOnce is after how many bytes the checksum goes over them, while they are in the processor's nearest cache.
const checkedAtOnce = 16 << 10

// Decoder inflates one zlib stream after another. It is not safe for concurrent use. The zero value is ready for Reset.
// Its size is fixed, and it refers to nothing but the stream.
type Decoder struct {
	input
	phase    phase
	final    bool  // the block is the last one
	err      error // what ended the stream; it stays
	checksum adler
	total    int64 // bytes inflated

	stored int   // bytes that are left of the stored block
	match  match // that did not fit

	codes codes
}

// phase is what comes next in a stream.
type phase uint8

const (
	phaseNone phase = iota // before Reset
	phaseBlock
	phaseStored
	phaseCoded
	phaseTrailer
	phaseEnd
)

// Reset begins a zlib stream. The stream is given whole. It is read, never written, and must stay as it is until the
// last Decode. Bytes behind its end are ignored, as Logstash and go-lumber do.
//
// It fails with ErrTruncated or ErrHeader where there is no zlib header, and with ErrDictionary where the header asks
// for a preset dictionary. (compress/zlib takes a stream that was made with an empty one. No shipper makes such.)
func (d *Decoder) Reset(stream []byte) error {
	d.input = input{stream: stream}
	d.phase, d.final, d.err = phaseBlock, false, nil
	d.checksum, d.total = newAdler, 0
	d.stored, d.match = 0, match{}
	if err := d.header(); err != nil {
		d.fail(err)
		return d.err
	}
	return nil
}

// Forget lets go of the stream. The Decoder is then as one that was never reset, and Decode fails.
func (d *Decoder) Forget() {
	d.input = input{}
	d.phase, d.err = phaseNone, nil
}

// Decode inflates into dst[from:] and returns the position behind the last byte that it wrote. It returns
//   - nil when dst is full and more is to come: to is len(dst). Call again with more room.
//   - io.EOF at the end of the stream, after its checksum was found right. There may be output before it.
//   - an error that wraps ErrCorrupt, ErrTruncated or ErrChecksum, with the offset in the stream. What was inflated before
//     it stands in dst[from:to]. The error stays until Reset.
//
// dst[:from] must end with what was inflated before: all of it, or at least the last MaxDistance bytes, since the stream
// may refer to them. A reference to what dst lacks is ErrCorrupt. What lies before may be anything, and dst may be
// another slice each time. Behind to, Decode may leave anything in dst; behind len(dst) it writes nothing.
//
// The end of a stream needs no room: if dst is just large enough for all, the same Decode returns io.EOF.
func (d *Decoder) Decode(dst []byte, from int) (to int, err error) {
	if from < 0 || from > len(dst) {
		return from, fmt.Errorf("inflate: position %d in a buffer of %d bytes", from, len(dst))
	}
	dst = dst[:len(dst):len(dst)]
	out := from
	for d.err == nil {
		limit := min(len(dst), out+checkedAtOnce)
		to, full := d.advance(dst, out, limit)
		d.checksum = d.checksum.update(dst[out:to])
		d.total += int64(to - out)
		out = to
		switch {
		case full:
			return out, nil
		case d.phase == phaseTrailer:
			d.trailer()
		}
	}
	return out, d.err
}

// advance inflates up to about limit, which is a position in dst, or up to the end of a block. It returns the position
// behind what it wrote. It says full if what comes next needs more room than dst has.
func (d *Decoder) advance(dst []byte, out, limit int) (to int, full bool) {
	switch d.phase {
	case phaseBlock:
		if err := d.block(); err != nil {
			d.fail(err)
		}
	case phaseStored:
		to = d.copyStored(dst[:limit], out)
		return to, to == len(dst) && d.phase == phaseStored
	case phaseCoded:
		return d.decodeSymbols(dst, out, limit)
	case phaseNone:
		d.err = errNotReset
	}
	return out, false
}

// endBlock goes on behind a block.
func (d *Decoder) endBlock() {
	d.phase = phaseBlock
	if d.final {
		d.phase = phaseTrailer
	}
}

// header reads the header of RFC 1950, section 2.2.
func (d *Decoder) header() error {
	const (
		deflate        = 8
		largestWindow  = 7
		dictionaryFlag = 0x20
	)
	if len(d.stream) < 2 {
		d.next = len(d.stream)
		return ErrTruncated
	}
	method, flags := d.stream[0], d.stream[1]
	switch {
	case method&0xf != deflate, method>>4 > largestWindow, (uint(method)<<8|uint(flags))%31 != 0:
		return fmt.Errorf("%w 0x%02x%02x", ErrHeader, method, flags)
	case flags&dictionaryFlag != 0:
		return ErrDictionary
	}
	d.next = 2
	return nil
}

// trailer reads the checksum.
func (d *Decoder) trailer() {
	d.align()
	if len(d.stream)-d.next < 4 {
		d.next = len(d.stream)
		d.fail(ErrTruncated)
		return
	}
	t := d.stream[d.next : d.next+4]
	want := adler(t[0])<<24 | adler(t[1])<<16 | adler(t[2])<<8 | adler(t[3])
	if want != d.checksum {
		d.fail(fmt.Errorf("%w: %08x instead of %08x", ErrChecksum, uint32(d.checksum), uint32(want)))
		return
	}
	d.phase, d.err = phaseEnd, io.EOF
}

// fail ends the stream with an error.
func (d *Decoder) fail(err error) {
	d.phase, d.err = phaseEnd, fmt.Errorf("%w, at offset %d of %d", err, d.offset(), len(d.stream))
}
