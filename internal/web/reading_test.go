package web

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/journal"
)

// A room that hangs keeps one goroutine, however many ask, and Shutdown waits for it.
func TestRoomThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int64
		s := started(Options{Sources: Sources{Journal: func() journal.Stats {
			calls.Add(1)
			<-release
			return journal.Stats{}
		}}})
		handler := s.Handler(loopback)
		for range 10 {
			began := time.Now()
			body := get(handler, "/healthz").Body.String()
			if took := time.Since(began); took != probePatience {
				t.Errorf("/healthz took %s", took)
			}
			if !strings.Contains(body, `"status": "degraded"`) || !strings.Contains(body, "journal does not answer") {
				t.Errorf("/healthz: %s", body)
			}
		}
		metrics := get(handler, "/metrics").Body.String()
		for want, there := range map[string]bool{
			`logboom_room_readable{room="journal"} 0`:  true,
			`logboom_room_readable{room="pipeline"} 1`: true,
			`logboom_journal_appended_records_total`:   false,
			`logboom_pipeline_batches_total 0`:         true,
		} {
			if strings.Contains(metrics, want) != there {
				t.Errorf("/metrics holds %s: %t", want, !there)
			}
		}
		if got := calls.Load(); got != 1 {
			t.Errorf("%d calls at once", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown while a room hangs: %v", err)
		}
		close(release)
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		synctest.Wait()
		if body := get(handler, "/healthz").Body.String(); !strings.Contains(body, `"status": "ok"`) {
			t.Errorf("/healthz after all: %s", body)
		}
	})
}

func TestRoomThatPanics(t *testing.T) {
	var log bytes.Buffer
	s := started(Options{Logger: zerolog.New(&log), Sources: Sources{
		Journal: func() journal.Stats { panic("broken counters") },
	}})
	handler := s.Handler(loopback)
	for range 3 {
		answer := get(handler, "/healthz")
		if answer.Code != 200 || !strings.Contains(answer.Body.String(), "journal panicked: broken counters") {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"place":"journal"`) ||
		!strings.Contains(text, "reading_test.go") {
		t.Errorf("log: %s", text)
	}
}

func TestReadingIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		calls := 0
		r := newReading(&readers{}, "a room", func() int {
			calls++
			<-release
			return calls
		})
		first, second := r.ask(), r.ask()
		synctest.Wait()
		close(release)
		if a, b := first.wait(t.Context()), second.wait(t.Context()); a != b || a.value != 1 || !a.known() {
			t.Errorf("%v and %v", a, b)
		}
		synctest.Wait()
		if a := r.ask().wait(t.Context()); a.value != 2 {
			t.Errorf("read anew: %v", a)
		}
	})
}

func TestReadingThatIsNotThere(t *testing.T) {
	r := newReading[int](&readers{}, "a room", nil)
	if a := r.ask().wait(t.Context()); a.present || a.known() {
		t.Errorf("%v", a)
	}
}

// An answer that is there is taken even when the time is up.
func TestReadingInTheLastMoment(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	c := &call[int]{done: make(chan struct{}), value: 7}
	close(c.done)
	for range 100 {
		if a := c.wait(ended); !a.known() || a.value != 7 {
			t.Fatalf("%v", a)
		}
	}
}
