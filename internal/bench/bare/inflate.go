package bare

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/logboom/logboom/lumberjack/inflate"
)

// firstRoom is how large the first buffer for inflated bytes is: of a window as Filebeat sends it by default.
const firstRoom = 4 << 20

// Inflaters are those that the yardstick can be had with, by name.
var Inflaters = map[string]func() Inflater{
	"klauspost": func() Inflater { return new(klauspost) },
	"own":       func() Inflater { return new(own) },
}

// klauspost is what Go programs use that look for speed.
type klauspost struct {
	source bytes.Reader
	reader io.ReadCloser
}

func (k *klauspost) Inflate(dst, stream []byte) ([]byte, error) {
	k.source.Reset(stream)
	var err error
	if k.reader == nil {
		k.reader, err = zlib.NewReader(&k.source)
	} else {
		err = k.reader.(zlib.Resetter).Reset(&k.source, nil) // every reader of zlib is a Resetter
	}
	if err != nil {
		return dst, err
	}
	for dst = room(dst)[:0]; ; {
		n, err := k.reader.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
		dst = room(dst)
	}
}

// own is logboom's.
type own struct{ decoder inflate.Decoder }

func (o *own) Inflate(dst, stream []byte) ([]byte, error) {
	if err := o.decoder.Reset(stream); err != nil {
		return dst, err
	}
	for dst = room(dst)[:0]; ; {
		to, err := o.decoder.Decode(dst[:cap(dst)], len(dst))
		dst = dst[:to]
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return dst, fmt.Errorf("own: %w", err)
		}
		dst = room(dst)
	}
}

// room returns the buffer with room behind its end.
func room(dst []byte) []byte {
	if len(dst) < cap(dst) {
		return dst
	}
	return append(make([]byte, 0, max(firstRoom, 2*cap(dst))), dst...)
}
