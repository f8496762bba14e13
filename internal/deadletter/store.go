package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// The defaults of Options, in bytes. A letter can hold the largest event that is taken.
const (
	DefaultMaxBytes    = 1 << 30
	DefaultLetterBytes = 16 << 20
)

// segmentShare is the part of the store that one segment may take, and so the least that is removed at once.
const segmentShare = 16

// smallestStore is the least MaxBytes, in bytes: below, one letter with its texts would not fit.
const smallestStore = 1 << 20

// ErrClosed is returned by Write after Close.
var ErrClosed = errors.New("the store of dead letters is closed")

// Options are the settings of a Store. The zero value of each field is its default.
type Options struct {
	// MaxBytes bounds all segments together; DefaultMaxBytes if zero, and at least 1 MiB.
	MaxBytes int64
	// LetterBytes bounds the document in a letter; DefaultLetterBytes if zero, and at most a 16th of MaxBytes.
	LetterBytes int64
	// Logger takes what an operator has to know; its zero value says nothing.
	Logger zerolog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

func (o *Options) setDefaults() {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	o.MaxBytes = max(o.MaxBytes, smallestStore)
	if o.LetterBytes <= 0 {
		o.LetterBytes = DefaultLetterBytes
	}
	o.LetterBytes = min(o.LetterBytes, o.MaxBytes/segmentShare)
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Stats is a snapshot of a Store. Counters count from when it was opened.
type Stats struct {
	// Letters and Bytes were written.
	Letters, Bytes uint64
	// RemovedLetters and RemovedSegments were removed, because the store was full.
	RemovedLetters, RemovedSegments uint64
	// Failures counts the Writes that failed.
	Failures uint64
	// Size is what the store takes on disk now, in bytes, Segments the number of its files.
	Size     int64
	Segments int
}

// Store is a bounded store of dead letters. It is safe for concurrent use within one process; two processes must not
// share a folder.
type Store struct {
	folder  string
	options Options

	mutex    sync.Mutex
	segments []segment // oldest first; the last one is written to
	file     *os.File  // the last segment; nil before the first letter and after a failure
	closed   bool
	stats    Stats
}

// Open opens the store in a folder, which it makes if it is missing. It fails where the folder cannot be read or made.
func Open(folder string, options Options) (*Store, error) {
	options.setDefaults()
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of dead letters: %w", err)
	}
	segments, err := listSegments(folder)
	if err != nil {
		return nil, err
	}
	return &Store{folder: folder, options: options, segments: segments}, nil
}

// Write returns after the letters are on disk, or with an error after which some of them may be. The oldest letters
// make room for them where the store is full. It does not wait for anything that ctx could end.
func (s *Store) Write(ctx context.Context, letters ...Letter) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	lines := make([][]byte, len(letters))
	for i, letter := range letters {
		line, err := letter.encode(s.options.Now(), s.options.LetterBytes)
		if err != nil {
			return err
		}
		lines[i] = line
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.write(lines); err != nil {
		s.stats.Failures++
		return fmt.Errorf("write dead letters: %w", err)
	}
	return nil
}

// write appends the lines and fsyncs every segment that it touched.
func (s *Store) write(lines [][]byte) error {
	if s.closed {
		return ErrClosed
	}
	s.forgetRemoved()
	for _, line := range lines {
		if err := s.makeRoom(int64(len(line))); err != nil {
			return err
		}
		if err := s.append(line); err != nil {
			return err
		}
	}
	if s.file == nil {
		return nil
	}
	if err := s.file.Sync(); err != nil {
		s.drop()
		return err
	}
	return nil
}

// forgetRemoved lets go of a segment that somebody removed while it was written to: what went there now would be lost.
func (s *Store) forgetRemoved() {
	if s.file == nil {
		return
	}
	open, openErr := s.file.Stat()
	named, namedErr := os.Stat(s.segments[len(s.segments)-1].path(s.folder))
	if openErr == nil && namedErr == nil && os.SameFile(open, named) {
		return
	}
	s.drop()
	s.segments = s.segments[:len(s.segments)-1]
}

// makeRoom opens a segment with room for size more bytes, and removes the oldest ones until all fit.
func (s *Store) makeRoom(size int64) error {
	if err := s.roll(size); err != nil {
		return err
	}
	for s.size()+size > s.options.MaxBytes && len(s.segments) > 1 {
		if err := s.removeOldest(); err != nil {
			return err
		}
	}
	return nil
}

// roll makes sure that the last segment is open and has room for size more bytes, or is empty.
func (s *Store) roll(size int64) error {
	if s.file == nil && len(s.segments) > 0 {
		if err := s.openLast(); err != nil {
			return err
		}
	}
	if s.file != nil {
		last := s.segments[len(s.segments)-1]
		if last.size == 0 || last.size+size <= s.options.MaxBytes/segmentShare {
			return nil
		}
		if err := s.file.Sync(); err != nil {
			return err
		}
		s.drop()
	}
	return s.addSegment()
}

func (s *Store) append(line []byte) error {
	last := &s.segments[len(s.segments)-1]
	written, err := s.file.Write(line)
	if err != nil {
		// Half a line must not stay in front of the next one.
		err = errors.Join(err, s.file.Truncate(last.size))
		s.drop()
		return err
	}
	last.size += int64(written)
	s.stats.Letters++
	s.stats.Bytes += uint64(written)
	return nil
}

func (s *Store) removeOldest() error {
	oldest := s.segments[0]
	path := oldest.path(s.folder)
	letters, err := countLines(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Somebody may have removed it already, after reading it.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.segments = s.segments[1:]
	s.stats.RemovedSegments++
	s.stats.RemovedLetters += letters
	s.options.Logger.Warn().Str("segment", filepath.Base(path)).Uint64("letters", letters).
		Int64("bytes", oldest.size).Int64("max_bytes", s.options.MaxBytes).
		Msg("the store of dead letters is full: its oldest letters were removed")
	return nil
}

func (s *Store) size() (size int64) {
	for _, segment := range s.segments {
		size += segment.size
	}
	return size
}

// Stats returns a snapshot.
func (s *Store) Stats() Stats {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	stats := s.stats
	stats.Size, stats.Segments = s.size(), len(s.segments)
	return stats
}

// Close closes the store; a Write after it returns ErrClosed. It may be called more than once.
func (s *Store) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.closed = true
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// drop closes the segment that is written to; the next Write opens it again.
func (s *Store) drop() {
	_ = s.file.Close() // what matters was fsynced, or has failed already
	s.file = nil
}
