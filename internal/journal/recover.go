package journal

import (
	"errors"
	"fmt"
	"os"
)

// Recover makes a failed journal usable again in the same process: it closes the files, cuts the log back to what is
// durable, and begins a new segment, so that nothing is written to a file whose fsync failed. It returns an error, and
// the journal stays failed, while there is no room for that; call it again later. What was appended and not durable is
// gone, its sequences come again: the caller throws away what it knows of it, and appends it again if it still has it.
// In a journal that did not fail it does nothing.
func (j *Journal) Recover() error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return ErrClosed
	}
	if j.failure == nil {
		return nil
	}
	if err := j.cutBack(); err != nil {
		return fmt.Errorf("recover journal: %w", err)
	}
	if err := j.rotate(max(j.wanted, min(minSegmentBytes, j.options.SegmentBytes))); err != nil {
		return fmt.Errorf("recover journal: %w", err)
	}
	j.options.Logger.Info().Uint64("last", j.next-1).AnErr("failure", j.failure).Msg("the journal is recovered")
	j.failure = nil
	j.counts.recoveries.Add(1)
	return nil
}

// cutBack closes all files and removes from them what is not durable.
func (j *Journal) cutBack() error {
	j.closeWriters()
	durable := j.synced
	for n := len(j.segments); n > 0 && j.segments[n-1].base > durable.sequence; n-- {
		if err := j.files.Remove(j.segments[n-1].path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove segment: %w", err)
		}
		j.segments = j.segments[:n-1]
	}
	if n := len(j.segments); n > 0 && j.segments[n-1] == durable.segment {
		f, err := j.files.OpenFile(durable.segment.path, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("open segment: %w", err)
		}
		if err := errors.Join(f.Truncate(durable.offset), f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("cut segment: %w", err)
		}
		durable.segment.cut(durable.sequence, durable.offset)
	}
	j.next = durable.sequence + 1
	return j.files.SyncDirectory(j.options.Directory)
}
