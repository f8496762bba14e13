package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/logboom/logboom/sinks"
)

// smallAnswer bounds, in bytes, the answers to all but bulk requests, and those that are errors.
const smallAnswer = 1 << 20

// errLongAnswer says that an answer was longer than any that makes sense.
var errLongAnswer = errors.New("the answer is longer than expected")

// answer is an HTTP answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// perform sends a request and reads up to limit bytes of its answer. Its error concerns the connection; whatever the
// server said is in the answer.
func perform(ctx context.Context, transport esapi.Transport, request esapi.Request, limit int64) (answer, error) {
	response, err := request.Do(ctx, transport)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read, or is given up
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(body)) > limit {
		return answer{}, fmt.Errorf("%w: more than %d bytes", errLongAnswer, limit)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// failure returns nil for a status of success, else an error with the server's words, and its delay where it named one.
func (a answer) failure() error {
	if a.status >= 200 && a.status < 300 {
		return nil
	}
	err := fmt.Errorf("status %d %s: %s", a.status, http.StatusText(a.status), a.reason())
	return sinks.WithRetryAfter(err, a.header, time.Now())
}

// reason returns what an error's body says: Elasticsearch's type and reason, or the beginning of anything else.
func (a answer) reason() string {
	var body struct {
		Error itemError `json:"error"`
	}
	if json.Unmarshal(a.body, &body) == nil && body.Error.Type != "" {
		return body.Error.String()
	}
	if text := sinks.Reason(string(a.body)); text != "" {
		return text
	}
	return "no reason given"
}
