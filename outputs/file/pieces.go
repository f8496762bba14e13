package file

import (
	"iter"

	"github.com/logboom/logboom/outputs"
)

// pieceSize is how much is written at once: small enough to stay in the processor's cache.
const pieceSize = 256 << 10

// pieces puts events together to lines. The zero value is ready.
type pieces struct{ buffer []byte }

// of yields the lines of events, many at a time, valid until the next ones.
func (p *pieces) of(events []outputs.Event) iter.Seq[[]byte] {
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
