package journal

import (
	"errors"
	"fmt"
	"os"
)

// CutFront gives back the room of records with sequences below before. It removes whole segments, and never the newest,
// so some may stay; First tells. It may run while records are appended, synced and read: a reader that has a removed
// segment open reads it to its end.
func (j *Journal) CutFront(before uint64) error {
	j.cutting.Lock()
	defer j.cutting.Unlock()
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
