package file

import (
	"iter"

	"github.com/logboom/logboom/outputs"
)

// pieceSize is how much is written at once: small enough to stay in the processor's cache.
const pieceSize = 256 << 10

// pieces puts events together to lines. The zero value is ready.
type pieces struct{ buffer []byte }

// of yields the lines of a batch's events from one place to another, many at a time, valid until the next ones. offset is how
// many bytes the lines before them have.
func (p *pieces) of(batch *outputs.Batch, from, to, offset int) iter.Seq[[]byte] {
	if batch.Lines == nil {
		return p.copied(batch.Events[from:to])
	}
	lines := batch.Lines[offset : offset+lengthOf(batch.Events[from:to])]
	return func(yield func([]byte) bool) { yield(lines) }
}

// lengthOf returns how long the lines of events are together.
func lengthOf(events []outputs.Event) (length int) {
	for i := range events {
		length += len(events[i].Body) + 1
	}
	return length
}

// copied is of for events that do not stand together.
func (p *pieces) copied(events []outputs.Event) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		p.buffer = p.buffer[:0]
		for i := range events {
			body := events[i].Body
			if len(p.buffer) > 0 && len(p.buffer)+len(body) >= pieceSize {
				if !yield(p.buffer) {
					return
				}
				p.buffer = p.buffer[:0]
			}
			p.buffer = append(append(p.buffer, body...), '\n')
		}
		if len(p.buffer) > 0 {
			yield(p.buffer)
		}
		if cap(p.buffer) > 4*pieceSize {
			p.buffer = nil // a very large event made it
		}
	}
}
