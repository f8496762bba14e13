package pipeline

import (
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// take hands over events of distinct times from a moment on, and returns whether they were taken in time.
func (h *house) take(from time.Time, count int, wait time.Duration) bool {
	h.Helper()
	documents := make([][]byte, count)
	for i := range documents {
		documents[i] = document(from.Add(time.Duration(i)*time.Millisecond), "m")
	}
	ctx, cancel := context.WithTimeout(h.Context(), wait)
	defer cancel()
	err := h.pipeline.Handle(ctx, &Batch{Source: "test", Events: documents})
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		h.Fatal(err)
	}
	return err == nil
}

// Windows that take most of the budget do not stop a journal that nobody holds, over restarts and kills; windows that
// take all of it do, and the reason says what helps.
func TestLargeWindowsLeaveRoom(t *testing.T) {
	h := newHouse(t, rules.Rule{Name: "rare", Window: time.Hour, Threshold: 1e6})
	h.close()
	h.budget, h.folder = 4<<20, t.TempDir()
	h.options.Checkpoint = 1
	h.open()
	const batch = 4000
	at := time.Now().Add(-time.Hour)
	round := 0
	for ; h.pipeline.Stats().CheckpointBytes < 2900<<10; round++ {
		if !h.take(at, batch, patience) {
			t.Fatalf("round %d: not taken, %+v", round, h.pipeline.Status())
		}
		at = at.Add(batch * time.Millisecond)
		if round%30 == 10 {
			h.crash()
		}
		if round%30 == 25 {
			h.reopen()
		}
	}
	for ; h.take(at, batch, 4*time.Second); round++ {
		if round > 1000 {
			t.Fatal("never full")
		}
		at = at.Add(batch * time.Millisecond)
	}
	status := h.pipeline.Status()
	if status.State != StateFull || !status.Space.LeavesNoLog() || !strings.Contains(status.Reason, "raise journal.budget to at least") {
		t.Fatalf("round %d: %+v", round, status)
	}
	h.close()
	h.budget = 2 * status.Space.State
	h.open()
	if !h.take(at, batch, patience) {
		t.Fatalf("not taken with the budget that was asked for: %+v", h.pipeline.Status())
	}
}

// Events that come faster than anybody looks at the journal do not fill more than its budget, but for what was under way.
func TestBudgetHoldsBetweenLooks(t *testing.T) {
	h := newHouse(t)
	h.close()
	h.budget, h.folder = 4<<20, t.TempDir()
	h.options.Outputs = []string{"behind"}
	h.open()
	text := make([]byte, 100<<10)
	_, _ = rand.NewChaCha8([32]byte{}).Read(text) // never fails; what can be compressed takes too little room
	events := [][]byte{document(time.Now(), base64.StdEncoding.EncodeToString(text))}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	senders := make(chan error)
	for range 8 {
		go func() {
			for {
				if err := h.pipeline.Handle(ctx, &Batch{Source: "test", Events: events}); err != nil {
					senders <- err
					return
				}
			}
		}()
	}
	until(t, "the journal to be full", func() bool { return h.pipeline.Status().State == StateFull })
	cancel()
	for range 8 {
		if err := <-senders; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if used := h.pipeline.Status().Space.Used; used > h.budget+h.budget/10 {
		t.Errorf("%d bytes were taken of a budget of %d", used, h.budget)
	}
}

// An output that is down stops events, and no alert that was decided: it goes out, and its cursor stays where it is over a kill.
func TestAlertsAreDeliveredWhileTheJournalIsFull(t *testing.T) {
	h := newHouse(t)
	h.close()
	h.budget, h.folder = 4<<20, t.TempDir()
	h.options.Outputs, h.options.Sinks = []string{"down"}, []string{"chat"}
	h.open()
	h.handle(burst(time.Now(), 5)...)
	filler := [][]byte{document(time.Now().Add(-time.Hour), strings.Repeat("x", 100_000))}
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for h.pipeline.Handle(ctx, &Batch{Source: "test", Events: filler}) == nil {
		}
	}()
	until(t, "the journal to be full", func() bool { return h.pipeline.Status().State == StateFull })
	sink := &chat{}
	delivery := sinks.NewDelivery("chat", sink, h.pipeline.Outbox(), h.pipeline.Outbox(), nil, sinks.Options{})
	delivering, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- delivery.Run(delivering) }()
	until(t, "the delivery", func() bool { return delivery.Stats().After == 1 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if state := h.pipeline.Status().State; state != StateFull || len(sink.taken) != 1 || sink.taken[0].Count != 5 {
		t.Errorf("the journal is %s; delivered %+v", state, sink.taken)
	}
	cancel()
	<-sent
	h.crash()
	if cursor, _, err := h.pipeline.Outbox().LoadCursor("chat"); err != nil || cursor.After != 1 {
		t.Errorf("the cursor stands at %d, %v", cursor.After, err)
	}
}

// chat is a sink that takes everything.
type chat struct{ taken []window.Transition }

func (c *chat) Deliver(_ context.Context, transitions []window.Transition) ([]error, error) {
	c.taken = append(c.taken, transitions...)
	return make([]error, len(transitions)), nil
}

func (c *chat) Close() error { return nil }
