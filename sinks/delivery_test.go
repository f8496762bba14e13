package sinks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

var errPassing = errors.New("connection refused")

// scripted is a sink that does what the test says. It is for the delivery loop alone; real sinks meet real servers.
type scripted struct {
	deliver  func(numbers []uint64) ([]error, error)
	calls    [][]uint64
	done     []uint64
	state    string
	restored []string
	restore  func() error
	closed   int
}

func (s *scripted) Deliver(_ context.Context, transitions []window.Transition) ([]error, error) {
	var numbers []uint64
	for _, transition := range transitions {
		numbers = append(numbers, transition.Number)
	}
	s.calls = append(s.calls, numbers)
	outcomes, err := make([]error, len(numbers)), error(nil)
	if s.deliver != nil {
		outcomes, err = s.deliver(numbers)
	}
	for i := range outcomes {
		if outcomes[i] == nil {
			s.done = append(s.done, numbers[i])
			s.state = fmt.Sprint(numbers[i])
		}
	}
	return outcomes, err
}

func (s *scripted) State() []byte { return []byte(s.state) }

func (s *scripted) Restore(state []byte) error {
	s.restored = append(s.restored, string(state))
	if s.restore != nil {
		return s.restore()
	}
	return nil
}

func (s *scripted) Close() error {
	s.closed++
	return nil
}

// world is a delivery loop with all that is around it, on a clock of its own.
type world struct {
	sink    *scripted
	outbox  *sinktest.Outbox
	cursors sinktest.Cursors
	letters sinktest.DeadLetters
	log     bytes.Buffer
	options sinks.Options
	// storing and writing, where set, fail instead.
	storing, writing func() error
}

func newWorld(count int) *world {
	w := &world{sink: &scripted{}, outbox: sinktest.NewOutbox(sinktest.Transitions(1, count)...)}
	w.options = sinks.Options{BatchSize: 10, Last: w.outbox.Last, Logger: zerolog.New(&w.log)}
	return w
}

func (w *world) LoadCursor(sink string) (sinks.Cursor, bool, error) {
	return w.cursors.LoadCursor(sink)
}

func (w *world) StoreCursor(sink string, cursor sinks.Cursor) error {
	if w.storing != nil {
		if err := w.storing(); err != nil {
			return err
		}
	}
	return w.cursors.StoreCursor(sink, cursor)
}

func (w *world) writeLetter(ctx context.Context, letter sinks.DeadLetter) error {
	if w.writing != nil {
		if err := w.writing(); err != nil {
			return err
		}
	}
	return w.letters.Write(ctx, letter)
}

// run runs the loop for a while of the bubble's time and returns its stats before it was stopped.
func (w *world) run(t *testing.T, while time.Duration) sinks.Stats {
	t.Helper()
	delivery := sinks.NewDelivery("s", w.sink, w.outbox, w, w.writeLetter, w.options)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- delivery.Run(ctx) }()
	time.Sleep(while) // the bubble's clock, not a real one
	synctest.Wait()
	stats := delivery.Stats()
	cancel()
	stopping := time.Now()
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if took := time.Since(stopping); took > 0 {
		t.Errorf("Run took %s to stop", took)
	}
	if w.sink.closed != 1 {
		t.Errorf("the sink was closed %d times", w.sink.closed)
	}
	if state := delivery.Stats().State; state != sinks.StateStopped {
		t.Errorf("at the end the state is %s", state)
	}
	return stats
}

// bubble runs a test on a clock that moves when nothing else can.
func bubble(t *testing.T, count int, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(count)) })
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestOnlyWhatIsUndoneIsTriedAgain(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world) {
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			outcomes := make([]error, len(numbers))
			if len(w.sink.calls) == 1 {
				outcomes[1], outcomes[3] = errPassing, errPassing
			}
			return outcomes, nil
		}
		stats := w.run(t, time.Minute)
		equal(t, "calls", w.sink.calls, "[[1 2 3 4 5] [2 4]]")
		equal(t, "cursor", w.cursors.After("s"), 5)
		equal(t, "delivered", stats.Delivered, 5)
		equal(t, "failures and retries", []uint64{stats.Failures, stats.Retries}, "[1 1]")
	})
}

