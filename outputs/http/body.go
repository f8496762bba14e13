package http

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/logboom/logboom/outputs"
)

// encoder makes the bodies of requests. It is safe for concurrent use.
type encoder struct {
	format Format
	level  int
	// compressors are those of that level.
	compressors sync.Pool
}

// header returns what a request for the events says of its body.
func (e *encoder) header(events []outputs.Event) http.Header {
	header := http.Header{"Content-Type": {"application/x-ndjson"}, "Idempotency-Key": {key(events)}}
	if e.format == Array {
		header.Set("Content-Type", "application/json")
	}
	if e.level > 0 {
		header.Set("Content-Encoding", "gzip")
	}
	return header
}

// key names the events: the same whenever they are sent together again, and no others'. Of events that were sent together
// once, fewer and fewer are sent again, so that their number tells which.
func key(events []outputs.Event) string {
	text, _ := events[0].ID.AppendText(nil) // never fails
	text, _ = events[len(events)-1].ID.AppendText(append(text, '.'))
	return string(strconv.AppendInt(append(text, '.'), int64(len(events)), 10))
}

// body returns the body of a request for the events, in memory of its own: a transport may read it for longer than the
// request lasts.
func (e *encoder) body(events []outputs.Event) ([]byte, error) {
	if e.level == 0 {
		size := 2
		for i := range events {
			size += len(events[i].Body) + 1
		}
		plain := bytes.NewBuffer(make([]byte, 0, size))
		e.write(plain, events)
		return plain.Bytes(), nil
	}
	compressed := new(bytes.Buffer)
	compressor, err := e.compressor(compressed)
	if err != nil {
		return nil, err
	}
	e.write(compressor, events)
	if err := compressor.Close(); err != nil {
		return nil, fmt.Errorf("compress the events: %w", err)
	}
	compressor.Reset(io.Discard) // lets go of the body
	e.compressors.Put(compressor)
	return compressed.Bytes(), nil
}

func (e *encoder) compressor(to *bytes.Buffer) (*gzip.Writer, error) {
	if used, ok := e.compressors.Get().(*gzip.Writer); ok {
		used.Reset(to)
		return used, nil
	}
	compressor, err := gzip.NewWriterLevel(to, e.level)
	if err != nil {
		return nil, fmt.Errorf("compress the events: %w", err)
	}
	return compressor, nil
}

// write writes the events to memory, which never fails, or to a compressor, which says so when it is closed.
func (e *encoder) write(to interface{ Write([]byte) (int, error) }, events []outputs.Event) {
	begin, between, end := []byte(""), []byte("\n"), []byte("\n")
	if e.format == Array {
		begin, between, end = []byte("["), []byte(","), []byte("]")
	}
	_, _ = to.Write(begin)
	for i := range events {
		if i > 0 {
			_, _ = to.Write(between)
		}
		_, _ = to.Write(events[i].Body)
	}
	_, _ = to.Write(end)
}
