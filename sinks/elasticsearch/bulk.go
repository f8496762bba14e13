package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/logboom/logboom/internal/elastic"
	"github.com/logboom/logboom/sinks"
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

func itemsOf(documents []Document) []item {
	items := make([]item, len(documents))
	for i, document := range documents {
		// An id is 40 hexadecimal digits, so quoting it is all that JSON asks for.
		lines := append([]byte(`{"create":{"_id":`), strconv.Quote(document.ID)...)
		lines = append(append(lines, "}}\n"...), document.Body...)
		items[i] = item{id: document.ID, lines: append(lines, '\n')}
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
	case answer.Status == http.StatusRequestEntityTooLarge && len(items) == 1:
		return []error{&sinks.Permanent{Err: answer.Failure()}}, nil
	case answer.Status == http.StatusRequestEntityTooLarge:
		return s.halve(ctx, items)
	}
	if err := answer.Failure(); err != nil {
		return nil, err
	}
	return outcomesOf(answer.Body, items)
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

func (s *Sink) bulk(ctx context.Context, items []item) (elastic.Answer, error) {
	ctx, cancel := s.connection.Limit(ctx)
	defer cancel()
	var body bytes.Buffer
	for _, item := range items {
		body.Write(item.lines)
	}
	return s.client.Do(ctx, esapi.BulkRequest{
		Index: s.options.Index,
		Body:  bytes.NewReader(body.Bytes()),
		FilterPath: []string{
			"items.create._id", "items.create.status", "items.create.error.type", "items.create.error.reason",
			"items.create.error.caused_by.reason",
		},
	}, elastic.SmallAnswer+int64(len(items))*largestItem)
}

// outcomesOf reads the answer to a bulk request. Its error says that the answer is of no use.
func outcomesOf(body []byte, items []item) ([]error, error) {
	var parsed struct {
		Items []struct {
			Create elastic.Item `json:"create"`
		} `json:"items"`
	}
	if err := json.Unmarshal(body, &parsed); err != nil {
		return nil, fmt.Errorf("%w: %w", elastic.ErrBadAnswer, err)
	}
	if len(parsed.Items) != len(items) {
		return nil, fmt.Errorf("%w: it has %d items, %d were sent", elastic.ErrBadAnswer, len(parsed.Items), len(items))
	}
	outcomes := make([]error, len(items))
	for i, answered := range parsed.Items {
		if answered.Create.ID != items[i].id {
			return nil, fmt.Errorf("%w: item %d is for another document", elastic.ErrBadAnswer, i)
		}
		outcomes[i] = outcomeOf(&answered.Create)
	}
	return outcomes, nil
}

// outcomeOf returns nil where the document is there, a Permanent error where it never will be.
func outcomeOf(item *elastic.Item) error {
	if item.Done() || item.Status == http.StatusConflict {
		return nil
	}
	if permanent(item) {
		return &sinks.Permanent{Err: item.Failure()}
	}
	return item.Failure()
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
func permanent(item *elastic.Item) bool {
	switch item.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	case http.StatusBadRequest:
		return item.Error == nil || !indexTroubles[item.Error.Type]
	}
	return item.Status >= 400 && item.Status < 500
}
