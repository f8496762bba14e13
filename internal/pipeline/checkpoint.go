package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/rules"
)

// checkpointRetry is how long a checkpoint that could not be stored waits for its next attempt.
const checkpointRetry = 5 * time.Second

// checkpoint is the engine's state as of a record. It is stored once that record is durable.
type checkpoint struct {
	sequence uint64
	number   uint64
	state    []byte
	ends     []rules.End
	unstored int
}

// checkpointDone tells the writer what became of a checkpoint.
type checkpointDone struct {
	checkpoint *checkpoint
	err        error
}

// checkpointIfDue asks for a checkpoint when the records behind the last one have outgrown it, or when the journal is full,
// or about to be, and a checkpoint would let it drop them.
func (p *Pipeline) checkpointIfDue() {
	w := &p.writer
	due := w.unstored >= max(p.options.Checkpoint, w.stored) || w.unstored > 0 && p.status.full() ||
		int64(w.unstored) >= p.status.tight()
	if !due || w.checkpointing || w.unrepaired || time.Since(w.checkpointFailed) < checkpointRetry {
		return
	}
	p.requestCheckpoint()
}

func (p *Pipeline) requestCheckpoint() {
	c, err := p.makeCheckpoint()
	if err != nil {
		p.writer.checkpointFailed = time.Now()
		p.logger.Error().Err(err).Msg("no checkpoint could be made; the journal keeps growing")
		return
	}
	p.writer.checkpointing = true
	p.commits <- commit{sequence: c.sequence, checkpoint: c}
}

// makeCheckpoint makes a checkpoint of the state at hand. The engine's part, which may have tens of megabytes, comes last, so that
// it is written once and never moved.
func (p *Pipeline) makeCheckpoint() (*checkpoint, error) {
	positions := make([]Position, 0, len(p.writer.positions))
	for _, position := range p.writer.positions {
		positions = append(positions, position)
	}
	bytes, err := appendJSON([]byte{recordVersion}, sectionPositions, positions)
	if err != nil {
		return nil, err
	}
	if p.resends != nil {
		bytes = appendSection(bytes, sectionAllMarks, p.resends.marks.AppendCheckpoint(nil))
	}
	if open := p.writer.builtin.list(); len(open) > 0 {
		if bytes, err = appendJSON(bytes, sectionBuiltin, open); err != nil {
			return nil, err
		}
	}
	if bytes, err = appendLong(bytes, sectionEngine, p.engine.AppendCheckpoint); err != nil {
		return nil, err
	}
	return &checkpoint{
		sequence: p.journal.Last(), number: p.engine.Number(), state: bytes, ends: p.engine.Ends(),
		unstored: p.writer.unstored,
	}, nil
}

// store writes a checkpoint and what only the records before it held, in one transaction, and lets the journal drop those
// records.
func (p *Pipeline) store(c *checkpoint) {
	start := time.Now()
	err := p.journal.Update(func(tx *journal.Tx) error { return p.storeIn(tx, c) })
	if err == nil {
		p.outbox.moved(c.number)
		p.outputs.checkpointed(c.sequence)
		err = p.outputs.cut()
	}
	if err == nil {
		p.stats.checkpoints.Add(1)
		p.stats.checkpointBytes.Store(uint64(len(c.state)))
		p.logger.Debug().Uint64("sequence", c.sequence).Int("bytes", len(c.state)).Dur("took", time.Since(start)).
			Msg("checkpoint stored")
	}
	p.stored <- checkpointDone{c, err}
}

func (p *Pipeline) storeIn(tx *journal.Tx, c *checkpoint) error {
	// What nobody needs is not stored first: within one transaction bbolt takes time by its square for that.
	unneeded := p.outbox.unneeded(c.number)
	for _, transition := range p.outbox.unstored(c.number) {
		if transition.Number <= unneeded {
			continue
		}
		encoded, err := json.Marshal(transition)
		if err != nil {
			return fmt.Errorf("encode transition: %w", err)
		}
		if err := tx.PutTransition(transition.Number, encoded); err != nil {
			return err
		}
	}
	if err := tx.DeleteTransitions(unneeded); err != nil {
		return err
	}
	ends := make([]journal.End, len(c.ends))
	for i, end := range c.ends {
		ends[i] = journal.End(end)
	}
	if err := tx.PutEnds(ends); err != nil {
		return err
	}
	return tx.PutCheckpoint(journal.Checkpoint{Sequence: c.sequence, State: c.state})
}

// checkpointed takes note of a checkpoint's outcome.
func (p *Pipeline) checkpointed(done checkpointDone) {
	w := &p.writer
	w.checkpointing = false
	if done.err != nil {
		w.checkpointFailed = time.Now()
		p.logger.Error().Err(done.err).Msg("the checkpoint could not be stored; the journal keeps growing")
		return
	}
	w.unstored -= done.checkpoint.unstored
	w.stored = len(done.checkpoint.state)
	p.engine.ForgetEnds(done.checkpoint.ends)
}

// lastCheckpoint stores a checkpoint before the end, unless nothing happened since the last one or the journal is broken.
func (p *Pipeline) lastCheckpoint() {
	if p.writer.checkpointing {
		p.awaitCheckpoint()
	}
	if p.writer.unstored > 0 && !p.writer.checkpointing {
		if p.requestCheckpoint(); p.writer.checkpointing {
			p.awaitCheckpoint()
		}
	}
}

func (p *Pipeline) awaitCheckpoint() {
	select {
	case done := <-p.stored:
		p.checkpointed(done)
	case err := <-p.failures:
		p.logger.Error().Err(err).Msg("the last records could not be written; they were not acknowledged and will be sent again")
	}
}

// previousEnd finds the end of a forgotten key's last episode for the engine.
func (p *Pipeline) previousEnd(rule string, key []byte) (end int64, ok bool, err error) {
	err = p.journal.View(func(tx *journal.Tx) error {
		end, ok, err = tx.End(rule, slices.Clone(key))
		return err
	})
	return end, ok, err
}
