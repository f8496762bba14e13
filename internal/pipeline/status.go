package pipeline

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/rules"
)

// The states of the journal that Status can tell.
const (
	// StateOK: events are taken.
	StateOK = "ok"
	// StateFull: there is no room; events wait in their senders until there is.
	StateFull = "full"
	// StateFailing: the last write failed; events wait while the journal is brought back.
	StateFailing = "failing"
	// StateStalled: a write to the disk has not returned for longer than CommitDeadline.
	StateStalled = "stalled"
)

// CommitDeadline is how long a commit may take before the journal counts as stalled.
const CommitDeadline = 10 * time.Second

// Status is what a person or an orchestrator wants to know of the pipeline.
type Status struct {
	// State is one of the State constants, Reason says why it is not StateOK, Since when that began.
	State  string
	Reason string
	Since  time.Time
	// Space is what the journal takes, and may take, of the disk.
	Space journal.Space
	// Holding are the outputs that the log is kept for, the furthest behind first; Oldest is when the oldest batch arrived
	// whose events are kept, the zero time where there is none. Like Space they are as of the last look, a second ago.
	Holding []Holder
	Oldest  time.Time
	// Waiting is the number of batches that were received and not judged yet.
	Waiting int64
	// Last is the number of the latest transition.
	Last uint64
}

// Stats counts since the process began, but for CheckpointBytes.
type Stats struct {
	Batches, Events         uint64
	Undecodable, Rejected   uint64
	Duplicates              uint64 // events that came again, and were neither counted nor passed on
	TimestampMissing        uint64
	TimestampUnparsable     uint64
	Transitions             uint64
	Commits, CommitFailures uint64
	CommitTime              time.Duration
	Checkpoints             uint64
	CheckpointBytes         uint64 // size of the last checkpoint
}

type counters struct {
	batches, events, duplicates, undecodable, rejected, timestampMissing, timestampUnparsable, transitions atomic.Uint64
	commits, failures, commitNanoseconds, checkpoints, checkpointBytes                                     atomic.Uint64
}

// Stats returns the counters as they are.
func (p *Pipeline) Stats() Stats {
	s := &p.stats
	return Stats{
		Batches: s.batches.Load(), Events: s.events.Load(), Duplicates: s.duplicates.Load(), Undecodable: s.undecodable.Load(),
		Rejected: s.rejected.Load(), TimestampMissing: s.timestampMissing.Load(),
		TimestampUnparsable: s.timestampUnparsable.Load(), Transitions: s.transitions.Load(),
		Commits: s.commits.Load(), CommitFailures: s.failures.Load(),
		CommitTime: time.Duration(s.commitNanoseconds.Load()), Checkpoints: s.checkpoints.Load(),
		CheckpointBytes: s.checkpointBytes.Load(),
	}
}

// Status returns the state as it is.
func (p *Pipeline) Status() Status {
	status := p.status.get()
	status.Waiting = p.waiting.Load()
	status.Last = p.outbox.last()
	for _, began := range []int64{p.status.appending.Load(), p.status.committing.Load()} {
		if took := time.Since(time.Unix(0, began)); status.State == StateOK && began != 0 && took > CommitDeadline {
			status.State, status.Since = StateStalled, time.Unix(0, began)
			status.Reason = fmt.Sprintf("a write to the disk has not returned for %s", took.Round(time.Second))
		}
	}
	return status
}

// Rules returns the rules with their defaults, and the counters of each by name.
func (p *Pipeline) Rules() ([]rules.Rule, map[string]*rules.Counters) {
	counters, _ := p.status.rules.Load().(map[string]*rules.Counters)
	return p.options.Rules.Rules(), counters
}

// status is written by the writer and the watcher and read by everybody.
type status struct {
	mutex      sync.Mutex
	failure    error
	since      time.Time
	space      journal.Space
	holding    []Holder
	oldest     time.Time
	fullSince  time.Time
	appending  atomic.Int64 // when the write under way began, 0 where there is none
	committing atomic.Int64 // when the fsync under way began, 0 where there is none
	rules      atomic.Value // map[string]*rules.Counters
	// appended counts the bytes that were written since space was measured, so that no more is taken than there is room
	// for, however fast it comes.
	appended atomic.Int64
}