func TestTheCursorStopsBeforeWhatIsUndone(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world) {
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			outcomes := make([]error, len(numbers))
			for i, number := range numbers {
				if number == 3 {
					outcomes[i] = errPassing
				}
			}
			return outcomes, nil
		}
		stats := w.run(t, time.Hour)
		equal(t, "cursor", w.cursors.After("s"), 2)
		equal(t, "done", w.sink.done, "[1 2 4 5]")
		equal(t, "waiting", stats.Waiting, 3)
		equal(t, "state", stats.State, sinks.StateRetrying)
		equal(t, "error", stats.LastError, "connection refused")
		if stats.FailingSince.IsZero() || stats.LastSuccess.IsZero() {
			t.Errorf("stats are %+v", stats)
		}
	})
}

func TestPacedSinkIsGivenTheRestAtOnce(t *testing.T) {
	bubble(t, 4, func(t *testing.T, w *world) {
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			outcomes := make([]error, len(numbers))
			for i := 1; i < len(outcomes); i++ {
				outcomes[i] = sinks.ErrNotTried
			}
			return outcomes, nil
		}
		stats := w.run(t, time.Nanosecond)
		equal(t, "calls", w.sink.calls, "[[1 2 3 4] [2 3 4] [3 4] [4]]")
		equal(t, "failures", stats.Failures, 0)
		equal(t, "cursor", w.cursors.After("s"), 4)
	})
}

func TestSinkThatTriesNothingIsNotAskedWithoutEnd(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		w.sink.deliver = func([]uint64) ([]error, error) { return []error{sinks.ErrNotTried}, nil }
		w.run(t, time.Minute)
		if len(w.sink.calls) > 10 {
			t.Errorf("it was asked %d times in a minute", len(w.sink.calls))
		}
	})
}

func TestRefusedIsWrittenBeforeTheCursorMoves(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			outcomes := make([]error, len(numbers))
			outcomes[1] = &sinks.Permanent{Err: errors.New("mapping conflict")}
			return outcomes, nil
		}
		var mended atomic.Bool
		w.writing = func() error {
			if !mended.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}
		w.storing = func() error {
			if len(w.sink.calls) > 0 && len(w.letters.All()) == 0 {
				t.Error("the cursor was stored before the dead letter")
			}
			return nil
		}
		time.AfterFunc(time.Minute, func() { mended.Store(true) })
		stats := w.run(t, 5*time.Minute)
		equal(t, "calls", w.sink.calls, "[[1 2 3]]")
		equal(t, "cursor", w.cursors.After("s"), 3)
		equal(t, "dead letters", stats.DeadLetters, 1)
		equal(t, "delivered", stats.Delivered, 2)
		letter := w.letters.All()[0]
		equal(t, "letter", letter.Reason+letter.Output, "mapping conflict"+"s")
		if !bytes.Equal(letter.Document, sinks.Document(sinktest.Transition(2))) {
			t.Errorf("the letter holds %s", letter.Document)
		}
		if !strings.Contains(w.log.String(), "refused an alert for good") {
			t.Errorf("the log does not say so: %s", w.log.String())
		}
	})
}

func TestErrorThatStandsForAll(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world) {
		w.sink.deliver = func([]uint64) ([]error, error) { return nil, &sinks.Permanent{Err: errors.New("gone")} }
		stats := w.run(t, time.Minute)
		equal(t, "dead letters", stats.DeadLetters, 2)
		equal(t, "cursor", w.cursors.After("s"), 2)
	})
}

func TestWrongNumberOfOutcomesDeliversNothing(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			if len(w.sink.calls) == 1 {
				return make([]error, 2), nil
			}
			return make([]error, len(numbers)), nil
		}
		stats := w.run(t, time.Minute)
		equal(t, "calls", w.sink.calls, "[[1 2 3] [1 2 3]]")
		equal(t, "delivered", stats.Delivered, 3)
	})
}

