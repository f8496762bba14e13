package pipeline

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/logboom/logboom/internal/journal"
)

// outputs keeps the cursors of the outputs of events, and knows what of the log they need.
type outputs struct {
	journal *journal.Journal
	names   []string

	mutex   sync.Mutex
	cursors map[string]uint64
	// checkpoint is the sequence up to which recovery needs nothing.
	checkpoint uint64
}

func newOutputs(journal *journal.Journal, names []string) *outputs {
	return &outputs{journal: journal, names: names, cursors: make(map[string]uint64)}
}

// keep makes the configured outputs the only ones whose cursors hold anything. One without a cursor gets one at the given
// sequence: it is given what comes from now on. It returns the names of those that were dropped.
func (o *outputs) keep(last uint64) (dropped []string, err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	cursors, dropped, err := keepCursors(o.journal, outputCursor, o.names, last)
	if err == nil {
		o.cursors = cursors
	}
	return dropped, err
}

// checkpointed takes note that recovery begins behind a sequence.
func (o *outputs) checkpointed(sequence uint64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.checkpoint = sequence
}

// cut lets the journal drop what neither recovery nor an output needs.
func (o *outputs) cut() error {
	o.mutex.Lock()
	through := o.checkpoint
	for _, after := range o.cursors {
		through = min(through, after)
	}
	o.mutex.Unlock()
	return o.journal.CutFront(through + 1)
}

// LoadCursor returns how far an output of events has come, and its state.
func (l *EventLog) LoadCursor(output string) (after uint64, state []byte, err error) {
	err = l.pipeline.journal.View(func(tx *journal.Tx) error {
		stored, _, err := tx.Cursor(outputCursor + output)
		after, state = stored.After, stored.State
		return err
	})
	if err != nil {
		return 0, nil, fmt.Errorf("read cursor of output %s: %w", output, err)
	}
	return after, state, nil
}

// StoreCursor returns after it is on disk how far an output of events has come, with its state.
func (l *EventLog) StoreCursor(output string, after uint64, state []byte) error {
	o := l.pipeline.outputs
	err := o.journal.Update(func(tx *journal.Tx) error { return tx.PutCursor(outputCursor+output, after, state) })
	if err != nil {
		return fmt.Errorf("store cursor of output %s: %w", output, err)
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.cursors[output] = after
	return nil
}

// valueIdentity is the name under which a journal's random number is kept.
const valueIdentity = "identity"

// identityOf returns the journal's random number, and makes it first where there is none.
func identityOf(j *journal.Journal) (identity uint64, err error) {
	err = j.Update(func(tx *journal.Tx) error {
		stored, found, err := tx.Value(valueIdentity)
		if err != nil || found && len(stored) == 8 {
			if err == nil {
				identity = binary.BigEndian.Uint64(stored)
			}
			return err
		}
		identity = rand.Uint64()
		return tx.PutValue(valueIdentity, binary.BigEndian.AppendUint64(nil, identity))
	})
	if err != nil {
		return 0, fmt.Errorf("identity of the journal: %w", err)
	}
	return identity, nil
}
