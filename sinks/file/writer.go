package file

import (
	"context"
	"fmt"
	"io"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Writer writes alert documents as lines to an io.Writer, such as the standard output. A write that blocks, as to a pipe
// that nobody reads, blocks Deliver too; no context can end it.
type Writer struct{ lines *appendfile.Lines }

var _ sinks.Sink = (*Writer)(nil)

// NewWriter returns a sink that writes to out, which stays the caller's: Close does not close it.
func NewWriter(out io.Writer) *Writer { return &Writer{appendfile.NewLines(out)} }

// Deliver writes one line for each transition. After an error those whose lines were written whole are done.
func (w *Writer) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	outcomes := make([]error, len(transitions))
	for i, transition := range transitions {
		err := ctx.Err()
		if err == nil {
			err = w.line(sinks.Document(transition))
		}
		if err != nil {
			outcomes[i] = err
			for behind := i + 1; behind < len(outcomes); behind++ {
				outcomes[behind] = sinks.ErrNotTried
			}
			break
		}
	}
	return outcomes, nil
}

// line writes the document with a newline, in one write, so that lines of others do not come between.
func (w *Writer) line(document []byte) error {
	if _, err := w.lines.Write(append(document[:len(document):len(document)], '\n')); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return nil
}

// Close does nothing: the writer is the caller's.
func (w *Writer) Close() error { return nil }
