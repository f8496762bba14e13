package journal

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// position is a place between two frames: what is before it was synced.
type position struct {
	sequence uint64
	segment  *segment
	offset   int64
}

// Journal is an open journal. One goroutine may append; everything else is safe for concurrent use with it and with
// itself.
type Journal struct {
	options Options
	files   filesystem
	lock    *os.File
	keep    *aside
	state   *state
	report  *SalvageReport

	// cutting is held by CutFront and Close, syncing by Sync, Recover and Close. The order is cutting, syncing, mu.
	cutting sync.Mutex
	syncing sync.Mutex
	// mu guards what follows. It is never held during an fsync.
	mu       sync.Mutex
	segments []*segment
	tail     *segment
	// unsynced are segments that are full and have yet to be synced; their writers are open.
	unsynced []*segment
	next     uint64
	synced   position
	failure  error
	// wanted is the room that the last new segment needed, so that Recover waits for as much.
	wanted int64
	closed bool
	// unnamed says that a segment was created whose name is not durable yet.
	unnamed bool

	// buffer holds the frame that Append writes. It belongs to the one goroutine that appends.
	buffer  []byte
	durable atomic.Uint64
	space   spaceWatch
	counts  counters
}

// Update runs do in a transaction on the small state, and returns after what it stored is on disk: all of it or, if it
// returns an error, nothing. After an error of the disk itself it can be either; then the next Update or View opens the
// small state afresh, so there is nothing to recover. The log is not touched. Transactions follow one another: do must
// not call Update, View or any method that does, such as CutFront.
func (j *Journal) Update(do func(*Tx) error) error {
	j.counts.updates.Add(1)
	err := j.state.transact(j.keep, j.durable.Load, true, do)
	if err != nil {
		j.counts.updateFailures.Add(1)
		return fmt.Errorf("update journal: %w", err)
	}
	return nil
}

// View runs do in a transaction that sees the small state as the last Update left it. What holds for Update's do holds
// for this one, and it must not store anything.
func (j *Journal) View(do func(*Tx) error) error {
	if err := j.state.transact(j.keep, j.durable.Load, false, do); err != nil {
		return fmt.Errorf("view journal: %w", err)
	}
	return nil
}

// Durable returns the highest sequence that is on disk, 0 in a new journal.
func (j *Journal) Durable() uint64 { return j.durable.Load() }

// First returns the sequence of the oldest record that is kept, or of the next one where there is none.
func (j *Journal) First() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.firstLocked()
}

func (j *Journal) firstLocked() uint64 {
	if len(j.segments) == 0 {
		return j.next
	}
	return j.segments[0].base
}

// Last returns the sequence of the newest record, durable or not; First() - 1 where there is none.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next - 1
}

// Close syncs what was appended, notes the last sequence, so that its loss would be noticed, and closes everything. A
// second call does nothing. A failed journal is closed as it is; opening it recovers it.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	failed := j.failure != nil
	j.mu.Unlock()
	var err error
	if !failed {
		_, err = j.Sync()
	}
	err = errors.Join(err, j.Update(func(*Tx) error { return nil }))
	j.cutting.Lock()
	defer j.cutting.Unlock()
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	if err == nil && j.tail != nil {
		err = j.tail.writer.Truncate(j.tail.end)
	}
	j.closeWriters()
	j.state.close()
	return errors.Join(err, j.unlock())
}

// closeWriters closes the files that are written to. Their errors say nothing that a sync did not say.
func (j *Journal) closeWriters() {
	for _, s := range append(j.unsynced, j.tail) {
		if s != nil && s.writer != nil {
			_ = s.writer.Close()
			s.writer = nil
		}
	}
	j.unsynced, j.tail = nil, nil
}

func (j *Journal) unlock() error {
	if j.lock == nil {
		return nil
	}
	return j.lock.Close()
}
