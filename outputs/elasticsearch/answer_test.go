package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/logboom/logboom/internal/elastic"
)

// FuzzBulkAnswer: an answer that is taken in the fast way is taken in the other one with the same outcomes, and nothing
// counts as done that the answer does not say so of.
func FuzzBulkAnswer(f *testing.F) {
	for _, body := range []string{
		`{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":200}}]}`,
		`{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":409,"error":{"type":"t","reason":"r"}}}]}`,
		`{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":2e2}}]}`,
		`{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":2-1}}]}`,
		`{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}],}`,
		`{"items":[{"index":{"status":201}},null]}`, "null", "\xff",
	} {
		f.Add([]byte(body))
	}
	plan := &plan{action: ActionCreate, texts: texts{index: none, pipeline: none, routing: none, id: none}}
	f.Fuzz(func(t *testing.T, body []byte) {
		fast := allDone(body, ActionCreate, 2)
		items, err := itemsOf(body, ActionCreate, 2)
		if fast && (err != nil || !items[0].Done() || !items[1].Done()) {
			t.Fatalf("%q is taken in the fast way only: %v", body, err)
		}
		if err != nil {
			if !errors.Is(err, elastic.ErrBadAnswer) {
				t.Fatal(err)
			}
			return
		}
		if len(items) != 2 || !json.Valid(body) {
			t.Fatalf("%d items of %q", len(items), body)
		}
		for _, item := range items {
			outcome := plan.outcomeOf(&item)
			if outcome == nil && !bytes.ContainsAny(body, "24") {
				t.Errorf("something counts as done in %q", body)
			}
			if outcome != nil && len(outcome.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(outcome.Error()))
			}
		}
	})
}

func TestAllDoneCountsEach(t *testing.T) {
	answer := func(action string, count int) []byte {
		items := strings.Repeat(`,{"`+action+`":{"status":201}}`, count)
		return []byte(`{"errors":false,"items":[` + items[1:] + `]}`)
	}
	for _, action := range []Action{ActionCreate, ActionIndex} {
		for _, count := range []int{1, 2, 1000} {
			body := answer(string(action), count)
			if !allDone(body, action, count) || allDone(body, action, count-1) || allDone(body, action, count+1) {
				t.Errorf("%s of %d is not counted", action, count)
			}
			if allDone(body, "other", count) {
				t.Errorf("%s passes for another action", action)
			}
			for i := range min(len(body), 200) {
				broken := bytes.Clone(body)
				broken[i] ^= 0x10
				if items, err := itemsOf(broken, action, count); allDone(broken, action, count) && (err != nil || !items[0].Done()) {
					t.Errorf("%s is taken for all done", broken)
				}
			}
		}
	}
}

// FuzzDataStream: whatever data_stream is, an event stays one JSON object with each key once.
func FuzzDataStream(f *testing.F) {
	for _, document := range []string{
		`{"data_stream":{"dataset":"x"}}`, `{"data_stream":null,"a":1}`, `{}`, `{"data_stream":[{}]}`, `{"data_stream":{"type":"a","type":"b"}}`,
		`{"data_stream.type":"x","data_stream":{"type":null}}`, `{"data\u005fstream":{"type":1.50}}`, `{"a":{"data_stream":{}}}`,
	} {
		f.Add(document)
	}
	o := newOutput(f, Options{Hosts: []string{"http://127.0.0.1:1"}})
	f.Fuzz(func(t *testing.T, document string) {
		var given map[string]any
		if json.Unmarshal([]byte(document), &given) != nil || given == nil || strings.Contains(document, "\n") {
			return
		}
		batch := tryBatchOf(t, o, document)
		if batch == nil {
			return
		}
		r, err := newRequest(0)
		if err != nil {
			t.Fatal(err)
		}
		if r.add(o.plan, &batch.Events[0]) != nil {
			return
		}
		lines := bytes.Split(r.plain, []byte("\n"))
		var action map[string]action
		if len(lines) != 3 || json.Unmarshal(lines[0], &action) != nil || action["create"].Index == "" {
			t.Fatalf("the request is %q", r.plain)
		}
		var written map[string]any
		if err := json.Unmarshal(lines[1], &written); err != nil {
			t.Fatalf("%s: %v", lines[1], err)
		}
		if keys := topKeys(t, lines[1]); len(keys) != len(written) {
			t.Fatalf("a key is twice in %s", lines[1])
		}
	})
}

// topKeys returns the keys of an object as often as they are there.
func topKeys(t *testing.T, object []byte) (keys []string) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	for decoder.More() {
		key, _ := decoder.Token()
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
	}
	return keys
}
