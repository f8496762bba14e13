package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/resend"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

// recovery is one reading of the journal.
type recovery struct {
	pipeline    *Pipeline
	engine      *rules.Engine
	marks       *resend.Marks // nil where resends are not recognised
	positions   map[partition]Position
	builtin     openings
	transitions []window.Transition
	bytes       int
	records     int
	found       bool
	// lost is why the windows could not be brought back, nil where they could.
	lost error
}

// recover builds the engine anew from the last checkpoint and the records behind it. At the start of the process it
// fills the outbox from there, too; later that has kept what is durable.
func (p *Pipeline) recover(first bool) error {
	start := time.Now()
	r := &recovery{pipeline: p, engine: rules.NewEngine(rules.Options{PreviousEnd: p.previousEnd})}
	r.positions, r.builtin = make(map[partition]Position), make(openings)
	if p.resends != nil {
		r.marks = p.resends.marksAnew()
	}
	if err := r.read(); err != nil {
		return err
	}
	if p.resends != nil {
		if err := p.resends.recovered(r.marks, p.options.Rules); err != nil {
			return err
		}
	}
	p.engine, p.writer.builtin = r.engine, r.builtin
	p.writer.positions, p.writer.unstored, p.writer.recovered = r.positions, r.bytes, r.found
	if r.lost != nil {
		// A checkpoint soon, so that the same damage is not met once more.
		p.writer.unstored, p.writer.stored = max(r.bytes, p.options.Checkpoint), 0
		if err := r.skipNumbers(); err != nil {
			return err
		}
	}
	if !first {
		return r.closeLost()
	}
	positions := make([]Position, 0, len(r.positions))
	for _, position := range r.positions {
		positions = append(positions, position)
	}
	p.arrived(positions)
	if err := p.refill(r); err != nil {
		return err
	}
	if r.found {
		p.logger.Info().Int("records", r.records).Int("open", len(r.engine.Open())).Dur("took", time.Since(start)).
			Msg("recovered from the journal")
	}
	return r.closeLost()
}

func (r *recovery) read() error {
	var stored journal.Checkpoint
	err := r.pipeline.journal.View(func(tx *journal.Tx) (err error) {
		stored, r.found, err = tx.Checkpoint()
		return err
	})
	if err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	if r.found {
		err := r.restore(stored.State)
		switch {
		case errors.Is(err, ErrOtherVersion):
			return err
		case errors.Is(err, rules.ErrVersion):
			return fmt.Errorf("%w: %w", ErrOtherVersion, err)
		case err != nil:
			r.lose(err)
		}
	}
	r.pipeline.outputs.checkpointed(stored.Sequence)
	expected := stored.Sequence + 1
	var whole assembly
	for record, err := range r.pipeline.journal.Records(expected) {
		var damage *journal.DamageError
		if errors.As(err, &damage) {
			r.lose(err)
			whole = assembly{}
			continue
		}
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if record.Sequence != expected {
			r.lose(fmt.Errorf("records %d to %d are missing", expected, record.Sequence-1))
			whole = assembly{}
		}
		expected = record.Sequence + 1
		payload, complete := whole.add(record.Payload)
		if !complete {
			continue
		}
		if err := r.apply(payload); err != nil {
			return fmt.Errorf("record %d of the journal: %w", record.Sequence, err)
		}
	}
	return r.pipeline.closePieces(whole.open())
}

func (r *recovery) restore(state []byte) error {
	decoded, err := decodeRecord(state)
	if err != nil {
		return err
	}
	r.arrived(decoded.positions)
	for _, opening := range decoded.builtin {
		r.builtin.follow(opening)
	}
	if r.marks != nil && len(decoded.allMarks) > 0 {
		r.forget(r.marks.Restore(decoded.allMarks))
	}
	return r.engine.Restore(decoded.engine)
}

func (r *recovery) arrived(positions []Position) {
	for _, position := range positions {
		r.positions[partition{position.Topic, position.Partition}] = position
	}
}