func TestPanicIsAFailure(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			if len(w.sink.calls) < 3 {
				panic("out of range")
			}
			return make([]error, len(numbers)), nil
		}
		stats := w.run(t, time.Minute)
		equal(t, "delivered", stats.Delivered, 1)
		equal(t, "failures", stats.Failures, 2)
		equal(t, "error", stats.LastError, "panic: out of range")
		if !strings.Contains(w.log.String(), "delivery_test.go") {
			t.Error("the log does not show where it panicked")
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		var tries []time.Duration
		start := time.Now()
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			tries = append(tries, time.Since(start))
			if len(tries) < 3 {
				return nil, &sinks.RetryAfter{Err: errPassing, Delay: 37 * time.Second}
			}
			return make([]error, len(numbers)), nil
		}
		w.run(t, 5*time.Minute)
		equal(t, "tries", tries, "[0s 37s 1m14s]")
	})
}

func TestStateComesBackWithTheCursor(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world) {
		w.options.BatchSize = 2
		w.run(t, time.Minute)
		cursor, _, _ := w.cursors.LoadCursor("s")
		equal(t, "stored state", string(cursor.State), "5")
		w.sink = &scripted{}
		w.outbox.Add(sinktest.Transitions(6, 1)...)
		w.run(t, time.Minute)
		equal(t, "restored", w.sink.restored, "[5]")
		equal(t, "calls", w.sink.calls, "[[6]]")
	})
}

// careful is a sink that takes away what will come again, and no more.
type careful struct {
	*scripted
	again []int
}

func (c *careful) WillComeAgain(transitions func() int) { c.again = append(c.again, transitions()) }

func TestSinksAreToldWhatWillComeAgain(t *testing.T) {
	for after, want := range map[uint64]int{0: 5, 3: 2, 5: 0, 9: 0} {
		bubble(t, 5, func(t *testing.T, w *world) {
			if err := w.cursors.StoreCursor("s", sinks.Cursor{After: after}); err != nil {
				t.Fatal(err)
			}
			c := &careful{scripted: w.sink}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := sinks.NewDelivery("s", c, w.outbox, w, w.writeLetter, w.options).Run(ctx); err != nil {
				t.Fatal(err)
			}
			equal(t, "told", c.again, fmt.Sprintf("[%d]", want))
		})
	}
}

func TestRestoreIsTriedAgain(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		var mended atomic.Bool
		w.sink.restore = func() error {
			if !mended.Load() {
				return errors.New("open: permission denied")
			}
			return nil
		}
		time.AfterFunc(time.Minute, func() { mended.Store(true) })
		stats := w.run(t, 3*time.Minute)
		equal(t, "delivered", stats.Delivered, 1)
		equal(t, "state", stats.State, sinks.StateOK)
		if !strings.Contains(stats.LastError, "permission denied") {
			t.Errorf("the last error is %q", stats.LastError)
		}
	})
}

func TestNewSinkStartsWhereItIsTold(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world) {
		w.options.StartAfter = 5
		w.run(t, time.Minute)
		equal(t, "calls", w.sink.calls, "[]")
		// The next start would begin elsewhere, had the place not been stored at once.
		w.outbox.Add(sinktest.Transitions(6, 2)...)
		w.sink, w.options.StartAfter = &scripted{}, 7
		w.run(t, time.Minute)
		equal(t, "calls", w.sink.calls, "[[6 7]]")
	})
}

// TestFirstStateIsStoredBeforeTheFirstDelivery has a cursor that was set up without the sink, as the pipeline does it. A
// kill between the first delivery and its cursor must find the state to go back to.
func TestFirstStateIsStoredBeforeTheFirstDelivery(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		if err := w.StoreCursor("s", sinks.Cursor{}); err != nil {
			t.Fatal(err)
		}
		w.sink.state = "length 0"
		var stored []byte
		w.sink.deliver = func([]uint64) ([]error, error) {
			cursor, _, err := w.LoadCursor("s")
			stored = cursor.State
			return nil, err
		}
		w.run(t, time.Minute)
		equal(t, "state at the first delivery", string(stored), "length 0")
	})
}

