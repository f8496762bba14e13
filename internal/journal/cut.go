package journal

import (
	"errors"
	"fmt"
	"os"
)

// CutFront gives back the room of records with sequences below before. It removes whole segments, and the newest only
// where Space found the journal full, so some may stay; First tells. It may run while records are appended, synced and read: a reader that has a removed
// segment open reads it to its end.
func (j *Journal) CutFront(before uint64) error {
	j.cutting.Lock()
	defer j.cutting.Unlock()
	if err := j.renew(before); err != nil {
		return fmt.Errorf("cut journal: %w", err)
	}
	removed, err := j.dropFront(before)
	if err != nil || len(removed) == 0 {
		return err
	}
	// Noted before the files go, so that a crash in between leaves files to remove and not records to miss. On a full
	// disk that may need the very room that the files take.
	noted := j.noteFirst()
	for _, s := range removed {
		if err := j.files.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cut journal: %w", err)
		}
	}
	j.counts.cut.Add(uint64(len(removed)))
	if err := j.files.SyncDirectory(j.options.Directory); err != nil {
		return fmt.Errorf("cut journal: %w", err)
	}
	if noted != nil {
		if err := j.noteFirst(); err != nil {
			return fmt.Errorf("cut journal: %w", err)
		}
	}
	return nil
}

// renew begins a new segment in a full journal whose newest one holds nothing but durable records below a sequence. Who
// stops appending to a full journal would else never get back the room of the newest segment, and wait for ever.
func (j *Journal) renew(before uint64) error {
	if !j.space.isFull() {
		return nil
	}
	j.syncing.Lock()
	defer j.syncing.Unlock()
	made := j.renewed(before)
	if made == nil {
		return nil
	}
	// The new segment says where the sequences go on. It must do so before the one goes that did so far.
	if err := errors.Join(made.writer.Sync(), j.files.SyncDirectory(j.options.Directory)); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.fail(err)
	}
	return nil
}

// renewed makes the new segment, or returns nil where it is not due, or there is no room for one.
func (j *Journal) renewed(before uint64) *segment {
	j.mu.Lock()
	defer j.mu.Unlock()
	last := len(j.segments) - 1
	if last < 0 || j.usable() != nil || len(j.unsynced) > 0 || j.segments[last].last < j.segments[last].base ||
		j.synced.sequence != j.next-1 || j.next > before {
		return nil
	}
	need := min(minSegmentBytes, j.options.SegmentBytes)
	made, err := createSegment(j.files, j.options.Directory, j.next, j.durable.Load(), j.options.SegmentBytes, need)
	if err != nil {
		return nil
	}
	if old := j.tail; old != nil {
		_ = old.writer.Close() // all of it was synced
		old.writer, old.limit = nil, old.end
	}
	j.tail, j.unnamed = made, true
	j.segments = append(j.segments, made)
	return made
}

// dropFront forgets the segments that hold nothing but durable records below a sequence.
func (j *Journal) dropFront(before uint64) ([]*segment, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, ErrClosed
	}
	before = min(before, j.synced.sequence+1)
	count := 0
	for count < len(j.segments)-1 && j.segments[count+1].base <= before && j.segments[count].writer == nil {
		count++
	}
	removed := j.segments[:count:count]
	j.segments = append([]*segment(nil), j.segments[count:]...)
	return removed, nil
}
