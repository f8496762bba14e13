package shipper

import (
	"encoding/binary"
	"fmt"

	protocol "github.com/elastic/go-lumber/protocol/v2"
	"github.com/klauspost/compress/zlib"
)

// encoder makes windows ready for the wire: a window frame, and the events in one compressed frame or, at level 0, bare.
type encoder struct {
	compressor *zlib.Writer // nil for level 0
	target     appender
}

// appender is an io.Writer that appends to a slice.
type appender struct{ bytes []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.bytes = append(a.bytes, p...)
	return len(p), nil
}

// newEncoder returns an encoder for a zlib level.
func newEncoder(level int) (*encoder, error) {
	e := new(encoder)
	if level == 0 {
		return e, nil
	}
	compressor, err := zlib.NewWriterLevel(&e.target, level)
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	e.compressor = compressor
	return e, nil
}

// encode sets the window's wire, unless it was encoded before.
func (e *encoder) encode(w *window) error {
	if w.wire != nil {
		return nil
	}
	putHead(w.plain, protocol.CodeWindowSize, w.count)
	if e.compressor == nil {
		w.wire = w.plain
		return nil
	}
	e.target.bytes = append(w.buffer, w.plain[:headSize]...)
	e.target.bytes = append(e.target.bytes, make([]byte, headSize)...)
	e.compressor.Reset(&e.target)
	if _, err := e.compressor.Write(w.plain[headSize:]); err != nil {
		return fmt.Errorf("compress window: %w", err)
	}
	if err := e.compressor.Close(); err != nil {
		return fmt.Errorf("compress window: %w", err)
	}
	w.buffer = e.target.bytes
	putHead(w.buffer[headSize:], protocol.CodeCompressed, len(w.buffer)-2*headSize)
	w.wire = w.buffer
	return nil
}

// putHead writes the head of a frame that has one number.
func putHead(frame []byte, code byte, number int) {
	frame[0], frame[1] = protocol.CodeVersion, code
	binary.BigEndian.PutUint32(frame[2:], uint32(number))
}
