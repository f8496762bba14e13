package journal

import (
	"fmt"
	"hash/crc32"
	"time"
)

// maxKeptBuffer is how much memory Append keeps between calls.
const maxKeptBuffer = 4 << 20

// Append writes a record behind the last and returns its sequence. It does not wait for the disk: the record is durable
// once Sync has returned a sequence that is not lower. The record may be reused when Append returns. Only one goroutine
// may append.
//
// After an error nothing of the record can be read, ever, and the journal must be recovered; see ErrFailed. Only
// ErrTooLarge and ErrClosed leave it as it was.
func (j *Journal) Append(record []byte) (uint64, error) {
	if len(record) > MaxRecordBytes {
		return 0, fmt.Errorf("append a record of %d bytes: %w, at most %d fit", len(record), ErrTooLarge, MaxRecordBytes)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.usable(); err != nil {
		return 0, err
	}
	size := frameBytes(len(record))
	if j.tail == nil || j.tail.end+size > j.tail.limit {
		if err := j.rotate(size); err != nil {
			return 0, j.fail(err)
		}
	}
	f := frame{length: uint32(len(record)), sequence: j.next, durable: j.durable.Load()}
	f.payloadSum = crc32.Update(j.tail.seed, castagnoli, record)
	if _, err := j.tail.writer.WriteAt(j.encode(f, record), j.tail.end); err != nil {
		return 0, j.fail(fmt.Errorf("append record %d: %w", j.next, err))
	}
	j.tail.note(f)
	j.next++
	j.counts.appended.Add(1)
	j.counts.appendedBytes.Add(uint64(len(record)))
	return f.sequence, nil
}

// encode lays a frame out in the buffer, which is reused.
func (j *Journal) encode(f frame, record []byte) []byte {
	size := int(f.size())
	buffer := j.buffer
	if cap(buffer) < size {
		buffer = make([]byte, size)
	}
	buffer = buffer[:size]
	f.encode(buffer, j.tail.seed)
	clear(buffer[frameHeaderBytes+copy(buffer[frameHeaderBytes:], record):])
	if cap(buffer) <= maxKeptBuffer {
		j.buffer = buffer
	}
	return buffer
}

// usable returns why nothing can be written, or nil.
func (j *Journal) usable() error {
	if j.closed {
		return ErrClosed
	}
	if j.failure != nil {
		return fmt.Errorf("%w: %w", ErrFailed, j.failure)
	}
	return nil
}

// fail stops all writing until Recover.
func (j *Journal) fail(err error) error {
	if j.failure == nil {
		j.failure = err
		j.counts.failures.Add(1)
	}
	return fmt.Errorf("%w: %w", ErrFailed, err)
}

// rotate begins a new segment with room for a frame of size bytes.
func (j *Journal) rotate(size int64) error {
	j.wanted = size
	made, err := createSegment(j.files, j.options.Directory, j.next, j.durable.Load(), j.options.SegmentBytes, size)
	if err != nil {
		return err
	}
	if j.tail != nil {
		j.unsynced = append(j.unsynced, j.tail)
	}
	j.tail, j.unnamed = made, true
	j.segments = append(j.segments, made)
	return nil
}

// Sync makes durable what was appended before the call, with one fsync however many records that are, and returns the
// highest durable sequence. It may be called while another goroutine appends; calls that come together share their
// fsyncs. After an error nothing is known to be durable beyond Durable, and the journal must be recovered.
func (j *Journal) Sync() (uint64, error) {
	j.mu.Lock()
	wanted := j.next - 1
	j.mu.Unlock()
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	if err := j.usable(); err != nil {
		j.mu.Unlock()
		return j.Durable(), err
	}
	if j.durable.Load() >= wanted {
		j.mu.Unlock()
		return j.Durable(), nil
	}
	full, tail, unnamed := j.unsynced, j.tail, j.unnamed
	reached := position{j.next - 1, tail, tail.end}
	j.mu.Unlock()

	start := time.Now()
	err := j.syncFiles(full, tail, unnamed)
	j.counts.syncs.Add(1)
	j.counts.syncTime.Add(int64(time.Since(start)))

	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		return j.Durable(), j.fail(fmt.Errorf("sync: %w", err))
	}
	j.reach(reached, len(full), unnamed)
	return reached.sequence, nil
}

// syncFiles syncs full segments, in their order, and the one that is written to.
func (j *Journal) syncFiles(full []*segment, tail *segment, unnamed bool) error {
	for _, s := range full {
		if err := s.writer.Truncate(s.end); err != nil {
			return err
		}
		if err := s.writer.Sync(); err != nil {
			return err
		}
	}
	if err := tail.writer.Sync(); err != nil {
		return err
	}
	if unnamed {
		return j.files.SyncDirectory(j.options.Directory)
	}
	return nil
}

// reach notes that everything up to a position is durable, with it the first count full segments.
func (j *Journal) reach(reached position, count int, named bool) {
	for _, s := range j.unsynced[:count] {
		_ = s.writer.Close()
		s.writer, s.limit = nil, s.end
	}
	j.unsynced = append([]*segment(nil), j.unsynced[count:]...)
	if named && j.tail == reached.segment {
		j.unnamed = false
	}
	j.synced = reached
	j.durable.Store(reached.sequence)
}
