package elasticsearch

import (
	"errors"
	"fmt"
	"testing"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
)

func newOutput(t testing.TB, options Options) *Output {
	t.Helper()
	o, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

// arrival is when the events of tests arrive.
const arrival = 1_763_942_400_000_000_000

// batchOf returns the batch that the delivery loop makes of documents as Beats send them.
func batchOf(t testing.TB, o *Output, documents ...string) *outputs.Batch {
	t.Helper()
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	templates, err := logstash.NewTemplates(encoder, o.Texts()...)
	if err != nil {
		t.Fatal(err)
	}
	origin := &logstash.Origin{Arrival: arrival}
	batch := &outputs.Batch{}
	for i, document := range documents {
		var found logstash.Found
		var values logstash.Values
		body, err := encoder.Append(nil, []byte(document), origin, &found)
		if err != nil {
			t.Fatal(err)
		}
		event := outputs.Event{
			Body: body, Time: found.Time, Origin: origin, ID: outputs.ID{Journal: 1, Record: 7, Index: uint32(i)},
		}
		if err := templates.Scan(&values, &found, body, origin); err != nil {
			t.Fatal(err)
		}
		for text := range o.Texts() {
			event.Texts[text] = templates.Append(nil, text, &values)
		}
		batch.Events = append(batch.Events, event)
		batch.Bytes += len(body)
	}
	return batch
}

// tryBatchOf is batchOf for a document that may be none that a Beat can send: then it returns nil.
func tryBatchOf(t testing.TB, o *Output, document string) *outputs.Batch {
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := encoder.Append(nil, []byte(document), &logstash.Origin{}, &logstash.Found{}); err != nil {
		return nil
	}
	return batchOf(t, o, document)
}

// numbered returns count documents with numbers from first on.
func numbered(first, count int) (documents []string) {
	for i := range count {
		documents = append(documents, fmt.Sprintf(
			`{"@timestamp":"2026-11-24T10:00:00.000Z","@metadata":{"beat":"filebeat","version":"8.6.1"},"number":%d,"message":"line %d"}`,
			first+i, first+i))
	}
	return documents
}

// write writes a batch, and fails the test where the contract is not kept.
func write(t testing.TB, o *Output, batch *outputs.Batch) []error {
	t.Helper()
	outcomes, err := o.Write(t.Context(), batch)
	if err != nil {
		for range batch.Events {
			outcomes = append(outcomes, err)
		}
	}
	if len(outcomes) != len(batch.Events) {
		t.Fatalf("%d outcomes for %d events", len(outcomes), len(batch.Events))
	}
	return outcomes
}

// kind is what a delivery loop does with an outcome.
func kind(err error) string {
	var permanent *outputs.Permanent
	var blocked *outputs.Blocked
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &permanent):
		return "permanent"
	case errors.As(err, &blocked):
		return "blocked"
	}
	return "again"
}

// each checks that all outcomes are of a kind.
func each(t testing.TB, outcomes []error, want string) {
	t.Helper()
	for i, outcome := range outcomes {
		if kind(outcome) != want {
			t.Fatalf("outcome %d is %s: %v; want %s", i, kind(outcome), outcome, want)
		}
	}
}

func idOf(i int) string {
	id, _ := outputs.ID{Journal: 1, Record: 7, Index: uint32(i)}.AppendText(nil)
	return string(id)
}
