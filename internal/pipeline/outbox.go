package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// keptTransitions is how many of the latest transitions stay in the journal after every sink has had them, to be looked at.
const keptTransitions = 1000

// outbox shows committed transitions to sinks and to people. Those since the last checkpoint are in memory; the older
// ones that some sink still needs were moved into the journal's small state by the checkpoint. So a sink that is down
// holds neither memory nor the log.
type outbox struct {
	journal *journal.Journal

	mutex   sync.Mutex
	recent  []window.Transition
	moves   uint64                       // counts the times that transitions left recent for the journal
	open    map[string]window.Transition // by Episode
	history []window.Transition
	cursors map[string]uint64
	changed chan struct{}
}

func newOutbox(journal *journal.Journal) *outbox {
	return &outbox{
		journal: journal, open: make(map[string]window.Transition), cursors: make(map[string]uint64),
		changed: make(chan struct{}),
	}
}

// publish adds transitions that are durable.
func (o *outbox) publish(transitions []window.Transition) {
	if len(transitions) == 0 {
		return
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.recent = append(o.recent, transitions...)
	o.remember(transitions)
	close(o.changed)
	o.changed = make(chan struct{})
}

// remember keeps the books that people look at. The mutex is held.
func (o *outbox) remember(transitions []window.Transition) {
	for _, transition := range transitions {
		if transition.State == window.Active {
			o.open[transition.Episode] = transition
		} else {
			delete(o.open, transition.Episode)
		}
	}
	o.history = append(o.history, transitions...)
	if extra := len(o.history) - keptTransitions; extra > 0 {
		o.history = slices.Delete(o.history, 0, extra)
	}
}

// reopen makes built-in episodes open that no engine knows of. The mutex is held.
func (o *outbox) reopen(builtin openings) {
	for _, transition := range builtin {
		o.open[transition.Episode] = transition
	}
}

// Next implements sinks.Outbox. It is safe for concurrent use.
func (o *outbox) Next(ctx context.Context, after uint64, limit int) ([]window.Transition, error) {
	for {
		list, changed, err := o.read(after, limit)
		if err != nil || len(list) > 0 {
			return list, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// read returns what is there, and what to wait for where nothing is.
func (o *outbox) read(after uint64, limit int) ([]window.Transition, <-chan struct{}, error) {
	for {
		o.mutex.Lock()
		if len(o.recent) > 0 && o.recent[0].Number <= after+1 {
			defer o.mutex.Unlock()
			return o.behind(after, limit), o.changed, nil
		}
		moves := o.moves
		o.mutex.Unlock()
		stored, err := o.stored(after, limit)
		if err != nil || len(stored) > 0 {
			return stored, nil, err
		}
		o.mutex.Lock()
		if moves == o.moves {
			defer o.mutex.Unlock()
			return o.behind(after, limit), o.changed, nil
		}
		// A checkpoint moved transitions into the journal after it was asked for them.
		o.mutex.Unlock()
	}
}

// behind returns what memory holds behind a number. The mutex is held.
func (o *outbox) behind(after uint64, limit int) []window.Transition {
	first := sort.Search(len(o.recent), func(i int) bool { return o.recent[i].Number > after })
	return slices.Clone(o.recent[first:min(len(o.recent), first+limit)])
}

// stored returns what earlier checkpoints have moved into the journal.
func (o *outbox) stored(after uint64, limit int) ([]window.Transition, error) {
	var list []window.Transition
	err := o.journal.View(func(tx *journal.Tx) error {
		stored, err := tx.Transitions(after, limit)
		list = make([]window.Transition, len(stored))
		for i := range stored {
			if err == nil {
				err = json.Unmarshal(stored[i].Data, &list[i])
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return list, nil
}

// unstored returns the transitions up to the given number that only memory holds.
func (o *outbox) unstored(through uint64) []window.Transition {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	end := sort.Search(len(o.recent), func(i int) bool { return o.recent[i].Number > through })
	return slices.Clone(o.recent[:end])
}

// moved drops from memory what a checkpoint has stored.
func (o *outbox) moved(through uint64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	end := sort.Search(len(o.recent), func(i int) bool { return o.recent[i].Number > through })
	o.recent = slices.Clone(o.recent[end:])
	o.moves++
}

// unneeded returns the number up to which every sink is done and nobody looks any more.
func (o *outbox) unneeded(last uint64) uint64 {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	through := last - min(last, keptTransitions)
	for _, after := range o.cursors {
		through = min(through, after)
	}
	return through
}

// LoadCursor implements sinks.CursorStore. It is safe for concurrent use.
func (o *outbox) LoadCursor(sink string) (sinks.Cursor, bool, error) {
	var cursor sinks.Cursor
	var found bool
	err := o.journal.View(func(tx *journal.Tx) error {
		stored, ok, err := tx.Cursor(sink)
		cursor, found = sinks.Cursor{After: stored.After, State: stored.State}, ok
		return err
	})
	if err != nil {
		return sinks.Cursor{}, false, fmt.Errorf("read cursor of %s: %w", sink, err)
	}
	return cursor, found, nil
}

// StoreCursor implements sinks.CursorStore. It is safe for concurrent use.
func (o *outbox) StoreCursor(sink string, cursor sinks.Cursor) error {
	err := o.journal.Update(func(tx *journal.Tx) error { return tx.PutCursor(sink, cursor.After, cursor.State) })
	if err != nil {
		return fmt.Errorf("store cursor of %s: %w", sink, err)
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.cursors[sink] = cursor.After
	return nil
}

// keep makes the given sinks the only ones whose cursors hold anything. A sink without a cursor gets one at the given
// number: it is told what happens from now on. It returns the names of those that were dropped.
func (o *outbox) keep(names []string, last uint64) (dropped []string, err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	cursors, dropped, err := keepCursors(o.journal, sinkCursor, names, last)
	if err == nil {
		o.cursors = cursors
	}
	return dropped, err
}

// alerts returns the transitions that opened the episodes which are open, by number, and the latest transitions, the
// newest first.
func (o *outbox) alerts(limit int) (open, latest []window.Transition) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, transition := range o.open {
		open = append(open, transition)
	}
	slices.SortFunc(open, func(a, b window.Transition) int { return int(a.Number) - int(b.Number) })
	for i := len(o.history) - 1; i >= 0 && len(latest) < limit; i-- {
		latest = append(latest, o.history[i])
	}
	return open, latest
}

// isOf tells whether one of the latest transitions has an ID and is of a rule, by RuleID.
func (o *outbox) isOf(id, rule string) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return slices.ContainsFunc(o.history, func(t window.Transition) bool { return t.ID == id && t.RuleID == rule })
}

// last returns the number of the latest transition, 0 where there is none.
func (o *outbox) last() uint64 {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.history) == 0 {
		return 0
	}
	return o.history[len(o.history)-1].Number
}
