package pipeline

import (
	"fmt"
	"time"

	"github.com/logboom/logboom/rules"
)

// commitLoop makes appended records durable, one fsync for all that wait, and tells everybody who waits for that. After a
// failure it only collects, until the writer asks for what is left.
func (p *Pipeline) commitLoop() {
	var pending []commit
	broken := false
	for c := range p.commits {
		pending = append(pending, c)
		for range len(p.commits) {
			pending = append(pending, <-p.commits)
		}
		if last := pending[len(pending)-1]; last.barrier != nil {
			// The writer waits for the answer, so nothing can stand behind a barrier.
			last.barrier <- pending[:len(pending)-1]
			pending, broken = nil, false
			continue
		}
		if broken {
			continue
		}
		if err := p.sync(pending); err != nil {
			broken = true
			p.failures <- err
			continue
		}
		p.complete(pending)
		clear(pending)
		pending = pending[:0]
	}
	for _, c := range pending {
		if c.work != nil {
			c.work.done <- ErrClosed
		}
	}
}

// sync makes the commits durable, unless none of them wrote anything.
func (p *Pipeline) sync(pending []commit) error {
	var last uint64
	for _, c := range pending {
		last = max(last, c.sequence)
	}
	if last <= p.journal.Durable() {
		return nil
	}
	start := time.Now()
	p.status.committing.Store(start.UnixNano())
	durable, err := p.journal.Sync()
	p.status.committing.Store(0)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if durable < last {
		return fmt.Errorf("commit: record %d is not durable, only those up to %d", last, durable)
	}
	p.stats.commits.Add(1)
	p.stats.commitNanoseconds.Add(uint64(time.Since(start)))
	return nil
}

// complete shows what is durable: transitions to sinks first, so that an alert is under way when its batch is
// acknowledged.
func (p *Pipeline) complete(pending []commit) {
	p.committed.send()
	for _, c := range pending {
		p.outbox.publish(c.transitions)
		p.stats.transitions.Add(uint64(len(c.transitions)))
		p.arrived(c.positions)
		if c.work != nil {
			c.work.done <- nil
		}
		if c.checkpoint != nil {
			p.routines.Go(func() { p.store(c.checkpoint) })
		}
	}
}

// commitNow makes one outcome durable at once. Only New and the writer call it, while commitLoop has nothing to do.
func (p *Pipeline) commitNow(outcome rules.Outcome) error {
	p.decided(outcome)
	bytes, err := appendRecord(nil, outcome, nil, nil)
	if err != nil || len(bytes) == 0 {
		return err
	}
	if _, err := p.appendBytes(bytes); err != nil {
		return err
	}
	if _, err := p.journal.Sync(); err != nil {
		return err
	}
	p.writer.unstored += len(bytes)
	p.outbox.publish(outcome.Transitions)
	return nil
}

// repairInterval is the shortest time between two attempts to bring a failed journal back.
const repairInterval = time.Second

// repair throws the engine away after a commit failed, brings the journal back to what is durable, and rebuilds the
// engine from it, as often as it takes. The batches that were not durable are judged again afterwards.
//
// When the pipeline ends before that is done, it returns with writer.unrepaired set, and nothing may be taken any more.
func (p *Pipeline) repair(cause error) {
	p.writer.unrepaired = true
	p.status.fail(cause)
	p.stats.failures.Add(1)
	p.logger.Error().Err(cause).Msg("the journal cannot be written; events are not acknowledged until it can")
	answer := make(chan []commit)
	p.commits <- commit{barrier: answer}
	var back []*work
	for _, c := range <-answer {
		if c.work != nil {
			c.work.stage.Store(stageQueued)
			back = append(back, c.work)
		}
		if c.checkpoint != nil {
			p.writer.checkpointing = false
		}
	}
	p.writer.backlog = append(back, p.writer.backlog...)
	if p.writer.checkpointing { // recovery must not read the checkpoint before and the records behind the one that is being stored
		p.checkpointed(<-p.stored)
	}
	for range len(p.failures) {
		p.status.fail(<-p.failures)
	}
	for !p.repairOnce() {
		select {
		case <-time.After(repairInterval):
		case <-p.stop:
			return
		}
	}
	p.writer.unrepaired = false
	p.status.recover()
	p.logger.Info().Int("batches", len(p.writer.backlog)).Msg("the journal can be written again; the batches that wait are judged anew")
}

// repairOnce returns whether the journal and the engine are usable again.
func (p *Pipeline) repairOnce() bool {
	if time.Since(p.writer.repaired) < repairInterval {
		return false
	}
	p.writer.repaired = time.Now()
	err := p.journal.Recover()
	if err == nil {
		err = p.recover(false)
	}
	if err == nil {
		var outcome rules.Outcome
		if outcome, err = p.engine.Change(p.options.Rules, time.Now().UnixNano()); err == nil {
			err = p.commitNow(outcome)
		}
	}
	if err != nil {
		p.status.fail(err)
		return false
	}
	p.engine.Rest(p.writer.clock, 0)
	p.status.rules.Store(p.engine.Counters())
	return true
}
