package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs"
)

// An output that is stuck writes nothing, so that what it wrote last says nothing of its lag.
func TestLagOfAnOutputThatFails(t *testing.T) {
	for _, test := range []struct {
		lag   time.Duration
		since time.Time
		want  time.Duration
	}{
		{time.Second, time.Time{}, time.Second},
		{time.Second, moment.Add(-time.Minute), time.Minute},
		{time.Hour, moment.Add(-time.Minute), time.Hour},
	} {
		if got := lagOfOutput(outputs.Stats{Lag: test.lag, FailingSince: test.since}, moment); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
	lines := exposed(t, full())
	for _, want := range []string{
		`logboom_output_lag_seconds{output="kafka"} 120` + "\n", `logboom_output_state{output="kafka",state="retrying"} 1` + "\n",
		`logboom_journal_held_bytes{output="kafka"} 107` + "\n", "logboom_duplicate_events_total 123\n",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %s", want)
		}
	}
}

// Who holds a full journal is said where people look first.
func TestRealJournalThatAnOutputHolds(t *testing.T) {
	h := buildWith(t, journal.Options{Budget: 1 << 20, SegmentBytes: 64 << 10, Reserve: 1}, "slow")
	line := `{"message":"` + strings.Repeat("x", 100_000) + `"}`
	h.take(t, slices.Repeat([]string{line}, 9)...)
	h.take(t, line, line, line)
	for _, path := range []string{"/readyz", "/healthz"} {
		h.shows(t, path, "output slow holds it, ")
		h.shows(t, path, "outputs.slow.required: false")
	}
	h.shows(t, "/healthz", `"oldest_events":"2026-11-23T19:30:00Z","held_by":[{"output":"slow","behind_bytes":`)
	h.shows(t, "/metrics", `logboom_journal_held_bytes{output="slow"} `)
	h.shows(t, "/metrics", "logboom_journal_oldest_events_timestamp_seconds ")
	if answer := get(h.handler, "/readyz"); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if err := h.pipeline.Events().StoreCursor("slow", h.pipeline.Events().Last(), nil); err != nil {
		t.Fatal(err)
	}
	h.shows(t, "/readyz", "ok")
	if status := h.pipeline.Status(); status.State != pipeline.StateOK || len(status.Holding) > 0 {
		t.Errorf("%+v", status)
	}
}
