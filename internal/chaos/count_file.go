package chaos

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// readLines gives each line of a file to use, and of the files that were set aside for it, compressed or not. A file that ends in
// the middle of a line is an error.
func readLines(path string, use func(line []byte) error) error {
	aside, err := filepath.Glob(path + ".*")
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	for _, name := range append(aside, path) {
		err := readFile(name, use)
		if errors.Is(err, fs.ErrNotExist) && name == path && len(aside) > 0 {
			continue // just set aside
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}

func readFile(name string, use func(line []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it is only read
	var source io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if source, err = gzip.NewReader(file); err != nil {
			return err
		}
	}
	reader := bufio.NewReaderSize(source, 1<<20)
	for {
		line, err := reader.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case err != nil:
			return fmt.Errorf("%w at %.100q", err, line)
		}
		if err := use(line); err != nil {
			return err
		}
	}
}

// countFile counts the events in the files.
func countFile(path string, l *ledger) error {
	return readLines(path, func(text []byte) error {
		parsed, err := parseRecord(text)
		if err == nil {
			l.add(receipt{parsed, time.Time{}})
		}
		return err
	})
}

// alertsInFile returns the documents in the file.
func alertsInFile(path string) ([][]byte, error) {
	var documents [][]byte
	err := readLines(path, func(text []byte) error {
		documents = append(documents, append([]byte(nil), text...))
		return nil
	})
	return documents, err
}
