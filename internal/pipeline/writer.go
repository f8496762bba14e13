package pipeline

import (
	"slices"
	"time"

	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

// writerState belongs to the writer's goroutine, and to New before it starts.
type writerState struct {
	// clock is the idle clock: the time during which no received batch waited. clockAt is up to when it was accounted.
	clock   int64
	clockAt time.Time
	// buffer is where records are made.
	buffer []byte
	// unstored counts the bytes of records since the last checkpoint, whose size was stored.
	unstored, stored int
	checkpointing    bool
	checkpointFailed time.Time
	// backlog are the batches that a failed commit gave back, in their order.
	backlog  []*work
	repaired time.Time
	// unrepaired says that the engine, the marks and the positions have what the journal does not. It is so while a failed commit is
	// being repaired, and stays so where that was given up because the pipeline ends.
	unrepaired bool
	// recovered says that there was state to recover.
	recovered bool
	// positions are those of everything appended, for the checkpoint.
	positions map[partition]Position
	// builtin is what is open of the built-in alerts.
	builtin openings
}

// commit is a record on its way to the disk, and what becomes of it there.
type commit struct {
	sequence    uint64
	work        *work
	transitions []window.Transition
	positions   []Position
	content     *work // whose events and marks stand in the record
	checkpoint  *checkpoint
	// barrier asks for all commits that are not durable.
	barrier chan []commit
}

// keptRecord is up to which size the buffer for records is kept.
const keptRecord = 8 << 20

// recoveryCost is what a record counts for on the way to the next checkpoint. Recovery reads over the events in it, which
// takes a small part of the time that it needs for observations.
func recoveryCost(size int, w *work) int {
	if w == nil || w.stored == nil {
		return size
	}
	events := 0
	for _, part := range w.stored.parts {
		events += len(part.Zlib)
	}
	return size - events*15/16
}

// lookAgain is how soon a tick that found a batch waiting tries again.
const lookAgain = 20 * time.Millisecond

// write is the one writer. It gives batches their order and is the only one to touch the engine.
func (p *Pipeline) write() {
	defer close(p.commits)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if p.writer.unrepaired { // the pipeline ends
			p.drain()
			return
		}
		queue := p.queue
		switch {
		case p.status.full():
			queue = nil
		case p.status.exhausted():
			queue = nil
			p.lookSoon()
		case p.takeBacklog():
			continue
		}
		p.arm(timer)
		select {
		case w := <-queue:
			p.takeAll(w)
		case <-timer.C:
			p.tick()
		case err := <-p.failures:
			p.repair(err)
		case done := <-p.stored:
			p.checkpointed(done)
		case <-p.wake:
			p.judgeBuiltins()
		case <-p.stop:
			p.drain()
			return
		}
		p.checkpointIfDue()
	}
}

// takeBacklog judges again what a failed commit gave back. It returns whether there was anything.
func (p *Pipeline) takeBacklog() bool {
	if len(p.writer.backlog) == 0 {
		return false
	}
	w := p.writer.backlog[0]
	p.writer.backlog = p.writer.backlog[1:]
	p.take(w)
	return true
}

// takeAll judges a batch and those that wait behind it.
func (p *Pipeline) takeAll(w *work) {
	p.take(w)
	for range len(p.queue) {
		if len(p.writer.backlog) > 0 || p.status.exhausted() {
			return
		}
		p.take(<-p.queue)
	}
}

// take judges one batch and appends its record.
func (p *Pipeline) take(w *work) {
	if !w.stage.CompareAndSwap(stageQueued, stageTaken) {
		p.observed(w)
		return
	}
	if w.received.After(p.writer.clockAt) {
		p.writer.clock += w.received.Sub(p.writer.clockAt).Nanoseconds()
	}
	p.sift(w)
	outcome, err := p.engine.Observe(w.decoded, p.writer.clock)
	p.observed(w)
	p.writer.clockAt = time.Now()
	if err == nil {
		err = p.append(commit{work: w, positions: w.positions, content: w}, outcome)
	}
	if err != nil {
		w.stage.Store(stageQueued)
		p.writer.backlog = append([]*work{w}, p.writer.backlog...)
		p.repair(err)
	}
}

