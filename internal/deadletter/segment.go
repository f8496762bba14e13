package deadletter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const extension = ".ndjson"

// permissions of a segment: log lines can hold what is not for everybody.
const permissions = 0o640

// segment is one file of a store.
type segment struct {
	number uint64
	size   int64
}

func (s segment) path(folder string) string {
	return filepath.Join(folder, fmt.Sprintf("%010d%s", s.number, extension))
}

// listSegments returns the segments in a folder, oldest first. Other files are left alone.
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
		info, err := entry.Info()
		if err != nil {
			return nil, fmt.Errorf("list the dead letters: %w", err)
		}
		segments = append(segments, segment{number: number, size: info.Size()})
	}
	slices.SortFunc(segments, func(a, b segment) int { return int(int64(a.number) - int64(b.number)) })
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
	file, err := os.OpenFile(next.path(s.folder), os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, permissions)
	if err != nil {
		return err
	}
	if err := syncFolder(s.folder); err != nil {
		return errors.Join(err, file.Close(), os.Remove(next.path(s.folder)))
	}
	s.file, s.segments = file, append(s.segments, next)
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
