package deadletter

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The extensions of segments and of their marks.
const (
	extension     = ".ndjson"
	markExtension = ".done"
)

// permissions of a segment: log lines can hold what is not for everybody.
const permissions = 0o640

// segment is one file of a store.
type segment struct {
	number uint64
	size   int64
	marks  int64 // the size of its marks
}

func (s segment) path(folder string) string {
	return filepath.Join(folder, fmt.Sprintf("%010d%s", s.number, extension))
}

func (s segment) marksPath(folder string) string {
	return filepath.Join(folder, fmt.Sprintf("%010d%s", s.number, markExtension))
}

// listSegments returns the segments in a folder, oldest first. Other files are left alone, and what is removed meanwhile
// is none.
func listSegments(folder string) ([]segment, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list the dead letters: %w", err)
	}
	var segments []segment
	for _, entry := range entries {
		digits, isSegment := strings.CutSuffix(entry.Name(), extension)
		number, err := strconv.ParseUint(digits, 10, 64)
		if !isSegment || err != nil || !entry.Type().IsRegular() {
			continue
		}
		s := segment{number: number}
		if filepath.Base(s.path(folder)) != entry.Name() {
			continue // not written as ours are, so it would be opened by another name
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list the dead letters: %w", err)
		}
		s.size = info.Size()
		if marks, err := os.Stat(s.marksPath(folder)); err == nil {
			s.marks = marks.Size()
		}
		segments = append(segments, s)
	}
	slices.SortFunc(segments, func(a, b segment) int { return cmp.Compare(a.number, b.number) })
	return segments, nil
}

// openLast opens the last segment to go on in it. A line that a crash tore gets an end, so that it spoils no other.
func (s *Store) openLast() error {
	last := &s.segments[len(s.segments)-1]
	file, err := os.OpenFile(last.path(s.folder), os.O_RDWR|os.O_APPEND|os.O_CREATE, permissions)
	if err != nil {
		return err
	}
	size, err := endLine(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.file, last.size = file, size
	return nil
}

// endLine returns the length of the file, after a newline where its last line has none.
func endLine(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return 0, err
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil {
		return 0, err
	}
	if last[0] == '\n' {
		return info.Size(), nil
	}
	if _, err := file.Write([]byte{'\n'}); err != nil {
		return 0, err
	}
	return info.Size() + 1, nil
}

// addSegment makes the next segment and opens it.
func (s *Store) addSegment() error {
	next := segment{number: 1}
	if len(s.segments) > 0 {
		next.number = s.segments[len(s.segments)-1].number + 1
	}
	file, err := makeSegment(s.folder, next)
	if err != nil {
		return err
	}
	s.file, s.segments = file, append(s.segments, next)
	return nil
}

// makeSegment makes a segment, which must not be there.
func makeSegment(folder string, next segment) (*os.File, error) {
	file, err := os.OpenFile(next.path(folder), os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, permissions)
	if err != nil {
		return nil, err
	}
	if err := syncFolder(folder); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(next.path(folder)))
	}
	return file, nil
}

// removeSegment removes a segment and then its marks, so that no letter comes back in between. It may be gone already.
func removeSegment(folder string, s segment) error {
	for _, path := range []string{s.path(folder), s.marksPath(folder)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// syncFolder makes the name of a new file last.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// countLines returns the number of lines in a file.
func countLines(path string) (lines uint64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // only read
	buffer := make([]byte, 64<<10)
	for {
		read, err := file.Read(buffer)
		lines += uint64(bytes.Count(buffer[:read], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
	}
}
