package lumberjack

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// windowReader reads one window after another. It acknowledges nothing and knows no Handler.
type windowReader struct {
	input  *input
	pool   *bufferPool
	limits Limits
	// reserve returns an empty reservation, for the next window.
	reserve  func() *reservation
	counters *counters
	// announced is called when a window begins, before anything of it is waited for.
	announced func(version byte)
	keepParts bool

	reservation *reservation  // of the window under way, and of the input buffer; nil before the first
	window      *window       // under way, or nil
	next        *announcement // what ended the window before, or nil
	pairs       pairs
}

// pending says whether the header of the next window was read already.
func (r *windowReader) pending() bool { return r.next != nil }

// pressing says whether the client must make progress, because windows of others wait for memory.
func (r *windowReader) pressing() bool { return r.reservation != nil && r.reservation.pressing() }

// read reads the next window. It belongs to the caller until its release, and is independent of what is read afterwards.
// Its size is 0 where the client announced that.
func (r *windowReader) read() (*window, error) {
	for {
		announced, err := r.announcement()
		if err != nil {
			return nil, err
		}
		r.announced(announced.version)
		if announced.size == 0 {
			r.abandonWindow()
			r.settleInput()
			return &window{announcement: announced}, nil
		}
		if err := r.begin(announced); err != nil {
			return nil, err
		}
		if err := r.frames(); err != nil {
			return nil, err
		}
		if r.window.count() > 0 {
			r.window.finished = time.Now()
			return r.detach(), nil
		}
	}
}

// announcement returns what is left over from the window before, or reads a window frame.
func (r *windowReader) announcement() (announcement, error) {
	if next := r.next; next != nil {
		r.next = nil
		return *next, nil
	}
	bytes, err := r.input.next(frameTypeSize)
	if err != nil {
		return announcement{}, err
	}
	frame, err := parseFrameType(bytes)
	if err != nil {
		return announcement{}, err
	}
	if frame.code != frameWindow {
		return announcement{}, fmt.Errorf("%w: frame of type %q outside a window", ErrFraming, frame.code)
	}
	return r.announcementSize(frame)
}

// announcementSize reads what follows the type of a window frame.
func (r *windowReader) announcementSize(frame frameType) (announcement, error) {
	size, err := readNumber(r.input)
	return announcement{version: frame.version, size: size}, err
}

// begin checks the size and takes the memory that each window needs.
func (r *windowReader) begin(announced announcement) error {
	if int64(announced.size) > int64(r.limits.Window) {
		return &LimitError{Limit: LimitWindow, Value: int64(announced.size), Most: int64(r.limits.Window)}
	}
	if r.window == nil {
		if err := r.takeMemory(); err != nil {
			return err
		}
	}
	r.window.announcement = announced
	r.input.renew()
	return nil
}

// takeMemory reserves, in one piece, the first buffer of the window, and that of the input unless the connection still
// has one. Later buffers are asked for one by one, as their need is seen.
func (r *windowReader) takeMemory() error {
	if r.reservation == nil {
		r.reservation = r.reserve()
	}
	size := int64(smallestBuffer)
	if r.input.large == nil {
		size += windowInput
	}
	if err := r.reservation.take(size); err != nil {
		return err
	}
	if r.input.large == nil {
		class, _ := bufferClass(windowInput)
		r.input.enlarge(r.pool.get(class, windowInput))
	}
	r.window = r.pool.window()
	r.window.reset(r.limits, r.pool, r.reservation, r.counters)
	r.window.arena.adopt(r.pool.get(0, smallestBuffer), 0)
	return nil
}

