package deadletter

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"
	"os"
)

// longestLine is longer than any line that a Store writes, in bytes. What is longer is damage, and not kept in memory.
const longestLine = 128 << 20

// longestDamage is how much is kept of a line that is no letter, in bytes.
const longestDamage = 64 << 10

// Stored is a letter in a store.
type Stored struct {
	// Number is where it is, Size its length on disk in bytes.
	Number Number
	Size   int64
	// Letter is what it says. Of a line that is damaged it has nothing but the line, or its beginning, as Document.
	Letter Letter
	// Damage says why the line is no letter; nil for one that is.
	Damage error
	// Refused is when, where and why it was tried again without success; nil if it was not.
	Refused *Mark

	sum uint32
}

// Folder is what was in a folder of letters when it was read.
type Folder struct {
	// Removed is what was removed because the store was full.
	Removed Removal

	path     string
	segments []segment
}

// Read looks at a folder of letters, which a Store may be writing to, or a Remover changing. A folder that is not there
// has none.
func Read(path string) (*Folder, error) {
	segments, err := listSegments(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &Folder{Removed: readRemoval(path), path: path, segments: segments}, nil
}

// Letters yields the letters that were there when the folder was read, and have been neither replayed nor dropped, oldest
// first. Each has memory of its own. An error stands for the rest of a segment that cannot be read; others follow.
func (f *Folder) Letters() iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		for i, s := range f.segments {
			if !f.eachLetter(s, i == len(f.segments)-1, yield) {
				return
			}
		}
	}
}

// eachLetter yields the letters of a segment. It returns false where yield did.
func (f *Folder) eachLetter(s segment, newest bool, yield func(Stored, error) bool) bool {
	marks, err := readMarks(s.marksPath(f.path))
	if err != nil {
		return yield(Stored{}, err)
	}
	for stored, err := range linesOf(f.path, s, newest) {
		if err != nil {
			return yield(Stored{}, err)
		}
		if mark, marked := marks.of(stored.Number.Line, stored.sum); marked {
			if mark.gone() {
				continue
			}
			stored.Refused = &mark
		}
		stored.parse()
		if !yield(stored.Stored, nil) {
			return false
		}
	}
	return true
}

// storedLine is a letter before its line is read.
type storedLine struct {
	Stored
	line []byte // valid until the next one
}

// parse makes a letter of the line.
func (s *storedLine) parse() {
	if s.Damage == nil {
		s.Letter, s.Damage = parseLetter(s.line)
	}
	if s.Damage != nil {
		s.Letter = Letter{Document: append([]byte(nil), s.line[:min(len(s.line), longestDamage)]...)}
		if s.Size-1 > int64(len(s.Letter.Document)) {
			s.Letter.Length = s.Size - 1
		}
	}
}

// linesOf yields the lines of a segment up to its size. The end of the newest one is none where it has no newline: it is
// being written.
func linesOf(folder string, s segment, newest bool) iter.Seq2[*storedLine, error] {
	return func(yield func(*storedLine, error) bool) {
		file, err := os.Open(s.path(folder))
		if errors.Is(err, fs.ErrNotExist) {
			return // removed meanwhile
		}
		if err != nil {
			yield(nil, fmt.Errorf("read dead letters: %w", err))
			return
		}
		defer file.Close() //nolint:errcheck // only read
		lines := lineReader{in: bufio.NewReaderSize(io.LimitReader(file, s.size), 256<<10), limit: longestLine}
		for number := uint32(1); ; number++ {
			stored := &storedLine{Stored: Stored{Number: Number{Segment: s.number, Line: number}}}
			ended, err := lines.next(stored)
			if errors.Is(err, io.EOF) && (newest || stored.Size == 0) {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(nil, fmt.Errorf("read dead letters: %w", err))
				return
			}
			if !yield(stored, nil) || !ended {
				return
			}
		}
	}
}

// lineReader reads lines, keeping at most limit bytes of one.
type lineReader struct {
	in    *bufio.Reader
	limit int
	line  []byte
}

// next reads a line. ended says that it had a newline; where it had none, the error is io.EOF.
func (r *lineReader) next(into *storedLine) (ended bool, err error) {
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		into.Size += int64(len(part))
		if ended = err == nil; ended {
			part = part[:len(part)-1]
		}
		into.sum = crc32.Update(into.sum, sums, part)
		if into.Size <= int64(r.limit) {
			r.line = append(r.line, part...)
		} else if into.Damage == nil {
			into.Damage = fmt.Errorf("the line is longer than %d MiB", r.limit>>20)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		into.line = r.line
		return ended, err
	}
}
