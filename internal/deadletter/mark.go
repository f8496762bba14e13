package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"time"
)

// Done says what was done with a letter.
type Done string

// What can be done with a letter.
const (
	Replayed Done = "replayed"
	Dropped  Done = "dropped"
	// Refused is a letter that was tried again and stays.
	Refused Done = "refused"
)

// Mark is a note of what was done with a letter.
type Mark struct {
	Did Done `json:"did"`
	// To is the output that it was replayed to or that refused it, Reason why it did.
	To     string    `json:"to,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Time   time.Time `json:"time"`
}

// gone tells whether the letter is no longer one.
func (m Mark) gone() bool { return m.Did == Replayed || m.Did == Dropped }

// markLine is a mark's form on disk. See the package comment.
type markLine struct {
	Line uint32 `json:"line"`
	Sum  string `json:"sum"`
	Mark
}

// sums are CRC-32C, which processors have an instruction for.
var sums = crc32.MakeTable(crc32.Castagnoli)

func sumText(sum uint32) string { return fmt.Sprintf("%08x", sum) }

// marks are those of one segment, the latest of each line.
type marks map[uint32]markLine

// of returns the mark of a line that has this sum.
func (m marks) of(line, sum uint32) (Mark, bool) {
	found, marked := m[line]
	if !marked || found.Sum != sumText(sum) {
		return Mark{}, false
	}
	return found.Mark, true
}

// done returns how many letters are no longer ones.
func (m marks) done() (count int) {
	for _, mark := range m {
		if mark.gone() {
			count++
		}
	}
	return count
}

// readMarks reads a file of marks. What is no mark in it is passed over, and a file that is not there has none.
func readMarks(path string) (marks, error) {
	encoded, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the marks of dead letters: %w", err)
	}
	return parseMarks(encoded), nil
}

func parseMarks(encoded []byte) marks {
	found := marks{}
	for line := range bytes.Lines(encoded) {
		var mark markLine
		if !bytes.HasSuffix(line, []byte{'\n'}) || json.Unmarshal(line, &mark) != nil {
			continue
		}
		found[mark.Line] = mark
	}
	return found
}

// add puts marks behind those of a file, or writes it anew where they take the place of others, so that a letter that is
// refused again and again has one mark.
func (m marks) add(path string, added []markLine) error {
	superseded := false
	for _, mark := range added {
		_, there := m[mark.Line]
		superseded = superseded || there
		m[mark.Line] = mark
	}
	if superseded {
		added = added[:0:0]
		for _, mark := range m {
			added = append(added, mark)
		}
		encoded, err := encodeMarks(added)
		if err != nil {
			return err
		}
		return replaceFile(path, encoded)
	}
	encoded, err := encodeMarks(added)
	if err != nil {
		return err
	}
	return appendMarks(path, encoded)
}

func encodeMarks(list []markLine) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	for _, mark := range list {
		if err := encoder.Encode(mark); err != nil {
			return nil, fmt.Errorf("encode a mark: %w", err)
		}
	}
	return buffer.Bytes(), nil
}

// appendMarks returns after the marks are on disk. A line that a crash tore gets an end first.
func appendMarks(path string, encoded []byte) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, permissions)
	if err != nil {
		return err
	}
	_, err = endLine(file)
	if err == nil {
		_, err = file.Write(encoded)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
