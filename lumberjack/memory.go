package lumberjack

import (
	"math/bits"
	"sync"

	"github.com/logboom/logboom/lumberjack/inflate"
)

// Buffers come in powers of two. Larger ones than the largest class, and those of large events, are made to measure and
// left to the garbage collector, since they are rare.
const (
	smallestBuffer = 16 << 10
	largestBuffer  = 4 << 20
	bufferClasses  = 9 // 16, 32, 64, 128, 256, 512 KiB, 1, 2, 4 MiB
)

// buffer is a piece of memory that is counted in the budget by its length.
type buffer struct {
	bytes []byte
}

// size returns what the buffer counts for.
func (b *buffer) size() int64 { return int64(len(b.bytes)) }

// bufferPool keeps buffers and decompressors that are out of use. The garbage collector empties it, so a burst does not
// keep its memory. It is safe for concurrent use.
type bufferPool struct {
	buffers  [bufferClasses]sync.Pool
	decoders sync.Pool
	windows  sync.Pool
	turns    turns
}

// memory is where one window gets its buffers: each is reserved in the budget first.
type memory struct {
	pool        *bufferPool
	reservation *reservation
}

// get returns a buffer of at least size bytes, with any content, and waits for the budget.
func (m *memory) get(size int) (*buffer, error) {
	class, rounded := bufferClass(size)
	if err := m.reservation.take(int64(rounded)); err != nil {
		return nil, err
	}
	return m.pool.get(class, rounded), nil
}

// put takes a buffer back that nothing refers to any more.
func (m *memory) put(b *buffer) {
	m.reservation.give(b.size())
	m.pool.put(b)
}

// exactly returns a buffer of size bytes, with any content, and waits for the budget.
func (m *memory) exactly(size int) (*buffer, error) {
	if err := m.reservation.take(int64(size)); err != nil {
		return nil, err
	}
	return &buffer{bytes: make([]byte, size)}, nil
}

// get returns a buffer of that class, and of that size where it is beyond all classes.
func (p *bufferPool) get(class, size int) *buffer {
	if class < bufferClasses {
		if kept, ok := p.buffers[class].Get().(*buffer); ok {
			return kept
		}
	}
	return &buffer{bytes: make([]byte, size)}
}

// put keeps a buffer for later, if it is of a class.
func (p *bufferPool) put(b *buffer) {
	if class, rounded := bufferClass(len(b.bytes)); class < bufferClasses && rounded == len(b.bytes) {
		p.buffers[class].Put(b)
	}
}

// bufferClass returns the class of the smallest buffers that hold size bytes, and their size.
func bufferClass(size int) (class, rounded int) {
	if size > largestBuffer {
		return bufferClasses, size
	}
	rounded = max(smallestBuffer, 1<<bits.Len(uint(max(size, 1)-1)))
	return bits.Len(uint(rounded/smallestBuffer)) - 1, rounded
}

// window returns a window to be reset.
func (p *bufferPool) window() *window {
	if kept, ok := p.windows.Get().(*window); ok {
		return kept
	}
	return new(window)
}

// decoder returns a decoder to be reset.
func (p *bufferPool) decoder() *inflate.Decoder {
	if kept, ok := p.decoders.Get().(*inflate.Decoder); ok {
		return kept
	}
	return new(inflate.Decoder)
}

// putDecoder keeps a decoder for later.
func (p *bufferPool) putDecoder(d *inflate.Decoder) {
	d.Forget()
	p.decoders.Put(d)
}
