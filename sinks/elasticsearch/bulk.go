package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// largestRequest is the size in bytes that a bulk request is kept under, unless one document alone is larger.
const largestRequest = 5 << 20

// largestItem bounds the answer for one document, in bytes; an error quotes the value it does not like.
const largestItem = 32 << 10

// item is one document on its way.
type item struct {
	id string
	// lines are the action and the document, as a bulk request has them.
	lines []byte
}

func itemsOf(transitions []window.Transition) []item {
	items := make([]item, len(transitions))
	for i, transition := range transitions {
		// An id is 40 hexadecimal digits, so quoting it is all that JSON asks for.
		lines := append([]byte(`{"create":{"_id":`), strconv.Quote(transition.ID)...)
		lines = append(append(lines, "}}\n"...), sinks.Document(transition)...)
		items[i] = item{id: transition.ID, lines: append(lines, '\n')}
	}
	return items
}

// index sends the items in requests of a bearable size and returns the outcome of each. Once a request as a whole has
// failed, the items behind it are not sent.
func (s *Sink) index(ctx context.Context, items []item) []error {
	var outcomes []error
	for len(outcomes) < len(items) {
		part := items[len(outcomes):]
		part = part[:fitting(part)]
		results, err := s.send(ctx, part)
		outcomes = append(outcomes, results...)
		if err != nil {
			return fill(outcomes, len(items), err)
		}
	}
	return outcomes
}

// fitting returns how many of the items, at least one, fit into one request.
func fitting(items []item) int {
	size := 0
	for i, item := range items {
		size += len(item.lines)
		if i > 0 && size > largestRequest {
			return i
		}
	}
	return len(items)
}

// fill appends err until there are count outcomes.
func fill(outcomes []error, count int, err error) []error {
	for len(outcomes) < count {
		outcomes = append(outcomes, err)
	}
	return outcomes
}

// send sends one request and returns the outcome of each item. The error, if any, says that a request as a whole failed;
// it is the outcome of the items that have none. A request that is too large is halved until it fits.
func (s *Sink) send(ctx context.Context, items []item) ([]error, error) {
	answer, err := s.bulk(ctx, items)
	switch {
	case err != nil:
		return nil, err
	case answer.status == http.StatusRequestEntityTooLarge && len(items) == 1:
		return []error{&sinks.Permanent{Err: answer.failure()}}, nil
	case answer.status == http.StatusRequestEntityTooLarge:
		return s.halve(ctx, items)
	}
	if err := answer.failure(); err != nil {
		return nil, err
	}
	return outcomesOf(answer.body, items)
}

func (s *Sink) halve(ctx context.Context, items []item) ([]error, error) {
	middle := len(items) / 2
	outcomes, err := s.send(ctx, items[:middle])
	if err != nil {
		return outcomes, err
	}
	behind, err := s.send(ctx, items[middle:])
	return append(outcomes, behind...), err
}

func (s *Sink) bulk(ctx context.Context, items []item) (answer, error) {
	ctx, cancel := s.options.limit(ctx)
	defer cancel()
	var body bytes.Buffer
	for _, item := range items {
		body.Write(item.lines)
	}
	return perform(ctx, s.client, esapi.BulkRequest{
		Index: s.options.Index,
		Body:  bytes.NewReader(body.Bytes()),
		FilterPath: []string{
			"items.create._id", "items.create.status", "items.create.error.type", "items.create.error.reason",
			"items.create.error.caused_by.reason",
		},
	}, smallAnswer+int64(len(items))*largestItem)
}

// itemAnswer is what Elasticsearch says of one document.
type itemAnswer struct {
	ID     string     `json:"_id"`
	Status int        `json:"status"`
	Error  *itemError `json:"error"`
}

// itemError is Elasticsearch's form of an error.
type itemError struct {
	Type     string `json:"type"`
	Reason   string `json:"reason"`
	CausedBy *struct {
		Reason string `json:"reason"`
	} `json:"caused_by"`
}

func (e *itemError) String() string {
	text := e.Type + ": " + e.Reason
	if e.CausedBy != nil && e.CausedBy.Reason != "" {
		text += " (" + e.CausedBy.Reason + ")"
	}
	return sinks.Reason(text)
}

// errBadAnswer says that an answer of success is not one to these items: then none of them counts as done.
var errBadAnswer = errors.New("the answer to a bulk request makes no sense")

// outcomesOf reads the answer to a bulk request. Its error says that the answer is of no use.
func outcomesOf(body []byte, items []item) ([]error, error) {
	var parsed struct {
		Items []struct {
			Create itemAnswer `json:"create"`
		} `json:"items"`
	}
	if err := json.Unmarshal(body, &parsed); err != nil {
		return nil, fmt.Errorf("%w: %w", errBadAnswer, err)
	}
	if len(parsed.Items) != len(items) {
		return nil, fmt.Errorf("%w: it has %d items, %d were sent", errBadAnswer, len(parsed.Items), len(items))
	}
	outcomes := make([]error, len(items))
	for i, answered := range parsed.Items {
		if answered.Create.ID != items[i].id {
			return nil, fmt.Errorf("%w: item %d is for another document", errBadAnswer, i)
		}
		outcomes[i] = answered.Create.outcome()
	}
	return outcomes, nil
}

// outcome returns nil where the document is there, a Permanent error where it never will be.
func (a *itemAnswer) outcome() error {
	if a.Status >= 200 && a.Status < 300 || a.Status == http.StatusConflict {
		return nil
	}
	err := fmt.Errorf("status %d", a.Status)
	if a.Error != nil {
		err = fmt.Errorf("status %d: %s", a.Status, a.Error)
	}
	if a.permanent() {
		return &sinks.Permanent{Err: err}
	}
	return err
}

// indexTroubles are types of errors with status 400 that are about the index and not about the document: it is closed,
// it cannot be made because the cluster has as many shards as it may, its name is refused.
var indexTroubles = map[string]bool{
	"index_closed_exception":       true,
	"validation_exception":         true,
	"invalid_index_name_exception": true,
}

// permanent tells whether the document itself is refused. Missing rights (401, 403), a blocked index (403), a missing
// one (404) and too many requests (408, 429) are no fault of the document, and can be mended by an operator.
func (a *itemAnswer) permanent() bool {
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	case http.StatusBadRequest:
		return a.Error == nil || !indexTroubles[a.Error.Type]
	}
	return a.Status >= 400 && a.Status < 500
}
