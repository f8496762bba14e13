package sinktest

import (
	"context"
	"slices"
	"sync"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Outbox is a sinks.Outbox in memory. It is safe for concurrent use.
type Outbox struct {
	mutex       sync.Mutex
	transitions []window.Transition
	added       chan struct{} // closed, and replaced, when transitions come
}

// NewOutbox returns an outbox that holds the transitions.
func NewOutbox(transitions ...window.Transition) *Outbox {
	return &Outbox{transitions: slices.Clone(transitions), added: make(chan struct{})}
}

// Add appends transitions, whose numbers must go on behind the last one.
func (o *Outbox) Add(transitions ...window.Transition) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.transitions = append(o.transitions, transitions...)
	close(o.added)
	o.added = make(chan struct{})
}

// Last returns the number of the last transition, 0 where there is none.
func (o *Outbox) Last() uint64 {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.transitions) == 0 {
		return 0
	}
	return o.transitions[len(o.transitions)-1].Number
}

// Next implements sinks.Outbox.
func (o *Outbox) Next(ctx context.Context, after uint64, limit int) ([]window.Transition, error) {
	for {
		batch, added := o.behind(after, limit)
		if len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-added:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (o *Outbox) behind(after uint64, limit int) ([]window.Transition, <-chan struct{}) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	var batch []window.Transition
	for _, transition := range o.transitions {
		if transition.Number > after && len(batch) < limit {
			batch = append(batch, transition)
		}
	}
	return batch, o.added
}

// Cursors is a sinks.CursorStore in memory that remembers every cursor it was given. It is safe for concurrent use.
type Cursors struct {
	mutex   sync.Mutex
	history map[string][]sinks.Cursor
}

// LoadCursor implements sinks.CursorStore.
func (c *Cursors) LoadCursor(sink string) (sinks.Cursor, bool, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	stored := c.history[sink]
	if len(stored) == 0 {
		return sinks.Cursor{}, false, nil
	}
	return stored[len(stored)-1], true, nil
}

// StoreCursor implements sinks.CursorStore.
func (c *Cursors) StoreCursor(sink string, cursor sinks.Cursor) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.history == nil {
		c.history = make(map[string][]sinks.Cursor)
	}
	cursor.State = slices.Clone(cursor.State)
	c.history[sink] = append(c.history[sink], cursor)
	return nil
}

// After returns the number in the sink's cursor, 0 where there is none.
func (c *Cursors) After(sink string) uint64 {
	cursor, _, _ := c.LoadCursor(sink)
	return cursor.After
}

// Rewind forgets the cursors beyond after, as a crash does whose last writes never reached the disk.
func (c *Cursors) Rewind(sink string, after uint64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.history[sink] = slices.DeleteFunc(c.history[sink], func(cursor sinks.Cursor) bool { return cursor.After > after })
}

// DeadLetters keeps dead letters in memory. It is safe for concurrent use.
type DeadLetters struct {
	mutex   sync.Mutex
	letters []sinks.DeadLetter
}

// Write keeps a letter; it is what sinks.NewDelivery takes.
func (d *DeadLetters) Write(_ context.Context, letter sinks.DeadLetter) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.letters = append(d.letters, letter)
	return nil
}

// All returns the letters in the order in which they came.
func (d *DeadLetters) All() []sinks.DeadLetter {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return slices.Clone(d.letters)
}
