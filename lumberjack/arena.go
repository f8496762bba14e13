package lumberjack

import "slices"

// arena holds the bytes of one window: a list of buffers, each filled from its front. What was committed stays where it
// is until the arena is released.
type arena struct {
	memory  *memory
	buffers []*buffer
	used    int // of the last buffer
}

// space returns all free room of the last buffer if that is at least least bytes, or else of a fresh one, which is made
// twice as large as the one before so that a window has few of them.
func (a *arena) space(least int) ([]byte, error) {
	if free := a.free(); len(free) >= least {
		return free, nil
	}
	size := smallestBuffer
	if last := a.last(); last != nil {
		size = min(2*len(last.bytes), largestBuffer)
	}
	fresh, err := a.memory.get(max(least, size))
	if err != nil {
		return nil, err
	}
	a.adopt(fresh, 0)
	return fresh.bytes, nil
}

// commit makes the first used bytes of the space that was handed out last stay.
func (a *arena) commit(used int) { a.used += used }

// adopt takes over a buffer of which the first used bytes stay.
func (a *arena) adopt(b *buffer, used int) {
	a.buffers = append(a.buffers, b)
	a.used = used
}

// allocate returns size bytes that stay.
func (a *arena) allocate(size int) ([]byte, error) {
	space, err := a.space(size)
	if err != nil {
		return nil, err
	}
	a.commit(size)
	return space[:size:size], nil
}

// free returns the room behind what was committed in the last buffer.
func (a *arena) free() []byte {
	if last := a.last(); last != nil {
		return last.bytes[a.used:]
	}
	return nil
}

func (a *arena) last() *buffer {
	if len(a.buffers) == 0 {
		return nil
	}
	return a.buffers[len(a.buffers)-1]
}

// release gives all buffers back. They still count in the budget until the reservation is settled.
func (a *arena) release() {
	for i, b := range a.buffers {
		a.memory.pool.put(b)
		a.buffers[i] = nil
	}
	a.buffers = a.buffers[:0]
	a.used = 0
}

// move hands out fresh room of at least least bytes that begins with a copy of unread, the end of the space that was
// handed out last. The buffer that it was in is given back if nothing was committed in it.
func (a *arena) move(unread []byte, least int) ([]byte, error) {
	old := a.last()
	empty := old != nil && a.used == 0
	a.used = 0
	if old != nil {
		a.used = len(old.bytes) // so that space makes a fresh one
	}
	space, err := a.space(least)
	if err != nil {
		return nil, err
	}
	copy(space, unread)
	if empty {
		a.buffers = slices.Delete(a.buffers, len(a.buffers)-2, len(a.buffers)-1)
		a.memory.put(old)
	}
	return space, nil
}
