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

// The defaults of Options, in bytes. A letter can hold the largest event that is taken, also with what Logstash adds to it,
// its message once more.
const (
	DefaultMaxBytes    = 1 << 30
	DefaultLetterBytes = 36 << 20
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
	// Size is what the store takes on disk, in bytes, Segments the number of its files, both as of the last Write.
	Size     int64
	Segments int
}

// Store is a bounded store of dead letters. It is safe for concurrent use within one process. Only one Store may use a
// folder; Read and a Remover may, in other processes too.
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
// make room for them where the store is full. It waits at most some seconds, for another process that changes the folder.
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
	if err := s.write(ctx, lines); err != nil {
		s.stats.Failures++
		return fmt.Errorf("write dead letters: %w", err)
	}
	return nil
}

// write appends the lines and fsyncs every segment that it touched.
func (s *Store) write(ctx context.Context, lines [][]byte) error {
	if s.closed {
		return ErrClosed
	}
	lock, err := lockForChange(ctx, s.folder)
	switch {
	case cannotLock(err): // then no Remover gets it either
	case err != nil:
		return err
	default:
		defer lock.Close() //nolint:errcheck // nothing was written to it
	}
	if err := s.look(); err != nil {
		return err
	}
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

// look sees what is in the folder now: others remove segments. It lets go of one that was removed while it was written
// to, since what went there now would be lost.
func (s *Store) look() error {
	segments, err := listSegments(s.folder)
	if err != nil {
		return err
	}
	s.segments = segments
	if s.file != nil && (len(segments) == 0 || !isNamed(s.file, segments[len(segments)-1].path(s.folder))) {
		s.drop()
	}
	return nil
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
	letters, err := s.countLetters(oldest)
	if err != nil {
		return err
	}
	if err := removeSegment(s.folder, oldest); err != nil {
		return err
	}
	s.segments = s.segments[1:]
	s.stats.RemovedSegments++
	s.stats.RemovedLetters += letters
	s.options.Logger.Warn().Str("segment", filepath.Base(path)).Uint64("letters", letters).
		Int64("bytes", oldest.size).Int64("max_bytes", s.options.MaxBytes).
		Msg("the store of dead letters is full: its oldest letters were removed")
	if err := noteRemoval(s.folder, letters, s.options.Now()); err != nil {
		s.options.Logger.Warn().Err(err).Msg("that letters were removed could not be noted beside them")
	}
	return nil
}

// countLetters returns how many letters of a segment were neither replayed nor dropped.
func (s *Store) countLetters(of segment) (uint64, error) {
	lines, err := countLines(of.path(s.folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // somebody may have removed it after reading it
		return 0, err
	}
	marks, err := readMarks(of.marksPath(s.folder))
	if err != nil {
		return 0, err
	}
	return lines - min(lines, uint64(marks.done())), nil
}

func (s *Store) size() (size int64) {
	for _, segment := range s.segments {
		size += segment.size + segment.marks
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