// frames reads frames until the window is complete or the next one is announced.
func (r *windowReader) frames() error {
	source := &wire{input: r.input, window: r.window}
	for !r.window.complete() {
		frame, err := readFrameType(source)
		if err != nil {
			return err
		}
		switch frame.code {
		case frameWindow:
			next, err := r.announcementSize(frame)
			r.next = &next
			return err
		case frameCompressed:
			err = r.compressed(source)
		default:
			err = r.data(source, frame)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// data reads a data frame.
func (r *windowReader) data(source frameSource, frame frameType) error {
	switch {
	case frame.code == frameJSON:
		return r.readJSON(source)
	case frame.code == framePairs && r.window.version == Version1:
		return r.readPairs(source)
	}
	return fmt.Errorf("%w: frame of type %q in a window of version %c", ErrFraming, frame.code, r.window.version)
}

// compressed reads what follows the type of a compressed frame.
func (r *windowReader) compressed(source *wire) error {
	length, err := readNumber(source)
	if err != nil {
		return err
	}
	if int64(length) > r.limits.Inflated {
		return &LimitError{Limit: LimitInflated, Value: int64(length), Most: r.limits.Inflated}
	}
	payload, err := r.payload(int(length))
	if err != nil {
		return err
	}
	before, rejected := len(r.window.events), len(r.window.rejected)
	r.window.received(int64(length))
	err = r.inflate(payload.bytes[:length])
	if err == nil && r.keepParts && len(r.window.rejected) == rejected && r.window.keepPart(payload, int(length), before) {
		return nil
	}
	r.window.memory.put(payload)
	return err
}

// payload reads a compressed frame. Small ones get a buffer that was used before.
func (r *windowReader) payload(length int) (*buffer, error) {
	if length > trustedClaim {
		return receive(&r.window.memory, length, r.input.full)
	}
	payload, err := r.window.memory.get(length)
	if err != nil {
		return nil, err
	}
	if err := r.input.full(payload.bytes[:length]); err != nil {
		r.window.memory.put(payload)
		return nil, err
	}
	return payload, nil
}

// inflate reads the data frames of a compressed frame. A window that is complete keeps its turn until it is released.
func (r *windowReader) inflate(payload []byte) error {
	if len(payload) > smallFrame {
		if err := r.window.takeTurn(); err != nil {
			return err
		}
		defer func() {
			if !r.window.complete() {
				r.window.endTurn()
			}
		}()
	}
	if err := r.reservation.take(decoderCost); err != nil {
		return err
	}
	defer r.reservation.give(decoderCost)
	decoder := r.pool.decoder()
	defer r.pool.putDecoder(decoder)
	source, err := newInflation(r.window, decoder, payload)
	if err != nil {
		return err
	}
	defer source.finish()
	return r.inflatedFrames(source)
}

// inflatedFrames reads frames up to the end of the compressed one, also when the window is complete: the checksum comes
// last.
func (r *windowReader) inflatedFrames(source *inflation) error {
	for {
		frame, err := readFrameType(source)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if frame.code == frameCompressed {
			return fmt.Errorf("%w: compressed frame in a compressed frame", ErrFraming)
		}
		if r.window.complete() {
			return fmt.Errorf("%w: more events than the %d announced", ErrFraming, r.window.size)
		}
		if err := r.data(source, frame); err != nil {
			return wholly(err)
		}
	}
}

// detach gives the window away, with all that is reserved for it. An input buffer that holds something of the next
// window stays, and what is reserved for it goes over to that window's reservation.
func (r *windowReader) detach() *window {
	detached := r.window
	if r.keepParts {
		detached.bareParts(len(detached.events))
	}
	r.window, r.pairs = nil, pairs{}
	r.settleInput()
	if r.reservation != nil {
		next := r.reserve()
		r.reservation.pass(next, windowInput)
		r.reservation = next
	}
	return detached
}

// settleInput gives the input buffer back if what is left in it fits into the small one. Then nothing is reserved but
// what the window under way has.
func (r *windowReader) settleInput() {
	large := r.input.reduce()
	if large != nil {
		r.pool.put(large)
		r.reservation.give(windowInput)
	}
	if r.input.large == nil {
		r.reservation = nil
	}
}

// abandonWindow ends the use of the window under way, if there is one.
func (r *windowReader) abandonWindow() {
	if r.window != nil {
		r.window.giveBack()
	}
	r.window, r.pairs = nil, pairs{}
	if r.reservation != nil {
		left := int64(0)
		if r.input.large != nil {
			left = windowInput
		}
		r.reservation.settle(left)
	}
}

// abandon returns all memory when the connection is at its end.
func (r *windowReader) abandon() {
	r.input.start, r.input.end = 0, 0
	r.abandonWindow()
	r.settleInput()
}
