package load

import (
	"encoding/binary"

	protocol "github.com/elastic/go-lumber/protocol/v2"

	"github.com/logboom/logboom/internal/bench/events"
)

const (
	headSize      = 6  // of a frame with one number
	eventHeadSize = 10 // of the frame of an event
)

// window is a window ready to be sent, in a copy that is stamped.
type window struct {
	events   int
	inflated int // bytes of the frames of its events
	wire     []byte
	// fields are what is stamped in wire: at one place each in a compressed window, in all events of another one. There are
	// none where a stamp would not do, and then everything stays what it was when the pool was made.
	fields []field
	adler  *checksum // of a compressed window
}

// appendTo appends the window as it is sent with stamps, and returns the longer slice.
func (w *window) appendTo(dst []byte, stamps *values) []byte {
	begin := len(dst)
	dst = append(dst, w.wire...)
	own := dst[begin:]
	if w.adler != nil {
		binary.BigEndian.PutUint32(own[len(own)-adlerSize:], w.adler.changed(w, stamps))
	}
	for _, f := range w.fields {
		for _, at := range f.places {
			copy(own[at:][:f.size], stamps[f.kind])
		}
	}
	return dst
}

// plain is a window before it is compressed.
type plain struct {
	events int
	bytes  []byte // the frames
	fields []field
	first  int // where the second frame begins
}

// newPlain makes the frames of so many events.
func newPlain(generator *events.Generator, count int) *plain {
	p := &plain{events: count}
	places := [stampKinds][]int{}
	for i := range count {
		begin := len(p.bytes)
		p.bytes = append(p.bytes, protocol.CodeVersion, protocol.CodeJSONDataFrame)
		p.bytes = binary.BigEndian.AppendUint32(p.bytes, uint32(i+1))
		p.bytes = append(p.bytes, 0, 0, 0, 0)
		p.bytes = generator.Append(p.bytes)
		binary.BigEndian.PutUint32(p.bytes[begin+eventHeadSize-4:], uint32(len(p.bytes)-begin-eventHeadSize))
		for kind, at := range find(p.bytes[begin+eventHeadSize:], begin+eventHeadSize, generator.AgentID()) {
			if at >= 0 {
				places[kind] = append(places[kind], at)
			}
		}
		if i == 0 {
			p.first = len(p.bytes)
		}
	}
	for kind, size := range [stampKinds]int{timeDigits(count), offsetDigits, agentDigits} {
		if len(places[kind]) > 0 {
			p.fields = append(p.fields, field{kind, size, places[kind]})
		}
	}
	return p
}

// blank writes into all stamps what stands nowhere else, so that a compressor takes each for a copy of the one before, and
// nothing else for a copy of it. Before it, all stamps are what they were in events of their own.
func (p *plain) blank() {
	p.stamp(p.bytes, &values{
		[]byte("\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96"),
		[]byte("\xa0\xa1\xa2\xa3\xa4\xa5"), []byte("\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7"),
	})
}

// stamp writes stamps into all events of frames.
func (p *plain) stamp(frames []byte, stamps *values) {
	for _, f := range p.fields {
		for _, at := range f.places {
			copy(frames[at:][:f.size], stamps[f.kind])
		}
	}
}

// bare returns the window as it is sent without compression.
func (p *plain) bare() *window {
	w := &window{events: p.events, inflated: len(p.bytes)}
	w.wire = append(appendHead(nil, protocol.CodeWindowSize, p.events), p.bytes...)
	for _, f := range p.fields {
		moved := field{kind: f.kind, size: f.size}
		for _, at := range f.places {
			moved.places = append(moved.places, headSize+at)
		}
		w.fields = append(w.fields, moved)
	}
	return w
}

// appendHead appends a frame's head that has one number.
func appendHead(dst []byte, code byte, number int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, protocol.CodeVersion, code), uint32(number))
}
