package shipper

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// MaxLine is the most bytes of a line that are sent: 1 MiB. Filebeat's message_max_bytes is 10 MiB; a line as long as
// that is no log line, and a server has better use for the memory.
const MaxLine = 1 << 20

// line is one line of a file.
type line struct {
	text      []byte // without its end; valid until the next line is read
	offset    int64  // where it begins
	size      int64  // how many bytes of the file it takes, its end included
	truncated bool   // text is only its beginning
}

// lineReader reads lines of any length in bounded memory.
type lineReader struct {
	reader *bufio.Reader
	offset int64
	long   []byte // a line that is larger than the reader's buffer
}

func newLineReader(reader io.Reader) *lineReader {
	return &lineReader{reader: bufio.NewReaderSize(reader, 64<<10)}
}

// next returns the next line. A line ends with LF, or with CR and LF, and the last one also with the file. At the end
// the error is io.EOF.
func (r *lineReader) next() (line, error) {
	text, size, err := r.read()
	last := errors.Is(err, io.EOF)
	if err != nil && !last {
		return line{}, err
	}
	if last && size == 0 {
		return line{}, io.EOF
	}
	read := line{offset: r.offset, size: size}
	r.offset += size
	if !last {
		size--
	}
	whole := int64(len(text)) == size
	if whole && !last {
		text = bytes.TrimSuffix(text, []byte{'\r'})
	}
	read.text, read.truncated = cut(text, whole)
	return read, nil
}

// read returns a line without its LF, as much of it as is kept, and its size with the LF.
func (r *lineReader) read() (text []byte, size int64, err error) {
	text, err = r.reader.ReadSlice('\n')
	size = int64(len(text))
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimSuffix(text, []byte{'\n'}), size, err
	}
	r.long = append(r.long[:0], text...)
	for errors.Is(err, bufio.ErrBufferFull) {
		text, err = r.reader.ReadSlice('\n')
		size += int64(len(text))
		text = bytes.TrimSuffix(text, []byte{'\n'})
		room := MaxLine + len("\r") - len(r.long)
		r.long = append(r.long, text[:min(len(text), room)]...)
	}
	return r.long, size, err
}

// cut returns the beginning of a line that is too long, up to the last character that fits, and whether it is one.
func cut(text []byte, whole bool) ([]byte, bool) {
	if whole && len(text) <= MaxLine {
		return text, false
	}
	end := min(len(text), MaxLine)
	for back := 1; back < utf8.UTFMax && back <= end && end < len(text); back++ {
		if utf8.RuneStart(text[end-back]) {
			if !utf8.FullRune(text[end-back : end]) {
				end -= back
			}
			break
		}
	}
	return text[:end], true
}
