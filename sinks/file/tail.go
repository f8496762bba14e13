package file

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// documentStart is how every line of the sink begins.
var documentStart = []byte(`{"@timestamp":"`)

// onlyDocuments tells whether all lines of r begin as an alert document does. The last one may be torn anywhere.
func onlyDocuments(r io.Reader) (bool, error) {
	reader := bufio.NewReader(r)
	for {
		start, err := startOfLine(reader)
		if errors.Is(err, io.EOF) {
			return bytes.HasPrefix(documentStart, start) || bytes.HasPrefix(start, documentStart), nil
		}
		if err != nil {
			return false, err
		}
		if !bytes.HasPrefix(start, documentStart) {
			return false, nil
		}
	}
}

// startOfLine reads a line and returns its beginning. The error is io.EOF where no newline ends the line.
func startOfLine(reader *bufio.Reader) ([]byte, error) {
	part, err := reader.ReadSlice('\n')
	start := bytes.Clone(part[:min(len(part), len(documentStart))])
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = reader.ReadSlice('\n')
	}
	return start, err
}
