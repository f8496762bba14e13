package pipeline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

// A window within all limits may begin, and end by eviction, as many alerts as it has events. That is a commit longer than a record
// of the journal may be.
func TestAWindowOfAlerts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const keys, kept = 100_000, 10_000
	h := newHouse(t, rules.Rule{Name: strings.Repeat("r", 150), Window: time.Minute, Threshold: 1, GroupBy: []string{"host"}, MaxKeys: kept, Idle: rules.DefaultIdle})
	h.options.Outputs, h.budget = []string{"o"}, 2<<30
	h.reopen()
	now := event.AppendTime(nil, time.Now().UnixNano())
	documents := make([][]byte, keys)
	for i := range documents {
		documents[i] = fmt.Appendf(nil, `{"@timestamp":%q,"host":"%d%s","message":"%s"}`, now, i, strings.Repeat("h", 200), strings.Repeat("<", 100))
	}
	h.handle(documents...)
	h.handle(documents[0]) // and others are served
	if got := h.pipeline.Status(); got.State != StateOK || h.pipeline.Stats().CommitFailures > 0 {
		t.Fatalf("%+v", got)
	}
	want := uint64(2*keys - kept + 2) // the last event is of a key that was evicted, and evicts one
	if got := h.pipeline.outbox.last(); got != want {
		t.Errorf("%d transitions, want %d", got, want)
	}
	h.crash()
	if got := h.pipeline.outbox.last(); got != want {
		t.Errorf("%d transitions after a kill, want %d", got, want)
	}
	open, _ := h.pipeline.Alerts(1)
	if len(open) != kept || open[0].State != window.Active {
		t.Errorf("%d alerts are open after a kill", len(open))
	}
}
