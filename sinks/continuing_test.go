package sinks_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// continuing is a scripted sink with work of its own.
type continuing struct {
	*scripted
	due    func() time.Time
	notice string
}

func (c *continuing) Due() time.Time {
	if c.due == nil {
		return time.Time{}
	}
	return c.due()
}

func (c *continuing) Notice() string { return c.notice }

// runContinuing is world.run for a sink with work of its own.
func (w *world) runContinuing(t *testing.T, sink sinks.Sink, while time.Duration) sinks.Stats {
	t.Helper()
	delivery := sinks.NewDelivery("s", sink, w.outbox, w, w.writeLetter, w.options)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- delivery.Run(ctx) }()
	time.Sleep(while)
	synctest.Wait()
	stats := delivery.Stats()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	return stats
}

// TestIntentIsStoredBeforeTheNextCall: a sink that changed its state and delivered nothing is called again at once, after
// the state is on disk.
func TestIntentIsStoredBeforeTheNextCall(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world) {
		sink := &continuing{scripted: w.sink}
		var stored []string
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			cursor, _, _ := w.cursors.LoadCursor("s")
			stored = append(stored, string(cursor.State))
			if w.sink.state == "" || w.sink.state == "1" {
				w.sink.state += "intent"
				return []error{sinks.ErrNotTried, sinks.ErrNotTried}[:len(numbers)], nil
			}
			return []error{nil, sinks.ErrNotTried}[:len(numbers)], nil
		}
		stats := w.runContinuing(t, sink, time.Nanosecond)
		equal(t, "what was stored before each call", stored, "[ intent 1 1intent]")
		equal(t, "done", w.sink.done, "[1 2]")
		equal(t, "failures", stats.Failures, 0)
		equal(t, "cursor", w.cursors.After("s"), 2)
	})
}

// TestDueSinkIsCalledWithoutTransitions, is tried again where that fails, and is then well again.
func TestDueSinkIsCalledWithoutTransitions(t *testing.T) {
	bubble(t, 0, func(t *testing.T, w *world) {
		start, calls := time.Now(), []time.Duration(nil)
		sink := &continuing{scripted: w.sink, notice: "look here"}
		sink.due = func() time.Time {
			if len(calls) == 3 {
				return time.Time{}
			}
			return start.Add(time.Minute)
		}
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			equal(t, "transitions", len(numbers), 0)
			calls = append(calls, time.Since(start).Round(time.Minute))
			if len(calls) < 3 {
				return nil, errPassing
			}
			return nil, nil
		}
		stats := w.runContinuing(t, sink, time.Hour)
		equal(t, "calls", calls, "[1m0s 1m0s 1m0s]")
		equal(t, "state", stats.State, sinks.StateOK)
		equal(t, "failures", stats.Failures, 2)
		equal(t, "notice", stats.Notice, "look here")
	})
}

// TestDueSinkThatFailsDoesNotKeepTransitionsOut: they are in the next call.
func TestDueSinkThatFailsDoesNotKeepTransitionsOut(t *testing.T) {
	bubble(t, 0, func(t *testing.T, w *world) {
		sink := &continuing{scripted: w.sink, due: time.Now}
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			if len(numbers) == 0 {
				return nil, errPassing
			}
			return make([]error, len(numbers)), nil
		}
		go func() {
			time.Sleep(10 * time.Minute)
			w.outbox.Add(window.Transition{Number: 1, ID: "1"})
		}()
		stats := w.runContinuing(t, sink, 12*time.Minute)
		equal(t, "delivered", stats.Delivered, 1)
	})
}

// TestBlockedSinkIsTriedSeldom: often enough to notice that it was mended, and no more.
func TestBlockedSinkIsTriedSeldom(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		var calls atomic.Int64
		mended := time.Now().Add(time.Hour)
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			calls.Add(1)
			if time.Now().Before(mended) {
				return nil, &sinks.Blocked{Err: errors.New("invalid_auth")}
			}
			return make([]error, len(numbers)), nil
		}
		delivery := sinks.NewDelivery("s", w.sink, w.outbox, w, w.writeLetter, w.options)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- delivery.Run(ctx) }()
		time.Sleep(59 * time.Minute)
		state, tried := delivery.Stats().State, calls.Load()
		time.Sleep(7 * time.Minute)
		stats := delivery.Stats()
		cancel()
		<-ended
		equal(t, "while it is blocked", state, sinks.StateBlocked)
		if tried < 10 || tried > 25 {
			t.Errorf("%d calls in an hour", tried)
		}
		equal(t, "when it is mended", []any{stats.State, stats.Delivered}, []any{sinks.StateOK, 1})
		if !slices.Equal(w.sink.done, []uint64{1}) {
			t.Errorf("done: %v", w.sink.done)
		}
	})
}
