package shipper

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// queue holds what was not acknowledged: the window being filled, and behind it, in order, those that are under way or
// wait to be sent again. It is safe for concurrent use.
type queue struct {
	pipelining int
	linger     time.Duration

	mutex   sync.Mutex
	changed chan struct{} // closed and replaced when something changes that somebody may wait for
	failure error         // why nothing will be sent any more
	size    windowSize
	filling *window
	sealed  []*window // the oldest first; filled and not acknowledged
	begun   int       // how many of the sealed ones were sent, or begun to be, on this connection
	spare   []*window
	flushTo int64 // events up to this number do not wait for a window to become full
	stats   Stats
}

// newQueue returns an empty queue for checked options.
func newQueue(options Options) *queue {
	q := &queue{
		pipelining: options.Pipelining,
		linger:     options.Linger,
		changed:    make(chan struct{}),
		size:       newWindowSize(options.Window, options.SlowStart),
	}
	q.filling = q.fresh()
	return q
}

// fresh returns an empty window.
func (q *queue) fresh() *window {
	w := new(window)
	if last := len(q.spare) - 1; last >= 0 {
		w, q.spare = q.spare[last], q.spare[:last]
	}
	w.reset()
	w.number = q.stats.Queued
	return w
}

// announce wakes all who wait. The caller holds the mutex.
func (q *queue) announce() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// put adds an event, and waits while there is no room for it.
func (q *queue) put(ctx context.Context, event []byte, source int64, sender *tally) error {
	if len(event) > MaxEvent {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrEventTooLarge, len(event), MaxEvent)
	}
	for {
		added, changed, err := q.tryPut(event, source, sender)
		if added || err != nil {
			return err
		}
		if err := pause(ctx, changed, -1); err != nil {
			return err
		}
	}
}

// tryPut adds an event if there is room, and otherwise returns what to wait for.
func (q *queue) tryPut(event []byte, source int64, sender *tally) (bool, <-chan struct{}, error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.failure != nil {
		return false, nil, q.failure
	}
	if q.filling.full(q.size.now) {
		return false, q.changed, nil
	}
	q.filling.add(event, source, sender)
	q.stats.Queued++
	if q.filling.count == 1 {
		q.filling.since = time.Now()
	}
	if q.filling.count == 1 || q.filling.full(q.size.now) {
		q.announce()
	}
	return true, nil, nil
}

// flush waits until all events that are in the queue now were acknowledged.
func (q *queue) flush(ctx context.Context) error {
	q.mutex.Lock()
	upTo := q.stats.Queued
	q.flushTo = max(q.flushTo, upTo)
	q.announce()
	q.mutex.Unlock()
	for {
		q.mutex.Lock()
		done, failure, changed := q.stats.Acknowledged >= upTo, q.failure, q.changed
		q.mutex.Unlock()
		switch {
		case done:
			return nil
		case failure != nil:
			return failure
		}
		if err := pause(ctx, changed, -1); err != nil {
			return err
		}
	}
}

// next waits for the window that is to be sent next on this connection. It fails when ctx ends.
func (q *queue) next(ctx context.Context) (*window, error) {
	for {
		w, changed, wait := q.tryNext()
		if w != nil {
			return w, nil
		}
		if err := pause(ctx, changed, wait); err != nil {
			return nil, err
		}
	}
}

// tryNext returns a window if one is ready, and otherwise what to wait for, and how long; -1 is for ever.
func (q *queue) tryNext() (*window, <-chan struct{}, time.Duration) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	ready, wait := q.ready()
	if !ready {
		return nil, q.changed, wait
	}
	if q.begun == len(q.sealed) {
		q.sealed = append(q.sealed, q.filling)
		q.filling = q.fresh()
		q.announce()
	}
	return q.sealed[q.begun], nil, 0
}

// begin learns that the window that next returned is being sent from now on.
func (q *queue) begin(w *window) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.begun++
	w.writing = true
	if w.begun.IsZero() {
		w.begun = time.Now()
	} else {
		w.resent = true
		q.stats.Resent += int64(w.count)
	}
}

// ready says whether there is a window to be sent, or else in which time there will be; -1 is never.
func (q *queue) ready() (bool, time.Duration) {
	if q.begun < len(q.sealed) {
		return true, 0
	}
	if q.filling.count == 0 || len(q.sealed) >= q.pipelining {
		return false, -1
	}
	if q.filling.full(q.size.now) || q.flushTo > q.filling.number {
		return true, 0
	}
	rest := q.linger - time.Since(q.filling.since)
	return rest <= 0, max(rest, 0)
}

// await waits until there is a window to be sent.
func (q *queue) await(ctx context.Context) error {
	for {
		q.mutex.Lock()
		ready, wait := q.ready()
		changed := q.changed
		q.mutex.Unlock()
		if ready {
			return nil
		}
		if err := pause(ctx, changed, wait); err != nil {
			return err
		}
	}
}

// written learns that nobody reads the window's bytes any more, until it is sent again. Before that a window is not used
// for other events, even if a server acknowledged it that can't have read it yet.
func (q *queue) written(w *window) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	w.writing = false
	if w.settled {
		q.spare = append(q.spare, w)
	}
}

// underWay returns how many windows are on this connection.
func (q *queue) underWay() int {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.begun
}

// acknowledged learns of an acknowledgement. It returns the window that was delivered by it, if one was, which is then
// to be given to settle.
func (q *queue) acknowledged(sequence uint32) (*window, error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if sequence == 0 {
		q.stats.Heartbeats++
		return nil, nil
	}
	if q.begun == 0 {
		return nil, fmt.Errorf("%w: %d, with no window under way", ErrInvalidSequence, sequence)
	}
	w := q.sealed[0]
	switch {
	case sequence > uint32(w.count):
		return nil, fmt.Errorf("%w: %d, for a window of %d events", ErrInvalidSequence, sequence, w.count)
	case sequence < uint32(w.count):
		return nil, nil
	}
	return w, nil
}

// settle takes the oldest window out, which was delivered.
func (q *queue) settle(w *window) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.sealed = slices.Delete(q.sealed, 0, 1)
	q.begun--
	q.stats.Acknowledged += int64(w.count)
	q.stats.Windows++
	q.size.delivered(w.count)
	w.settled = true
	if !w.writing {
		q.spare = append(q.spare, w)
	}
	q.announce()
}

// rewind learns that the connection is gone, and says whether that matters now: whether there is a window to be sent.
func (q *queue) rewind() bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.begun > 0 {
		q.size.lost()
	}
	q.begun = 0
	ready, _ := q.ready()
	return ready
}

// fail makes everybody who waits, or will, give up.
func (q *queue) fail(err error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.failure == nil {
		q.failure = err
		q.announce()
	}
}

// snapshot returns what was counted.
func (q *queue) snapshot() Stats {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.stats
}

// pause waits for a change, or for that long if it is not negative, and fails with the cause of ctx when that ends.
func pause(ctx context.Context, changed <-chan struct{}, wait time.Duration) error {
	var over <-chan time.Time
	if wait >= 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-changed:
	case <-over:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}