func (p *Pipeline) observed(w *work) {
	if !w.observed {
		w.observed = true
		p.waiting.Add(-1)
	}
}

// decided notes that an outcome is decided now.
func (p *Pipeline) decided(outcome rules.Outcome) {
	if len(outcome.Transitions) > 0 {
		p.engine.Decided(outcome, time.Now().UnixNano())
	}
}

// append writes a record and sends the commit on to be made durable. Where nothing happened there is nothing to write,
// but the acknowledgement still comes after the commits before it.
func (p *Pipeline) append(c commit, outcome rules.Outcome) error {
	p.decided(outcome)
	bytes, err := appendRecord(p.writer.buffer[:0], outcome, c.positions, c.content)
	if err != nil {
		return err
	}
	if p.writer.buffer = bytes; cap(bytes) > keptRecord {
		p.writer.buffer = nil
	}
	c.content = nil // it belongs to who waits for the commit
	if len(bytes) > 0 {
		p.status.appending.Store(time.Now().UnixNano())
		c.sequence, err = p.appendBytes(bytes)
		p.status.appending.Store(0)
		if err != nil {
			return err
		}
		p.writer.unstored += recoveryCost(len(bytes), c.work)
		if p.status.added(len(bytes)) {
			p.lookSoon()
		}
	}
	c.transitions = outcome.Transitions
	for _, position := range c.positions {
		p.writer.positions[partition{position.Topic, position.Partition}] = position
	}
	if c.work != nil && p.options.Acknowledge == AckMemory {
		c.work.done <- nil
		c.work = nil
	}
	p.commits <- c
	return nil
}

// batchWaits says whether there is a batch that was received and has to be judged before time goes on for the rules: one that
// nobody has judged yet, or that a failed commit gave back and whose sender is still there.
func (p *Pipeline) batchWaits() bool {
	p.writer.backlog = slices.DeleteFunc(p.writer.backlog, func(w *work) bool { return w.stage.Load() == stageAbandoned && w.observed })
	return p.waiting.Load() > 0 || len(p.writer.backlog) > 0
}

// tick judges by the clock, unless a batch waits: then time stands still for the rules.
func (p *Pipeline) tick() {
	if p.batchWaits() {
		return
	}
	now := time.Now()
	p.writer.clock += now.Sub(p.writer.clockAt).Nanoseconds()
	p.writer.clockAt = now
	outcome, err := p.engine.Tick(p.writer.clock, now.UnixNano())
	if err == nil {
		err = p.append(commit{}, outcome)
	}
	if err != nil {
		p.repair(err)
	}
}

// arm sets the timer to the next moment at which an episode may end for lack of events.
func (p *Pipeline) arm(timer *time.Timer) {
	wait := time.Hour
	if deadline, ok := p.engine.NextDeadline(); ok {
		wait = time.Duration(deadline-p.writer.clock) - time.Since(p.writer.clockAt)
		if p.batchWaits() {
			wait = max(wait, lookAgain)
		}
	}
	timer.Reset(max(0, min(wait, time.Hour)))
}

// drain judges what was handed over before the end, as far as the journal takes it, and stores a checkpoint.
func (p *Pipeline) drain() {
	for range p.writer.backlog { // each once, also if one of them makes the commit fail again
		if p.canTake() {
			p.takeBacklog()
		}
	}
	for {
		select {
		case w := <-p.queue:
			if !p.canTake() {
				p.refuse(w)
			} else {
				p.take(w)
			}
		default:
			for _, w := range p.writer.backlog {
				p.refuse(w)
			}
			if p.canTake() {
				p.judgeBuiltins()
			}
			if !p.writer.unrepaired { // or the checkpoint would have what was neither committed nor acknowledged
				p.lastCheckpoint()
			}
			return
		}
	}
}

// canTake says whether something can be judged and committed.
func (p *Pipeline) canTake() bool { return !p.writer.unrepaired && p.status.usable() }

// refuse gives a batch that was not taken back to its sender.
func (p *Pipeline) refuse(w *work) {
	p.observed(w)
	if w.stage.CompareAndSwap(stageQueued, stageAbandoned) {
		w.done <- ErrClosed
	}
}