func TestCursorBeyondTheEnd(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		if err := w.cursors.StoreCursor("s", sinks.Cursor{After: 9}); err != nil {
			t.Fatal(err)
		}
		w.cursors.Rewind("s", 9)
		go func() {
			time.Sleep(time.Second)
			w.outbox.Add(sinktest.Transitions(4, 1)...)
		}()
		w.run(t, time.Minute)
		equal(t, "calls", w.sink.calls, "[[4]]")
		if !strings.Contains(w.log.String(), "beyond the last committed alert") {
			t.Errorf("the log does not say so: %s", w.log.String())
		}
	})
}

func TestCursorThatCannotBeStored(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		w.options.BatchSize = 1
		var mended atomic.Bool
		w.storing = func() error {
			if !mended.Load() && len(w.sink.calls) > 0 {
				equal(t, "calls while it fails", w.sink.calls, "[[1]]")
				return errors.New("no space left on device")
			}
			return nil
		}
		time.AfterFunc(time.Minute, func() { mended.Store(true) })
		stats := w.run(t, 5*time.Minute)
		equal(t, "calls", w.sink.calls, "[[1] [2] [3]]")
		equal(t, "state", stats.State, sinks.StateOK)
	})
}

func TestFailuresAreLoggedOnceAndSeldom(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world) {
		var mended atomic.Bool
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			if !mended.Load() {
				return nil, errPassing
			}
			return make([]error, len(numbers)), nil
		}
		time.AfterFunc(time.Hour, func() { mended.Store(true) })
		w.run(t, 2*time.Hour)
		lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
		// An hour has twelve times five minutes; the tries are up to a minute apart.
		if len(lines) < 10 || len(lines) > 14 {
			t.Errorf("an hour of failures gave %d lines:\n%s", len(lines), w.log.String())
		}
		for _, part := range []string{`"error":"connection refused"`, `"waiting":2`, `"since":`} {
			if !strings.Contains(lines[0], part) {
				t.Errorf("the first line lacks %s: %s", part, lines[0])
			}
		}
		if last := lines[len(lines)-1]; !strings.Contains(last, "delivered again") {
			t.Errorf("the last line is %s", last)
		}
	})
}

func TestChangingReasonsAreNotLoggedEachTime(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		w.options.RetryMax = time.Second
		w.sink.deliver = func([]uint64) ([]error, error) {
			return nil, fmt.Errorf("port %d: connection reset", len(w.sink.calls))
		}
		w.run(t, 100*time.Second)
		if lines := strings.Count(w.log.String(), "\n"); lines > 11 {
			t.Errorf("100 s of different failures gave %d lines", lines)
		}
	})
}

func TestLatencyIsFromArrivalToDelivery(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world) {
		w.options.Now = func() time.Time { return time.Unix(0, sinktest.Transition(1).Received).Add(30 * time.Millisecond) }
		latency := w.run(t, time.Second).Latency
		equal(t, "count", latency.Count, 2)
		// The second one was received after that: a clock that went back counts as no time at all.
		equal(t, "sum", latency.Sum, 0.03)
		for _, bucket := range latency.Buckets {
			want := 1
			if bucket.UpperBound >= 0.03 {
				want = 2
			}
			equal(t, fmt.Sprint("bucket ", bucket.UpperBound), bucket.Count, want)
		}
	})
}

func TestNothingIsDeliveredAfterTheContextEnded(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		w.sink.deliver = func(numbers []uint64) ([]error, error) {
			cancel() // in the middle of a delivery that has success with the first
			return []error{nil, context.Canceled, sinks.ErrNotTried}, nil
		}
		delivery := sinks.NewDelivery("s", w.sink, w.outbox, w, w.writeLetter, w.options)
		if err := delivery.Run(ctx); err != nil {
			t.Error(err)
		}
		equal(t, "calls", w.sink.calls, "[[1 2 3]]")
		equal(t, "cursor", w.cursors.After("s"), 1)
		equal(t, "log", w.log.String(), "")
	})
}
