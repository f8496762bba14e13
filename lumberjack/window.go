package lumberjack

import "time"

const (
	// eventCost is what each event counts for in the budget beside its bytes: its slice, twice because the list of them
	// grows by doubling, and some room.
	eventCost = 64
	// eventsAtOnce is for how many events that is reserved at a time.
	eventsAtOnce = 256
	// keptEvents is the largest list of events that is kept for later windows.
	keptEvents = 32 << 10
	// rejectedCost is what each event that was not kept counts for beside the bytes that were.
	rejectedCost = 256
)

// announcement is a window frame.
type announcement struct {
	version byte
	size    uint32
}

// window is what was read of one window.
type window struct {
	announcement
	limits   Limits
	memory   memory
	arena    arena // what came
	made     arena // what was made of it while the other one is being filled
	large    []*buffer
	counters *counters

	events   [][]byte
	rejected []Rejected
	parts    []Part    // where they are kept
	payloads []*buffer // that the parts refer to
	sequence uint32    // the highest one of an event
	wire     int64     // bytes of payload that came
	kept     int64     // bytes that stay until the window is released
	produced int64     // bytes inflated
	finished time.Time
	batch    Batch // as the Handler has it
	inTurn   bool  // whether it has a turn, see turns
}

// reset makes the window ready, with the memory that it may take.
func (w *window) reset(limits Limits, pool *bufferPool, reservation *reservation, counters *counters) {
	*w = window{
		limits:   limits,
		memory:   memory{pool: pool, reservation: reservation},
		arena:    arena{memory: &w.memory, buffers: w.arena.buffers[:0]},
		made:     arena{memory: &w.memory, buffers: w.made.buffers[:0]},
		counters: counters,
		events:   w.events[:0],
		parts:    w.parts[:0],
		payloads: w.payloads[:0],
	}
}

// release ends the use of a window that was detached: all its memory is free for others. A window without events has none.
func (w *window) release() {
	if reservation := w.memory.reservation; reservation != nil {
		w.giveBack()
		reservation.settle(0)
	}
}

// giveBack returns the window and its buffers to the pool, except that the reservation is settled by its owner.
func (w *window) giveBack() {
	w.endTurn()
	w.arena.release()
	w.made.release()
	clear(w.events)
	w.events = w.events[:0]
	if cap(w.events) > keptEvents {
		w.events = nil
	}
	for i, payload := range w.payloads {
		w.memory.pool.put(payload)
		w.payloads[i] = nil
	}
	clear(w.parts)
	w.parts, w.payloads = w.parts[:0], w.payloads[:0]
	w.rejected, w.large, w.batch = nil, nil, Batch{}
	pool := w.memory.pool
	w.memory = memory{}
	pool.windows.Put(w)
}

// count returns how many events came.
func (w *window) count() int { return len(w.events) + len(w.rejected) }

// complete says whether all events came that were announced.
func (w *window) complete() bool { return w.count() >= int(w.size) }

// add takes an event in.
func (w *window) add(sequence uint32, event []byte) error {
	if len(w.events)%eventsAtOnce == 0 {
		if err := w.memory.reservation.take(eventsAtOnce * eventCost); err != nil {
			return err
		}
	}
	w.events = append(w.events, event)
	w.sequence = max(w.sequence, sequence)
	return nil
}

// reject takes an event in that is not kept.
func (w *window) reject(sequence uint32, rejected Rejected) error {
	if err := w.memory.reservation.take(rejectedCost); err != nil {
		return err
	}
	w.rejected = append(w.rejected, rejected)
	w.sequence = max(w.sequence, sequence)
	return nil
}

// acknowledge returns the sequence number of the final acknowledgement: the highest that the client itself gave an event
// of this window. From a client that numbers no events it is their count, since "A 0" acknowledges nothing.
func (w *window) acknowledge() uint32 {
	if w.sequence == 0 {
		return uint32(w.count())
	}
	return w.sequence
}

// keepLarge reads an event that gets a buffer to itself.
func (w *window) keepLarge(size int, full func([]byte) error) ([]byte, error) {
	received, err := receive(&w.memory, size, full)
	if err != nil {
		return nil, err
	}
	w.large = append(w.large, received)
	return received.bytes, nil
}

// received counts bytes of payload that came from the network.
func (w *window) received(size int64) { w.wire += size }

// mayKeep counts bytes that are about to be kept, and fails where that goes beyond a limit.
func (w *window) mayKeep(size int64) error {
	w.kept += size
	if w.kept > w.limits.Inflated {
		return &LimitError{Limit: LimitInflated, Value: w.kept, Most: w.limits.Inflated}
	}
	if w.kept > ratioFloor && w.kept > int64(w.limits.Ratio)*w.wire {
		return &LimitError{Limit: LimitRatio, Value: w.kept / max(w.wire, 1), Most: int64(w.limits.Ratio)}
	}
	return nil
}

// inflated counts bytes that were inflated, and fails where they go beyond the limit.
func (w *window) inflated(size int64) error {
	w.produced += size
	w.counters.bytesInflated.Add(uint64(size))
	if w.produced > w.limits.Inflated {
		return &LimitError{Limit: LimitInflated, Value: w.produced, Most: w.limits.Inflated}
	}
	return nil
}
