package shipper

import (
	"encoding/binary"
	"time"

	protocol "github.com/elastic/go-lumber/protocol/v2"
)

const (
	// windowBytes is how many bytes of events make a window full whatever their number. Filebeat has no such bound; it
	// keeps memory bounded where lines are long, and is far below what servers take in one window.
	windowBytes = 8 << 20
	// headSize is the size of a window frame.
	headSize = 6
	// eventHeadSize is what goes before each event.
	eventHeadSize = 10
)

// share is what one sender has in a window.
type share struct {
	tally  *tally
	events int
	source int64
}

// window is a window from its first event until its last was acknowledged. While it is being filled it belongs to who
// holds the queue's mutex, and later its bytes belong to the goroutine that delivers.
type window struct {
	number  int64 // how many events were queued before those in it
	count   int
	since   time.Time // when the first event came
	plain   []byte    // room for the window frame, and the frames of the events
	wire    []byte    // the whole window as it is sent, nil before that
	buffer  []byte    // what wire stands in, if it is compressed
	shares  []share
	begun   time.Time // when it was first sent
	resent  bool
	writing bool
	settled bool // acknowledged while it was being written
}

// reset makes the window empty.
func (w *window) reset() {
	clear(w.shares)
	*w = window{plain: recycled(w.plain), buffer: recycled(w.buffer), shares: w.shares[:0]}
	w.plain = append(w.plain, make([]byte, headSize)...)
}

// recycled returns a buffer for another window, unless an uncommonly large event has made it huge.
func recycled(buffer []byte) []byte {
	if cap(buffer) > 2*windowBytes {
		return nil
	}
	return buffer[:0]
}

// full says whether the window is, with at most limit events.
func (w *window) full(limit int) bool { return w.count >= limit || len(w.plain) >= windowBytes }

// add appends an event, which stands for that many bytes of its sender's source.
func (w *window) add(event []byte, source int64, sender *tally) {
	w.count++
	var head [eventHeadSize]byte
	head[0], head[1] = protocol.CodeVersion, protocol.CodeJSONDataFrame
	binary.BigEndian.PutUint32(head[2:], uint32(w.count))
	binary.BigEndian.PutUint32(head[6:], uint32(len(event)))
	w.plain = append(append(w.plain, head[:]...), event...)
	if last := len(w.shares) - 1; last < 0 || w.shares[last].tally != sender {
		w.shares = append(w.shares, share{tally: sender})
	}
	mine := &w.shares[len(w.shares)-1]
	mine.events++
	mine.source += source
}

// delivery describes the window to callbacks.
func (w *window) delivery() Delivery {
	return Delivery{Events: w.count, Bytes: len(w.wire), Resent: w.resent, Elapsed: time.Since(w.begun)}
}
