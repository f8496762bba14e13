package elastic

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/logboom/logboom/sinks"
)

// SmallAnswer bounds, in bytes, the answers to all but bulk requests, and those that are errors.
const SmallAnswer = 1 << 20

var (
	// ErrLongAnswer says that an answer was longer than any that makes sense.
	ErrLongAnswer = errors.New("the answer is longer than expected")
	// ErrBadAnswer says that an answer of success is not one to what was sent: then nothing counts as done.
	ErrBadAnswer = errors.New("the answer to a bulk request makes no sense")
)

// Answer is an HTTP answer that was read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// read reads an answer of up to limit bytes to its end, into the memory of buffer as far as that goes, and closes it.
func read(response *http.Response, limit int64, buffer []byte) (Answer, error) {
	defer response.Body.Close() //nolint:errcheck // it was read, or is given up
	body, from := buffer[:0], io.LimitReader(response.Body, limit+1)
	for {
		body = slices.Grow(body, 512)
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Answer{}, fmt.Errorf("read the answer: %w", err)
		}
	}
	if int64(len(body)) > limit {
		return Answer{}, fmt.Errorf("%w: more than %d bytes", ErrLongAnswer, limit)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Failure returns nil for a status of success, else an error with the server's words, and its delay where it named one.
func (a Answer) Failure() error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	err := fmt.Errorf("status %d %s: %s", a.Status, http.StatusText(a.Status), a.reason())
	return sinks.WithRetryAfter(err, a.Header, time.Now())
}

// Said returns Elasticsearch's error, if the answer holds one.
func (a Answer) Said() (Error, bool) {
	var body struct {
		Error Error `json:"error"`
	}
	if json.Unmarshal(a.Body, &body) != nil || body.Error.Type == "" {
		return Error{}, false
	}
	return body.Error, true
}

// reason returns what an error's body says: Elasticsearch's type and reason, or the beginning of anything else.
func (a Answer) reason() string {
	if said, ok := a.Said(); ok {
		return said.String()
	}
	if text := sinks.Reason(string(a.Body)); text != "" {
		return text
	}
	return "no reason given"
}

// Error is Elasticsearch's form of an error.
type Error struct {
	Type     string `json:"type"`
	Reason   string `json:"reason"`
	CausedBy *struct {
		Reason string `json:"reason"`
	} `json:"caused_by"`
}

// String returns type and reason on one line, of a length that is fit for an error.
func (e *Error) String() string {
	text := e.Type + ": " + e.Reason
	if e.CausedBy != nil && e.CausedBy.Reason != "" {
		text += " (" + e.CausedBy.Reason + ")"
	}
	return sinks.Reason(text)
}

// Item is what Elasticsearch says of one document of a bulk request.
type Item struct {
	ID     string `json:"_id"`
	Status int    `json:"status"`
	Error  *Error `json:"error"`
}

// Done tells whether the document was written.
func (i *Item) Done() bool { return i.Status >= 200 && i.Status < 300 }

// Failure returns an error with what the server says of a document that was not written.
func (i *Item) Failure() error {
	if i.Error == nil {
		return fmt.Errorf("status %d", i.Status)
	}
	return fmt.Errorf("status %d: %s", i.Status, i.Error)
}

// Equal tells whether two items say the same, ids aside.
func (i *Item) Equal(other *Item) bool {
	if i.Status != other.Status || (i.Error == nil) != (other.Error == nil) {
		return false
	}
	if i.Error == nil {
		return true
	}
	one, two := i.Error, other.Error
	if one.Type != two.Type || one.Reason != two.Reason || (one.CausedBy == nil) != (two.CausedBy == nil) {
		return false
	}
	return one.CausedBy == nil || *one.CausedBy == *two.CausedBy
}
