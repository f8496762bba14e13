package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/pipeline"
)

// How liveness is judged.
const (
	// wedgedAfter is how long batches may wait while nothing moves. It is twice what Filebeat would wait without a sign.
	wedgedAfter = time.Minute
	// watchInterval is how often it is looked at.
	watchInterval = 5 * time.Second
	// longestGap between two looks: after a longer one the process was asleep itself, and what it saw before is no
	// evidence.
	longestGap = 3 * watchInterval
)

// watchdog finds out whether the writer is wedged: batches wait, the journal is well, the disk answers, and yet not one
// counter has moved for wedgedAfter. It is safe for concurrent use; the zero value is ready.
type watchdog struct {
	mutex sync.Mutex
	// seen is what the counters were at the last look, at the time looked.
	seen   progress
	looked time.Time
	// since is when nothing had moved for the first time; zero while all is well.
	since time.Time
}

// progress are counters of which at least one moves while the writer works.
type progress struct {
	stats   pipeline.Stats
	last    uint64
	letters deadletter.Stats
}

// look takes note of what there is to see at a time. ready says that events should be taken.
func (d *watchdog) look(now time.Time, ready bool, facts facts) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	asleep := now.Sub(d.looked) > longestGap
	d.looked = now
	stuck := ready && d.stuck(facts)
	switch {
	case !stuck:
		d.since = time.Time{}
	case asleep || d.since.IsZero():
		d.since = now
	}
}

// stuck tells whether batches wait and nothing has moved since the last look. The mutex is held.
func (d *watchdog) stuck(facts facts) bool {
	// Who holds these locks waits for the disk, and the next process would, too.
	if facts.journal.err != nil || facts.deadLetters.err != nil || !facts.pipeline.present {
		return false
	}
	if facts.pipeline.err != nil {
		return true // no lock of the pipeline's is held over a write
	}
	status := facts.pipeline.value.status
	before := d.seen
	d.seen = progress{facts.pipeline.value.stats, status.Last, facts.deadLetters.value}
	return d.seen == before && status.State == pipeline.StateOK && status.Waiting > 0
}

// wedged returns for how long nothing has moved, and whether that is too long.
func (d *watchdog) wedged() (time.Duration, bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.since.IsZero() {
		return 0, false
	}
	lasted := d.looked.Sub(d.since)
	return lasted, lasted >= wedgedAfter
}

// watch looks until ctx ends.
func (s *Server) watch(ctx context.Context) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.watchdog.look(s.options.Now(), s.readiness.Load().ready, s.facts(ctx, readPatience))
		case <-ctx.Done():
			return
		}
	}
}

// livez reports what watch found and reads nothing itself, so that it answers whatever hangs.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	if lasted, wedged := s.watchdog.wedged(); wedged {
		writeText(w, http.StatusServiceUnavailable, fmt.Sprintf(
			"the writer is wedged: batches wait and nothing has moved for %s; restart logboom", lasted.Round(time.Second),
		))
		return
	}
	writeText(w, http.StatusOK, "ok")
}
