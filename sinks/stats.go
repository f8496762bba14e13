package sinks

import (
	"slices"
	"sync"
	"time"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/window"
)

// State is what a Delivery is doing, in a word.
type State = delivery.State

// The states of a Delivery.
const (
	StateStarting = delivery.StateStarting
	StateOK       = delivery.StateOK
	StateRetrying = delivery.StateRetrying
	StateBlocked  = delivery.StateBlocked
	StateStopped  = delivery.StateStopped
)

// Stats is a snapshot of a Delivery. Counters count from the start of the process.
type Stats struct {
	// Name is the sink's.
	Name string
	// State is what the Delivery is doing.
	State State
	// Delivered counts transitions that the receiver took, or had already.
	Delivered uint64
	// Failures counts tries that left something undone, Retries the tries that followed one.
	Failures, Retries uint64
	// DeadLetters counts transitions that the receiver refused for good.
	DeadLetters uint64
	// After is the cursor.
	After uint64
	// Waiting is the number of committed transitions behind the cursor; without Options.Last, of those in the batch
	// under way.
	Waiting uint64
	// LastError is the last failure or refusal, LastErrorTime when it was. They stay after it is over.
	LastError     string
	LastErrorTime time.Time
	// Notice is what the sink has to tell an operator although it delivers; mostly empty.
	Notice string
	// LastSuccess is when a transition was last delivered. FailingSince is when the present failures began, zero while
	// the State is neither StateRetrying nor StateBlocked.
	LastSuccess  time.Time
	FailingSince time.Time
	// Latency counts, for each delivered transition, the time from the arrival of its deciding batch to its delivery.
	Latency Histogram
}

// Histogram counts durations.
type Histogram struct {
	// Count is the number of observations, Sum their sum in seconds.
	Count uint64
	Sum   float64
	// Buckets are cumulative, in rising order of their bounds; the one without a bound is Count.
	Buckets []Bucket
}

// Bucket counts the observations of at most UpperBound seconds.
type Bucket struct {
	UpperBound float64
	Count      uint64
}

// latencyBounds reach from a local disk's fsync to a receiver that was down over a weekend.
var latencyBounds = []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86400}

func newHistogram(bounds []float64) Histogram {
	h := Histogram{Buckets: make([]Bucket, len(bounds))}
	for i, bound := range bounds {
		h.Buckets[i].UpperBound = bound
	}
	return h
}

func (h *Histogram) observe(seconds float64) {
	h.Count++
	h.Sum += seconds
	for i := range h.Buckets {
		if seconds <= h.Buckets[i].UpperBound {
			h.Buckets[i].Count++
		}
	}
}

// status is the Stats under a lock: the delivery's goroutine writes, anybody reads.
type status struct {
	mutex sync.Mutex
	stats Stats
}

func newStatus(name string) *status {
	return &status{stats: Stats{Name: name, State: StateStarting, Latency: newHistogram(latencyBounds)}}
}

func (s *status) snapshot() Stats {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	stats := s.stats
	stats.Latency.Buckets = slices.Clone(stats.Latency.Buckets)
	return stats
}

func (s *status) change(f func(*Stats)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	f(&s.stats)
}

func (s *status) delivered(now time.Time, transitions []window.Transition) {
	if len(transitions) == 0 {
		return
	}
	s.change(func(stats *Stats) {
		stats.Delivered += uint64(len(transitions))
		stats.LastSuccess = now
		for _, t := range transitions {
			stats.Latency.observe(max(0, now.Sub(time.Unix(0, t.Received)).Seconds()))
		}
	})
}

func (s *status) refused(now time.Time, reason string) {
	s.change(func(stats *Stats) {
		stats.DeadLetters++
		stats.LastError, stats.LastErrorTime = reason, now
	})
}

func (s *status) failed(now time.Time, err error) {
	s.change(func(stats *Stats) {
		stats.Failures++
		stats.LastError, stats.LastErrorTime = err.Error(), now
		if stats.FailingSince.IsZero() {
			stats.FailingSince = now
		}
		stats.State = StateRetrying
		if IsBlocked(err) {
			stats.State = StateBlocked
		}
	})
}

func (s *status) recovered() {
	s.change(func(stats *Stats) { stats.State, stats.FailingSince = StateOK, time.Time{} })
}

func (s *status) notice(text string) { s.change(func(stats *Stats) { stats.Notice = text }) }

func (s *status) retrying() { s.change(func(stats *Stats) { stats.Retries++ }) }

func (s *status) stopped() {
	s.change(func(stats *Stats) { stats.State, stats.FailingSince = StateStopped, time.Time{} })
}

func (s *status) moved(after uint64) { s.change(func(stats *Stats) { stats.After = after }) }

func (s *status) pending(count int) { s.change(func(stats *Stats) { stats.Waiting = uint64(count) }) }
