package elasticsearch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/logboom/logboom/internal/elastic"
	"github.com/logboom/logboom/outputs"
)

// largestItem bounds the answer for one event, in bytes, on the average of a request; an error quotes the value that it
// does not like.
const largestItem = 2 << 10

// allDone tells whether an answer says, in the very bytes that Elasticsearch writes where all is well, that each of count
// events was written. Where it returns false, the answer has to be read.
func allDone(body []byte, action Action, count int) bool {
	rest, ok := bytes.CutPrefix(body, []byte(`{"errors":false,"items":[`))
	if !ok {
		return false
	}
	var space [32]byte
	item := append(append(append(space[:0], `{"`...), action...), `":{"status":2`...)
	// Each item ends with two digits, two braces, and a comma or the bracket at the end.
	length := len(item) + len(`01}},`)
	if len(rest) != count*length+len("}") || rest[len(rest)-1] != '}' {
		return false
	}
	for i := range count {
		said := rest[i*length : (i+1)*length]
		end := byte(',')
		if i == count-1 {
			end = ']'
		}
		digits := said[len(item):]
		if !bytes.Equal(said[:len(item)], item) || digits[0]-'0' > 9 || digits[1]-'0' > 9 ||
			digits[2] != '}' || digits[3] != '}' || digits[4] != end {
			return false
		}
	}
	return true
}

// itemsOf reads an answer that is to count events. Its error says that the answer is of no use, and wraps
// elastic.ErrBadAnswer.
func itemsOf(body []byte, action Action, count int) ([]elastic.Item, error) {
	var parsed struct {
		Items []map[Action]elastic.Item `json:"items"`
	}
	if err := json.Unmarshal(body, &parsed); err != nil {
		return nil, fmt.Errorf("%w: %w", elastic.ErrBadAnswer, err)
	}
	if len(parsed.Items) != count {
		return nil, fmt.Errorf("%w: it has %d items, %d were sent", elastic.ErrBadAnswer, len(parsed.Items), count)
	}
	items := make([]elastic.Item, count)
	for i, said := range parsed.Items {
		item, ok := said[action]
		if !ok || len(said) != 1 || !item.Done() && (item.Status < 400 || item.Status >= 600) {
			return nil, fmt.Errorf("%w: item %d says nothing of a %s", elastic.ErrBadAnswer, i, action)
		}
		items[i] = item
	}
	return items, nil
}

// Types of errors that are told apart.
const (
	clusterBlock  = "cluster_block_exception"
	badIndexName  = "invalid_index_name_exception"
	indexClosed   = "index_closed_exception"
	tooManyShards = "validation_exception"
	badArgument   = "illegal_argument_exception"
)

// missetReasons are how reasons begin of refusals with badArgument that are about the configuration of logboom or of the
// index and would meet every event.
var missetReasons = []string{
	"only write ops with an op_type of create", "no write index is defined for alias", "index request targeting data stream",
}

// outcomeOf returns nil where the event is there, a Permanent error where it never will be, Blocked where only a person can
// mend it, and any other for trying again.
func (p *plan) outcomeOf(item *elastic.Item) error {
	if item.Done() || item.Status == http.StatusConflict && p.action == ActionCreate {
		return nil
	}
	var kind, reason string
	if item.Error != nil {
		kind, reason = item.Error.Type, item.Error.Reason
	}
	failure := item.Failure()
	switch item.Status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return failure
	case http.StatusUnauthorized, http.StatusForbidden:
		if kind == clusterBlock {
			return failure
		}
		return &outputs.Blocked{Err: failure}
	case http.StatusNotFound:
		return &outputs.Blocked{Err: failure}
	case http.StatusBadRequest:
		return p.refusal(kind, reason, failure)
	}
	if item.Status >= 500 {
		return failure
	}
	return &outputs.Permanent{Err: failure}
}

// refusal returns the outcome of an event that was answered with 400.
func (p *plan) refusal(kind, reason string, failure error) error {
	blocked := false
	switch kind {
	case tooManyShards:
		return failure // goes away when old indices do
	case indexClosed:
		blocked = true
	case badIndexName:
		blocked = p.texts.index == none
	case badArgument:
		for _, misset := range missetReasons {
			blocked = blocked || strings.HasPrefix(reason, misset)
		}
		if strings.HasPrefix(reason, "pipeline with id [") {
			blocked = p.texts.pipeline == none
		}
	}
	if blocked {
		return &outputs.Blocked{Err: failure}
	}
	return &outputs.Permanent{Err: failure}
}

// requestFailure returns the outcome of all events of a request that was refused as a whole.
func requestFailure(answer elastic.Answer) error {
	failure := answer.Failure()
	if answer.Status != http.StatusUnauthorized && answer.Status != http.StatusForbidden {
		return failure
	}
	if said, ok := answer.Said(); ok && said.Type == clusterBlock {
		return failure
	}
	return &outputs.Blocked{Err: failure}
}
