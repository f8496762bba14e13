package appendfile

import "io"

// Lines writes pieces that end with a newline each. A piece that is cut by an error leaves a torn line; the next one begins
// with a newline then. It is not safe for concurrent use.
type Lines struct {
	out  io.Writer
	torn bool
}

// NewLines returns a Lines that writes to out.
func NewLines(out io.Writer) *Lines { return &Lines{out: out} }

// Write writes a piece. It returns how many bytes of it were written, not counting the newline in front.
func (l *Lines) Write(piece []byte) (written int, err error) {
	if l.torn && len(piece) > 0 {
		if _, err := l.out.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		l.torn = false
	}
	written, err = l.out.Write(piece)
	if err != nil && written > 0 {
		l.torn = piece[written-1] != '\n'
	}
	return written, err
}
