package lumberjack

import (
	"errors"
	"fmt"
	"io"
)

const (
	// expectedRatio is how much larger than its compressed frame a window is thought to be, so that most windows fit into
	// the first buffer made for them. nginx events have 10 to 17.
	expectedRatio = 16
	// leastInflation is the least room that is worth inflating into.
	leastInflation = 4 << 10
)

// inflation is the frameSource that is a compressed frame. It inflates straight into the window's arena, where the
// events then stay; what lies between them is lost, and what is skipped is overwritten.
type inflation struct {
	window   *window
	inflater *inflater
	room     []byte // handed out by the arena
	kept     int    // how much of room is kept
	start    int    // of what was inflated and not taken yet
	end      int
}

// newInflation begins to inflate a frame of that many compressed bytes.
func newInflation(window *window, inflater *inflater, compressed int) (*inflation, error) {
	expected := min(max(expectedRatio*compressed, leastInflation), largestBuffer)
	room, err := window.arena.space(expected)
	if err != nil {
		return nil, err
	}
	return &inflation{window: window, inflater: inflater, room: room}, nil
}

// next is part of frameSource. Before the first byte, io.EOF means that the compressed frame is at its end.
func (s *inflation) next(size int) ([]byte, error) {
	if err := s.have(size); err != nil {
		return nil, err
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
	if err := s.have(size); err != nil {
		return nil, wholly(err)
	}
	taken := s.room[s.start : s.start+size : s.start+size]
	s.start += size
	s.kept = s.start
	return taken, nil
}

// full takes bytes until p is full, and inflates straight into it what was not inflated yet.
func (s *inflation) full(p []byte) error {
	have := copy(p, s.room[s.start:s.end])
	s.start += have
	for have < len(p) {
		read, err := s.inflater.read(p[have:])
		if err != nil {
			return wholly(err)
		}
		have += read
		if err := s.window.inflated(int64(read)); err != nil {
			return err
		}
	}
	return nil
}

// skip is part of frameSource.
func (s *inflation) skip(size int64) error {
	for {
		taken := min(size, int64(s.end-s.start))
		s.start += int(taken)
		size -= taken
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
	if s.start == s.end {
		s.start, s.end = s.kept, s.kept
	}
	if s.end == len(s.room) || (s.start == s.end && len(s.room)-s.end < leastInflation) {
		if err := s.move(size); err != nil {
			return err
		}
	}
	read, err := s.inflater.read(s.room[s.end:])
	s.end += read
	if err != nil {
		return err
	}
	return s.window.inflated(int64(read))
}

// move goes on in fresh room, which begins with what was not taken yet.
func (s *inflation) move(size int) error {
	unread := s.room[s.start:s.end]
	s.window.arena.commit(s.kept)
	room, err := s.window.arena.move(unread, max(size, len(unread)+leastInflation))
	if err != nil {
		s.room, s.kept = nil, 0
		return err
	}
	s.room, s.kept, s.start, s.end = room, 0, 0, len(unread)
	return nil
}

// wholly makes the end of a compressed frame in the middle of another one a framing error.
func wholly(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: compressed frame ends within a frame", ErrFraming)
	}
	return err
}
