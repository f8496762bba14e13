package appendfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// LinesThatBegin returns an Options.Ours for those who begin every line alike. The last line may be torn anywhere, and
// where a power failure has left zeros in the place of what was not synced, those are ours too.
func LinesThatBegin(with string) func(end io.Reader) (bool, error) {
	return func(end io.Reader) (bool, error) {
		reader := bufio.NewReader(end)
		for {
			start, err := startOfLine(reader, len(with))
			last := errors.Is(err, io.EOF)
			if err != nil && !last {
				return false, err
			}
			whole, torn := string(start) == with, last && bytes.HasPrefix([]byte(with), start)
			if !whole && !torn && !isZeroed(start, with) {
				return false, nil
			}
			if last {
				return true, nil
			}
		}
	}
}

// isZeroed tells whether a line begins as it should up to a zero.
func isZeroed(start []byte, with string) bool {
	zero := bytes.IndexByte(start, 0)
	return zero >= 0 && string(start[:zero]) == with[:zero]
}

// startOfLine reads a line and returns its beginning. The error is io.EOF where no newline ends the line.
func startOfLine(reader *bufio.Reader, length int) ([]byte, error) {
	part, err := reader.ReadSlice('\n')
	start := bytes.Clone(part[:min(len(part), length)])
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = reader.ReadSlice('\n')
	}
	return start, err
}

// Judge asks an Options.Ours about the end of a file, and counts the whole lines in it.
func Judge(ours func(end io.Reader) (bool, error), end io.Reader) (is bool, lines int, err error) {
	counter := &lineCounter{from: end}
	is, err = ours(counter)
	return is, counter.count, err
}

// lineCounter counts the lines that end in what is read.
type lineCounter struct {
	from  io.Reader
	count int
}

// Read implements io.Reader.
func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	l.count += bytes.Count(p[:n], []byte{'\n'})
	return n, err
}
