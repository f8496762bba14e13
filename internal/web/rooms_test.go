package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// house is a journal with a pipeline and a sink, all real.
type house struct {
	pipeline *pipeline.Pipeline
	server   *Server
	handler  http.Handler
	// broken makes the sink fail.
	broken atomic.Bool
}

// Deliver implements sinks.Sink.
func (h *house) Deliver(_ context.Context, transitions []window.Transition) ([]error, error) {
	if h.broken.Load() {
		return nil, errors.New("the receiver is down")
	}
	return make([]error, len(transitions)), nil
}

// Close implements sinks.Sink.
func (h *house) Close() error { return nil }

// build opens a house, which is closed with the test.
func build(t *testing.T, options journal.Options) *house {
	t.Helper()
	return buildWith(t, options)
}

// buildWith opens a house whose journal keeps events for outputs that are not there.
func buildWith(t *testing.T, options journal.Options, outputs ...string) *house {
	t.Helper()
	options.Directory = t.TempDir()
	store, err := journal.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	letters, err := deadletter.Open(t.TempDir(), deadletter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Compile([]rules.Rule{{Name: "bursts", Where: "status >= 500", Window: time.Second, Threshold: 3}})
	if err != nil {
		t.Fatal(err)
	}
	h := new(house)
	h.pipeline, err = pipeline.New(pipeline.Options{
		Journal: store, Rules: set, Sinks: []string{"memory"}, Outputs: outputs,
		DeadLetter: func(ctx context.Context, list []pipeline.DeadLetter) error {
			for _, letter := range list {
				if err := letters.Write(ctx, deadletter.Letter{Reason: letter.Reason, Document: letter.Document}); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.serve(t, store, letters)
	return h
}

func (h *house) serve(t *testing.T, store *journal.Journal, letters *deadletter.Store) {
	delivery := sinks.NewDelivery("memory", h, h.pipeline.Outbox(), h.pipeline.Outbox(),
		func(context.Context, sinks.DeadLetter) error { return nil },
		sinks.Options{RetryMin: time.Millisecond, RetryMax: time.Millisecond})
	ctx, stop := context.WithCancel(context.Background())
	delivered := make(chan error, 1)
	go func() { delivered <- delivery.Run(ctx) }()
	shippers := lumberjack.New(func(context.Context, *lumberjack.Batch) error { return nil }, lumberjack.Options{})
	h.server = started(Options{Sources: Sources{
		Pipeline: h.pipeline, Journal: store.Stats, DeadLetters: letters.Stats, Lumberjack: shippers.Stats,
		Sinks: []Sink{{"memory", delivery.Stats}},
	}})
	h.handler = h.server.Handler(loopback)
	t.Cleanup(func() {
		ending, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		stop()
		err := errors.Join(<-delivered, h.pipeline.Close(ending), shippers.Shutdown(ending), store.Close(), letters.Close(),
			h.server.Shutdown(ending))
		if err != nil {
			t.Error(err)
		}
	})
}

func (h *house) take(t *testing.T, events ...string) {
	t.Helper()
	batch := &pipeline.Batch{Source: "test", Received: moment}
	for _, event := range events {
		batch.Events = append(batch.Events, []byte(event))
	}
	if err := h.pipeline.Handle(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

func burst(second int) (events []string) {
	for i := range 3 {
		events = append(events, fmt.Sprintf(
			`{"@timestamp":"2026-11-23T19:29:%02d.%03dZ","message":"line %d","status":503}`, second, i, i,
		))
	}
	return events
}

// shows waits until an endpoint answers with a text.
func (h *house) shows(t *testing.T, path, text string) {
	t.Helper()
	var last string
	defer func() {
		if t.Failed() {
			t.Logf("%s: %s", path, last)
		}
	}()
	eventually(t, path+" holds "+text, func() bool {
		last = get(h.handler, path).Body.String()
		return strings.Contains(last, text)
	})
}

func TestRealRooms(t *testing.T) {
	h := build(t, journal.Options{})
	h.take(t, append(burst(10), "no JSON", `{"status":200}`)...)
	h.shows(t, "/readyz", "ok")
	h.shows(t, "/healthz", `"status": "ok"`)
	h.shows(t, "/api/alerts", `"message":"Alert 'bursts' changed state to ACTIVE"`)
	h.shows(t, "/api/alerts", `"active_total":1`)
	h.shows(t, "/api/rules", `"matched":3`)
	for _, line := range []string{
		"logboom_pipeline_events_total 5\n", "logboom_pipeline_undecodable_events_total 1\n",
		"logboom_pipeline_timestamp_missing_events_total 1\n", `logboom_rule_matched_events_total{rule="bursts"} 3` + "\n",
		`logboom_rule_active_keys{rule="bursts"} 1` + "\n", "logboom_dead_letters_written_total 1\n",
		`logboom_sink_delivered_transitions_total{sink="memory"} 1` + "\n",
		`logboom_lumberjack_limit_hits_total{limit="window"} 0` + "\n",
		"logboom_pipeline_last_transition 1\n", `logboom_sink_delivery_latency_seconds_bucket{sink="memory",le="0.001"} `,
	} {
		h.shows(t, "/metrics", line)
	}
}

// A sink that is down costs the status, not readiness.
func TestRealSinkThatIsDown(t *testing.T) {
	h := build(t, journal.Options{})
	h.broken.Store(true)
	h.take(t, burst(10)...)
	h.shows(t, "/healthz", `"last_error":"the receiver is down"`)
	h.shows(t, "/healthz", `"status": "degraded"`)
	if answer := get(h.handler, "/readyz"); answer.Code != http.StatusOK {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	h.broken.Store(false)
	h.shows(t, "/healthz", `"status": "ok"`)
}

// No filesystem has as much room as is to be kept in reserve here.
func TestRealJournalThatIsFull(t *testing.T) {
	h := build(t, journal.Options{Reserve: 1 << 60})
	h.shows(t, "/readyz", "not ready: the journal is full: the filesystem of ")
	h.shows(t, "/healthz", `"state":"full"`)
	h.shows(t, "/metrics", "logboom_journal_full 1\n")
	h.shows(t, "/metrics", `logboom_pipeline_state{state="full"} 1`+"\n")
	h.shows(t, "/livez", "ok")
}
