package file

import (
	"context"
	"fmt"
	"io"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/outputs"
)

// Writer writes events as lines to an io.Writer, such as the standard output. An event is done when the writer took it.
//
// What is written is written from a goroutine: one that blocks, as to a pipe that nobody reads, can be ended by nobody, but
// Write returns when its context ends. The goroutine then goes on with what it has, lines of its own memory, and so does
// the next Write behind it.
type Writer struct {
	lines  *appendfile.Lines
	buffer []byte
	// under is the write that is under way although nobody waits for it, or nil.
	under *write
}

// write is one write to the writer.
type write struct {
	done    chan struct{} // closed when it is over, and what follows is set
	written int
	err     error
}

var _ outputs.Output = (*Writer)(nil)

// NewWriter returns an output that writes to out, which stays the caller's: Close does not close it.
func NewWriter(out io.Writer) *Writer { return &Writer{lines: appendfile.NewLines(out)} }

// Write writes one line for each event. After an error those whose lines were written whole are done.
func (w *Writer) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	outcomes := make([]error, len(batch.Events))
	for rest := batch.Events; len(rest) > 0; {
		count := w.fill(rest)
		written, err := w.write(ctx)
		if err != nil {
			failed(outcomes[len(outcomes)-len(rest):], rest, written, err)
			break
		}
		rest = rest[count:]
	}
	return outcomes, nil
}

// failed sets the outcomes of events of which only so many bytes were written.
func failed(outcomes []error, events []outputs.Event, written int, err error) {
	for i := range events {
		if line := len(events[i].Body) + 1; written >= line {
			written -= line
			continue
		}
		outcomes[i] = fmt.Errorf("write a line: %w", err)
		for behind := i + 1; behind < len(outcomes); behind++ {
			outcomes[behind] = outputs.ErrNotTried
		}
		return
	}
}

// fill fills the buffer with the lines of as many events as fit, at least one, and returns how many those are.
func (w *Writer) fill(events []outputs.Event) int {
	if cap(w.buffer) > 4*pieceSize {
		w.buffer = nil // a very large event made it
	}
	w.buffer = w.buffer[:0]
	for i := range events {
		if i > 0 && len(w.buffer)+len(events[i].Body) >= pieceSize {
			return i
		}
		w.buffer = append(append(w.buffer, events[i].Body...), '\n')
	}
	return len(events)
}

// write writes the buffer.
func (w *Writer) write(ctx context.Context) (int, error) {
	under := &write{done: make(chan struct{})}
	w.under = under
	go func() { // nobody can end it; wait waits for it
		defer close(under.done)
		under.written, under.err = w.lines.Write(w.buffer)
	}()
	if err := w.wait(ctx); err != nil {
		return 0, err
	}
	return under.written, under.err
}

// wait waits until nothing is under way.
func (w *Writer) wait(ctx context.Context) error {
	if w.under == nil {
		return nil
	}
	select {
	case <-w.under.done:
		w.under = nil
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write to who does not read: %w", context.Cause(ctx))
	}
}

// Close does nothing: the writer is the caller's.
func (w *Writer) Close() error { return nil }
