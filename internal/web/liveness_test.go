package web

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
)

// waiting is what the rooms say while a batch waits and all else is well.
func waiting() facts {
	status := pipeline.Status{State: pipeline.StateOK, Waiting: 1}
	return facts{pipeline: answer[pipelineFacts]{present: true, value: pipelineFacts{status: status}}}
}

// watched lets a watchdog look for so long at what the rooms say then, and returns its verdict.
func watched(lasting time.Duration, ready bool, then func(*facts, time.Duration)) bool {
	var dog watchdog
	for since := time.Duration(0); since <= lasting; since += watchInterval {
		f := waiting()
		then(&f, since)
		dog.look(moment.Add(since), ready, f)
	}
	_, wedged := dog.wedged()
	return wedged
}

func TestWatchdog(t *testing.T) {
	inState := func(state string) func(*facts, time.Duration) {
		return func(f *facts, _ time.Duration) { f.pipeline.value.status.State = state }
	}
	for name, test := range map[string]struct {
		then func(*facts, time.Duration)
		want bool
	}{
		"nothing moves":         {func(*facts, time.Duration) {}, true},
		"no pipeline":           {func(f *facts, _ time.Duration) { *f = facts{} }, false},
		"nothing waits":         {func(f *facts, _ time.Duration) { f.pipeline.value.status.Waiting = 0 }, false},
		"the pipeline hangs":    {func(f *facts, _ time.Duration) { f.pipeline.err = errNoAnswer }, true},
		"the journal hangs":     {func(f *facts, _ time.Duration) { f.journal.err = errNoAnswer }, false},
		"the dead letters hang": {func(f *facts, _ time.Duration) { f.deadLetters.err = errNoAnswer }, false},
		"more and more wait": {func(f *facts, since time.Duration) {
			f.pipeline.value.status.Waiting = 1 + int64(since)
		}, true},
		"batches are taken": {func(f *facts, since time.Duration) {
			f.pipeline.value.stats.Batches = uint64(since)
		}, false},
		"something moved lately": {func(f *facts, since time.Duration) {
			f.pipeline.value.stats.Batches = uint64(since / (6 * watchInterval))
		}, false},
		"dead letters are tried": {func(f *facts, since time.Duration) {
			f.deadLetters.value.Failures = uint64(since)
		}, false},
		"the disk is full":    {inState(pipeline.StateFull), false},
		"the disk fails":      {inState(pipeline.StateFailing), false},
		"the disk is stalled": {inState(pipeline.StateStalled), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := watched(wedgedAfter, true, test.then); got != test.want {
				t.Errorf("wedged: %t, want %t", got, test.want)
			}
			if watched(wedgedAfter-watchInterval, true, test.then) {
				t.Error("wedged too early")
			}
			if watched(wedgedAfter, false, test.then) {
				t.Error("wedged while not ready")
			}
		})
	}
}

// A process that was stopped, or whose machine slept, has seen nothing in the meantime.
func TestWatchdogWasAsleep(t *testing.T) {
	var dog watchdog
	for _, at := range []time.Duration{0, watchInterval, 2 * watchInterval, time.Hour, time.Hour + watchInterval} {
		dog.look(moment.Add(at), true, waiting())
	}
	if lasted, wedged := dog.wedged(); wedged || lasted != watchInterval {
		t.Errorf("wedged %t after %s", wedged, lasted)
	}
}

func TestLivez(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := healthy()
		from.status.Waiting = 3
		s := started(Options{Now: time.Now, Sources: Sources{
			Pipeline: from, Journal: func() journal.Stats { return journal.Stats{} },
			DeadLetters: func() deadletter.Stats { return deadletter.Stats{} },
		}})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.watch(ctx)
		}()
		handler := s.Handler(remote)
		time.Sleep(wedgedAfter)
		if answer := get(handler, "/livez"); answer.Code != http.StatusOK || answer.Body.String() != "ok\n" {
			t.Errorf("too early: %d %s", answer.Code, answer.Body)
		}
		time.Sleep(2*watchInterval + time.Second)
		const wedged = "the writer is wedged: batches wait and nothing has moved for 1m5s; restart logboom\n"
		if answer := get(handler, "/livez"); answer.Code != http.StatusServiceUnavailable || answer.Body.String() != wedged {
			t.Errorf("wedged: %d %s", answer.Code, answer.Body)
		}
		from.set(func(s *source) { s.stats.Batches++ })
		time.Sleep(watchInterval)
		if answer := get(handler, "/livez"); answer.Code != http.StatusOK {
			t.Errorf("it moves again: %d %s", answer.Code, answer.Body)
		}
		stop()
		<-done
	})
}