func (s *status) fail(err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.failure == nil {
		s.since = time.Now()
	}
	s.failure = err
}

func (s *status) recover() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.failure = nil
}

func (s *status) full() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.space.Full
}

// exhausted says whether what was written since the last look may have taken all the room that there was.
func (s *status) exhausted() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	appended := s.appended.Load()
	return appended > 0 && (s.space.Used+appended >= s.space.Budget || s.space.Free-appended < s.space.Reserve)
}

// added takes note of written bytes and says whether it is time to measure.
func (s *status) added(bytes int) bool {
	const least, most = 1 << 20, 64 << 20
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.appended.Add(int64(bytes)) >= max(least, min(s.space.Budget/16, most))
}

// tight returns from how many bytes of records on a checkpoint is worth it to make room: where the journal is about to be
// full and no output holds it.
func (s *status) tight() int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.holding) > 0 || filledBudget(s.space) < tightFrom {
		return math.MaxInt64
	}
	return max(1, s.space.Budget/tightShare)
}

// A journal is tight from so many percent on, before the alert says so. A checkpoint must give a part of the budget back,
// as records are counted towards one.
const (
	tightFrom  = fillingBegins - 5
	tightShare = 64
)

func (s *status) usable() bool { return s.get().State == StateOK }

func (s *status) get() Status {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	status := Status{State: StateOK, Space: s.space, Holding: s.holding, Oldest: s.oldest}
	switch {
	case s.failure != nil:
		status.State, status.Reason, status.Since = StateFailing, s.failure.Error(), s.since
	case s.space.Full:
		status.State, status.Reason, status.Since = StateFull, fullReason(s.space, s.holding), s.fullSince
	}
	return status
}

// measured takes note of the space and what holds it, and returns whether the journal has just become full, or has room
// again. Appended is how many bytes had been written since the last time when the measuring began.
func (s *status) measured(space journal.Space, holding []Holder, oldest time.Time, appended int64) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.appended.Add(-appended)
	changed := s.space.Full != space.Full
	if changed {
		s.fullSince = time.Now()
	}
	s.space, s.holding, s.oldest = space, holding, oldest
	return changed
}

// watchInterval is how often the space is looked at, at least.
const watchInterval = time.Second

// watch stops the writer before the disk is full, and starts it again.
func (p *Pipeline) watch() {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	p.measure(true)
	for {
		select {
		case <-ticker.C:
			p.measure(true)
		case <-p.look:
			p.measure(false)
		case <-p.stop:
			return
		}
	}
}

// lookSoon has the space measured before the next tick: much was written since the last time.
func (p *Pipeline) lookSoon() {
	select {
	case p.look <- struct{}{}:
	default:
	}
}

// measure drops what nobody needs any more and measures what is left. The built-in alerts look at every tick.
func (p *Pipeline) measure(tick bool) {
	if err := p.outputs.cut(); err != nil {
		p.said.cut.Do(func() { p.logger.Error().Err(err).Msg("the journal could not drop what nobody needs any more") })
	}
	appended := p.status.appended.Load()
	space, err := p.journal.Space()
	if err != nil {
		p.said.space.Do(func() { p.logger.Error().Err(err).Msg("the free space of the disk cannot be read") })
		return
	}
	holding, arrived := p.outputs.holders(), time.Time{}
	if len(p.options.Outputs) > 0 {
		arrived = p.oldest.look(p.Events(), p.journal.First())
	}
	if tick {
		p.sayUnevaluated()
	}
	if tick && p.options.Builtin {
		p.builtins.look(time.Now(), space, holding)
	}
	defer p.wakeWriter()
	if !p.status.measured(space, holding, arrived, appended) {
		return
	}
	if space.Full {
		p.logger.Error().Str("reason", fullReason(space, holding)).Int64("used", space.Used).Int64("free", space.Free).
			Msg("the journal is full; events are not taken until there is room; free space or raise journal.budget")
	} else {
		p.logger.Info().Int64("free", space.Free).Msg("the journal has room again; events are taken")
	}
}