// apply takes one record. What it says of transitions and positions stands by itself; its observations need all that
// came before.
func (r *recovery) apply(payload []byte) error {
	decoded, err := decodeRecord(payload)
	if err != nil {
		return err
	}
	r.found = true
	r.records++
	r.bytes += len(payload)
	r.arrived(decoded.positions)
	r.transitions = append(r.transitions, decoded.transitions...)
	if r.marks != nil && len(decoded.marks) > 0 {
		r.forget(r.marks.Apply(decoded.marks))
	}
	if len(decoded.observations) > 0 && r.lost == nil {
		if err := r.engine.Apply(decoded.observations, decoded.transitions); err != nil {
			r.lose(err)
		}
	}
	for _, transition := range decoded.transitions {
		r.engine.Continue(transition.Number)
		r.builtin.follow(transition)
	}
	return nil
}

// forget goes on without the marks of events that may come again, where they cannot be read.
func (r *recovery) forget(err error) {
	if err == nil {
		return
	}
	r.marks = r.pipeline.resends.marksAnew()
	r.pipeline.logger.Error().Err(err).
		Msg("what is kept to recognise resends was damaged; events that are sent again may be counted again")
}

// lose goes on without windows. It happens only where records that were durable are missing.
func (r *recovery) lose(err error) {
	if r.lost != nil {
		return
	}
	r.lost = err
	number := r.engine.Number()
	r.engine = rules.NewEngine(rules.Options{PreviousEnd: r.pipeline.previousEnd})
	r.engine.Continue(number)
	r.pipeline.logger.Error().Err(err).
		Msg("the journal was damaged; windows start anew, alerts that were open are ended with the reason state_lost")
}

// refill gives the outbox what the journal holds: the transitions behind the checkpoint are kept in memory.
func (p *Pipeline) refill(r *recovery) error {
	return p.journal.View(func(tx *journal.Tx) error {
		_, last, err := tx.TransitionNumbers()
		if err != nil {
			return err
		}
		r.engine.Continue(last)
		stored, err := tx.Transitions(last-min(last, keptTransitions), keptTransitions)
		if err != nil {
			return err
		}
		older := make([]window.Transition, len(stored))
		for i := range stored {
			if err := json.Unmarshal(stored[i].Data, &older[i]); err != nil {
				return fmt.Errorf("read outbox: %w", err)
			}
		}
		p.outbox.mutex.Lock()
		defer p.outbox.mutex.Unlock()
		p.outbox.remember(older)
		if r.lost == nil {
			clear(p.outbox.open)
			p.outbox.remember(r.engine.Open())
			p.outbox.history = append(p.outbox.history[:0], older...)
		}
		p.outbox.reopen(r.builtin)
		p.outbox.remember(r.transitions)
		p.outbox.recent = r.transitions
		return nil
	})
}

// skipNumbers goes on behind the numbers of transitions that were in what is lost, as far as they can be known: sinks have had them,
// and would take others with these numbers for the same.
func (r *recovery) skipNumbers() error {
	r.engine.Continue(r.pipeline.outbox.last())
	return r.pipeline.journal.View(func(tx *journal.Tx) error {
		cursors, err := tx.Cursors()
		for _, cursor := range cursors {
			if !strings.HasPrefix(cursor.Sink, outputCursor) {
				r.engine.Continue(cursor.After)
			}
		}
		return err
	})
}

// closeLost ends the alerts that were open before damage took their windows: nobody else would.
func (r *recovery) closeLost() error {
	if r.lost == nil {
		return nil
	}
	open, _ := r.pipeline.outbox.alerts(0)
	// Built-in alerts have no window that could be lost.
	open = slices.DeleteFunc(open, func(t window.Transition) bool { return r.builtin.has(t.ID) })
	number, now := r.engine.Number(), time.Now().UnixNano()
	for i := range open {
		number++
		ended := &open[i]
		ended.ID = window.TransitionID(ended.Rule, []byte(ended.ID), ended.Start, window.Inactive)
		ended.Number, ended.State, ended.Reason = number, window.Inactive, window.ReasonStateLost
		ended.End, ended.Last, ended.Received = max(ended.Start, ended.Time), ended.First, now
	}
	r.engine.Continue(number)
	return r.pipeline.commitNow(rules.Outcome{Transitions: open})
}
