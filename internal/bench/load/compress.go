package load

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"

	protocol "github.com/elastic/go-lumber/protocol/v2"
)

// mostStored is how large the first event of a window may be so that others can refer to it as a whole.
const mostStored = 16 << 10

// compressed returns the window as it is sent with zlib: with its first event stored, so that its stamps can be changed, and the
// others referring to it; or without fields where the caller has taken them away.
func (p *plain) compressed(level int) (*window, error) {
	w := &window{events: p.events, inflated: len(p.bytes)}
	out := bytes.NewBuffer(appendHead(appendHead(nil, protocol.CodeWindowSize, p.events), protocol.CodeCompressed, 0))
	out.Write([]byte{0x78, 0x5e}) // RFC 1950: deflate, 32 KiB, fast
	stored := 0
	if len(p.fields) > 0 {
		stored = p.first
		p.store(out)
	}
	if err := p.deflate(out, stored, level); err != nil {
		return nil, fmt.Errorf("compress window: %w", err)
	}
	sum := adler32.Checksum(p.bytes)
	w.wire = binary.BigEndian.AppendUint32(out.Bytes(), sum)
	binary.BigEndian.PutUint32(w.wire[2*headSize-4:], uint32(len(w.wire)-2*headSize))
	for _, f := range p.fields {
		w.fields = append(w.fields, field{f.kind, f.size, []int{2*headSize + 2 + storedHeadSize + f.places[0]}})
	}
	w.adler = newChecksum(sum, len(p.bytes), p.fields)
	return w, nil
}

const storedHeadSize = 5

// store writes the first event as a block that is not compressed (RFC 1951, 3.2.4).
func (p *plain) store(out *bytes.Buffer) {
	size := uint16(p.first)
	out.Write([]byte{0, byte(size), byte(size >> 8), byte(^size), byte(^size >> 8)})
	out.Write(p.bytes[:p.first])
}

// deflate writes the rest, which may refer to what was stored. It is the standard library's work, as in Filebeat.
func (p *plain) deflate(out *bytes.Buffer, stored, level int) error {
	var stream bytes.Buffer
	compressor, err := flate.NewWriterDict(&stream, level, p.bytes[:stored])
	if err != nil {
		return err
	}
	if _, err := compressor.Write(p.bytes[stored:]); err != nil {
		return err
	}
	if err := compressor.Close(); err != nil {
		return err
	}
	if repaired, ok := repair(stream.Bytes(), p.bytes, p.fields, stored); ok {
		out.Write(repaired)
		return nil
	}
	out.Write(stream.Bytes())
	return nil
}

// canBeStamped says whether stamps come out in all events, and everything else as it was.
func (w *window) canBeStamped(p *plain) bool {
	stamps := &values{[]byte("1987-06-15T18:42:39.765"), []byte("918273"), []byte("c0ffee42")}
	wire := w.appendTo(nil, stamps)
	reader, err := zlib.NewReader(bytes.NewReader(wire[2*headSize:]))
	if err != nil {
		return false
	}
	got, err := io.ReadAll(reader) // which compares the checksum, too
	if err != nil || len(got) != len(p.bytes) {
		return false
	}
	want := bytes.Clone(p.bytes)
	p.stamp(want, stamps)
	return bytes.Equal(got, want)
}
