package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"

	"github.com/logboom/logboom/outputs"
)

const (
	// compressedAtOnce is how many bytes are given to the compressor at a time.
	compressedAtOnce = 64 << 10
	// mostKept is the size of memory, in bytes, from which on it is not kept for other requests.
	mostKept = 64 << 20
	// longestID is Elasticsearch's limit in bytes. Above it, the request is refused as a whole.
	longestID = 512
)

// request is the body of a bulk request: for each event a line that says what is done and one with the event. Its memory
// is used again for other requests.
type request struct {
	plain  []byte // lines; where they are compressed, those that are not yet
	packed bytes.Buffer
	gzip   *gzip.Writer // nil for none
	answer []byte

	size  int // of the lines
	count int // of the events

	// What follows is of the last event whose index was another one than that of the event before it.
	index   []byte // as the text says it
	action  []byte // the beginning of the line
	missing [streamParts]bool

	// open is how many readers of the body the HTTP client has not closed yet: it may read one after it has answered.
	open atomic.Int32
}

func newRequest(level int) (*request, error) {
	r := new(request)
	if level == 0 {
		return r, nil
	}
	var err error
	r.gzip, err = gzip.NewWriterLevel(&r.packed, level)
	return r, err
}

// begin empties the request.
func (r *request) begin() {
	r.plain, r.size, r.count = r.plain[:0], 0, 0
	if r.gzip != nil {
		r.packed.Reset()
		r.gzip.Reset(&r.packed)
	}
}

// reusable tells whether the memory may be written to, and is worth being kept.
func (r *request) reusable() bool {
	return r.open.Load() == 0 && cap(r.plain)+r.packed.Cap()+cap(r.answer) <= mostKept
}

// add adds an event. Its error says why the event can never be written; then nothing was added.
func (r *request) add(plan *plan, event *outputs.Event) error {
	start := len(r.plain)
	lines, err := r.append(plan, event)
	if err != nil {
		return &outputs.Permanent{Err: err}
	}
	r.plain = lines
	r.size += len(lines) - start
	r.count++
	if r.gzip != nil && len(r.plain) >= compressedAtOnce {
		return r.compress()
	}
	return nil
}

// append returns the lines with those of an event.
func (r *request) append(plan *plan, event *outputs.Event) (lines []byte, err error) {
	if err := r.toIndex(plan, event); err != nil {
		return nil, err
	}
	lines, err = plan.appendRest(append(r.plain, r.action...), event)
	if err != nil {
		return nil, err
	}
	if plan.streams == nil {
		lines = append(lines, event.Body...)
	} else if lines, err = plan.streams.appendBody(lines, event.Body, r.missing); err != nil {
		return nil, err
	}
	return append(lines, '\n'), nil
}

// toIndex makes the beginning of the action for the event's index, unless it is that of the event before.
func (r *request) toIndex(plan *plan, event *outputs.Event) error {
	var index []byte
	if plan.texts.index != none {
		index = event.Texts[plan.texts.index]
	}
	if len(r.action) > 0 && bytes.Equal(index, r.index) {
		return nil
	}
	r.action = append(append(append(r.action[:0], `{"`...), plan.action...), `":{`...)
	if plan.texts.index == none {
		return nil
	}
	name := index
	if plan.streams != nil {
		var err error
		if name, r.missing, err = plan.streams.appendName(nil, index); err != nil {
			r.action = r.action[:0]
			return err
		}
	}
	if len(name) == 0 {
		r.action = r.action[:0]
		return errNoIndex
	}
	r.action = appendQuoted(append(r.action, `"_index":`...), name)
	r.index = append(r.index[:0], index...)
	return nil
}

var (
	errNoIndex = errors.New("the name of the index is empty")
	errLongID  = fmt.Errorf("the document's id is longer than %d bytes", longestID)
)

// compress compresses what is not compressed yet. Writing to memory does not fail.
func (r *request) compress() error {
	if _, err := r.gzip.Write(r.plain); err != nil {
		return fmt.Errorf("compress a request: %w", err)
	}
	r.plain = r.plain[:0]
	return nil
}

// finish returns the body.
func (r *request) finish() ([]byte, error) {
	if r.gzip == nil {
		return r.plain, nil
	}
	if err := r.compress(); err != nil {
		return nil, err
	}
	if err := r.gzip.Close(); err != nil {
		return nil, fmt.Errorf("compress a request: %w", err)
	}
	return r.packed.Bytes(), nil
}

// http returns the HTTP request.
func (r *request) http(ctx context.Context, path string) (*http.Request, error) {
	body, err := r.finish()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, path, r.reader(body))
	if err != nil {
		return nil, err
	}
	request.ContentLength = int64(len(body))
	// Where a connection that was kept turns out to be closed, nothing was sent, and another one can be taken.
	request.GetBody = func() (io.ReadCloser, error) { return r.reader(body), nil }
	request.Header.Set("Content-Type", "application/x-ndjson")
	if r.gzip != nil {
		request.Header.Set("Content-Encoding", "gzip")
	}
	return request, nil
}

// reader reads a body and counts as open until it is closed.
type reader struct {
	bytes.Reader
	open   *atomic.Int32
	closed atomic.Bool
}

func (r *request) reader(body []byte) *reader {
	r.open.Add(1)
	opened := &reader{open: &r.open}
	opened.Reset(body)
	return opened
}

// Close takes note that the body is read no more.
func (r *reader) Close() error {
	if !r.closed.Swap(true) {
		r.open.Add(-1)
	}
	return nil
}
