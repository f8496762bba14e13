package lumberjack

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
)

// inflaterCost is what the state of a decompressor counts for in the budget: its window, tables and some room.
const inflaterCost = 64 << 10

// inflater decompresses one zlib stream after another. This file alone knows which implementation does it.
type inflater struct {
	compressed bytes.Reader
	stream     io.ReadCloser // nil before the first stream
}

// reset begins a stream. The bytes must stay until the last Read. Bytes behind the end of the stream are ignored, as
// Logstash and go-lumber do.
func (i *inflater) reset(compressed []byte) error {
	i.compressed.Reset(compressed)
	if err := i.begin(); err != nil {
		return fmt.Errorf("%w: begin zlib stream: %w", ErrDecompression, err)
	}
	return nil
}

func (i *inflater) begin() (err error) {
	if resetter, ok := i.stream.(zlib.Resetter); ok {
		return resetter.Reset(&i.compressed, nil)
	}
	i.stream, err = zlib.NewReader(&i.compressed)
	return err
}

// read inflates into p and returns how much. It returns io.EOF at the end, after the checksum was found right.
func (i *inflater) read(p []byte) (int, error) {
	for {
		read, err := i.stream.Read(p)
		switch {
		case read > 0:
			return read, nil
		case errors.Is(err, io.EOF):
			return 0, io.EOF
		case err != nil:
			return 0, fmt.Errorf("%w: %w", ErrDecompression, err)
		}
	}
}

// forget lets go of the compressed bytes.
func (i *inflater) forget() { i.compressed.Reset(nil) }
