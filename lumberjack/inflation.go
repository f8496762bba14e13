package lumberjack

import (
	"errors"
	"fmt"
	"io"

	"github.com/logboom/logboom/lumberjack/inflate"
)

const (
	// expectedRatio is how much larger than its compressed frame a window is thought to be, so that most windows fit into
	// the first buffer made for them. nginx events have 10 to 17.
	expectedRatio = 16
	// leastInflation is the least room that is worth inflating into.
	leastInflation = 4 << 10
	// inflatedAtOnce is how much is inflated before its frames are looked at: they are still in the processor's cache then.
	inflatedAtOnce = 64 << 10
	// decoderCost is what a decoder counts for in the budget.
	decoderCost = 16 << 10
)

// inflation is the frameSource that is a compressed frame. It inflates straight into the window's arena, where the
// events then stay. What the stream may refer to, the last 32 KiB of its output, is always in front of what comes next.
type inflation struct {
	window  *window
	decoder *inflate.Decoder
	room    []byte // handed out by the arena
	kept    int    // up to where the room stays
	start   int    // of what was inflated and not taken yet
	end     int
	ended   bool // whether that is the last
}

// newInflation begins to inflate a frame.
func newInflation(window *window, decoder *inflate.Decoder, compressed []byte) (*inflation, error) {
	if err := decoder.Reset(compressed); err != nil {
		return nil, fmt.Errorf("%w: begin zlib stream: %w", ErrDecompression, err)
	}
	expected := min(max(expectedRatio*len(compressed), leastInflation), largestBuffer)
	room, err := window.arena.space(expected)
	if err != nil {
		return nil, err
	}
	return &inflation{window: window, decoder: decoder, room: room}, nil
}

// next is part of frameSource. Before the first byte, io.EOF means that the compressed frame is at its end.
func (s *inflation) next(size int) ([]byte, error) {
	if s.end-s.start < size {
		if err := s.have(size); err != nil {
			return nil, err
		}
	}
	taken := s.room[s.start : s.start+size]
	s.start += size
	return taken, nil
}

// keep is part of frameSource.
func (s *inflation) keep(size int) ([]byte, error) {
	if err := s.window.mayKeep(int64(size)); err != nil {
		return nil, err
	}
	if size > largeEvent {
		return s.window.keepLarge(size, s.full)
	}
	if s.end-s.start < size {
		if err := s.have(size); err != nil {
			return nil, wholly(err)
		}
	}
	taken := s.room[s.start : s.start+size : s.start+size]
	s.start += size
	s.kept = s.start
	return taken, nil
}

// full takes bytes until p is full.
func (s *inflation) full(p []byte) error {
	return s.pass(int64(len(p)), func(part []byte) { p = p[copy(p, part):] })
}

// skip is part of frameSource.
func (s *inflation) skip(size int64) error { return s.pass(size, func([]byte) {}) }

// pass takes bytes that need not stay where they are, in parts.
func (s *inflation) pass(size int64, take func(part []byte)) error {
	for {
		taken := int(min(size, int64(s.end-s.start)))
		take(s.room[s.start : s.start+taken])
		s.start += taken
		size -= int64(taken)
		if size == 0 {
			return nil
		}
		if err := s.more(1); err != nil {
			return wholly(err)
		}
	}
}

// finish makes the room behind what was kept free for others.
func (s *inflation) finish() {
	s.window.arena.commit(s.kept)
	s.room, s.kept, s.start, s.end = nil, 0, 0, 0
}

// have inflates until size bytes can be taken.
func (s *inflation) have(size int) error {
	for s.end-s.start < size {
		err := s.more(size)
		if errors.Is(err, io.EOF) && s.end > s.start {
			return wholly(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// more inflates once, behind what is there, on the way to size bytes.
func (s *inflation) more(size int) error {
	if s.ended {
		return io.EOF
	}
	if len(s.room)-s.end < leastInflation {
		if err := s.makeRoom(size); err != nil {
			return err
		}
	}
	to, err := s.decoder.Decode(s.room[:min(s.end+inflatedAtOnce, len(s.room))], s.end)
	inflated := to - s.end
	s.end = to
	if errors.Is(err, io.EOF) {
		s.ended = true
	} else if err != nil {
		return fmt.Errorf("%w: %w", ErrDecompression, err)
	}
	if err := s.window.inflated(int64(inflated)); err != nil {
		return err
	}
	if inflated == 0 && s.ended {
		return io.EOF
	}
	return nil
}

// makeRoom is called where there is little behind what was inflated. What is still needed, all that was not taken and
// what the stream may refer to, moves to the front of what is not kept, or to a fresh buffer.
func (s *inflation) makeRoom(size int) error {
	from := min(s.start, max(s.end-inflate.MaxDistance, 0))
	needed := s.end - from
	if free := len(s.room) - s.kept - needed; from > s.kept && free >= max(needed, size, leastInflation) {
		copy(s.room[s.kept:], s.room[from:s.end])
		s.start, s.end = s.kept+s.start-from, s.kept+needed
		return nil
	}
	s.window.arena.commit(s.kept)
	room, err := s.window.arena.move(s.room[from:s.end], needed+max(size, leastInflation))
	if err != nil {
		s.room, s.kept = nil, 0
		return err
	}
	s.room, s.kept, s.start, s.end = room, 0, s.start-from, needed
	return nil
}

// wholly makes the end of a compressed frame in the middle of another one a framing error.
func wholly(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: compressed frame ends within a frame", ErrFraming)
	}
	return err
}
