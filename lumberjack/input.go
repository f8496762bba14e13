package lumberjack

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

const (
	// idleInput is the input buffer of a connection without a window: enough for the header of one.
	idleInput = 64
	// windowInput is the input buffer while a window is read. Larger payloads are read past it, to where they stay.
	windowInput = 32 << 10
	// leastProgress is what a client must send within the read timeout while others wait for memory.
	leastProgress = 16 << 10
)

// input reads from a connection through a buffer that is small while the connection is idle. Each read of a window has
// its own deadline.
type input struct {
	conn     net.Conn
	counters *counters
	timeout  time.Duration
	ctx      context.Context // ends reading; see connection.fail
	pressing func() bool     // whether the client must make progress, because windows of others wait for memory
	small    [idleInput]byte
	large    *buffer // nil while idle
	start    int     // of what was read and not taken yet
	end      int
	progress int // bytes that came since the deadline was set
}

// room returns the whole buffer in use.
func (in *input) room() []byte {
	if in.large != nil {
		return in.large.bytes
	}
	return in.small[:]
}

// buffered returns what was read and not taken yet.
func (in *input) buffered() []byte { return in.room()[in.start:in.end] }

// renew makes the next read set a deadline, whatever came since the last one was set.
func (in *input) renew() { in.progress = leastProgress }

// enlarge changes from the small buffer to a large one.
func (in *input) enlarge(large *buffer) {
	in.end = copy(large.bytes, in.buffered())
	in.start = 0
	in.large = large
}

// reduce changes back to the small buffer if what is left fits, and returns the large one, or nil if it does not.
func (in *input) reduce() *buffer {
	rest := in.buffered()
	if in.large == nil || len(rest) > idleInput {
		return nil
	}
	large := in.large
	in.end = copy(in.small[:], rest)
	in.start = 0
	in.large = nil
	return large
}

// waitByte returns the next byte without taking it. The deadline is the caller's.
func (in *input) waitByte() (byte, error) {
	defer in.renew()
	if in.start == in.end {
		in.start, in.end = 0, 0
		if err := in.read(in.room(), &in.end); err != nil {
			return 0, err
		}
	}
	return in.room()[in.start], nil
}

// mayBeOther says whether more bytes are needed to tell what a client speaks: its first is not Lumberjack's.
func (in *input) mayBeOther() bool {
	have := in.buffered()
	return len(have) > 0 && len(have) < 4 && have[0] != Version1 && have[0] != Version2
}

// next takes size bytes, which are valid until the next call. size is at most that of the small buffer.
func (in *input) next(size int) ([]byte, error) {
	for in.end-in.start < size {
		if err := in.fill(); err != nil {
			return nil, in.cut(err)
		}
	}
	taken := in.room()[in.start : in.start+size]
	in.start += size
	return taken, nil
}

// cut makes an end of the stream where bytes were expected an unexpected one.
func (in *input) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fill reads once, behind what is buffered.
func (in *input) fill() error {
	room := in.room()
	if in.start > 0 {
		in.end = copy(room, in.buffered())
		in.start = 0
	}
	return in.readTimely(room[in.end:], &in.end)
}

// full reads until p is full, from the buffer first.
func (in *input) full(p []byte) error {
	read := copy(p, in.buffered())
	in.start += read
	for read < len(p) {
		if err := in.readTimely(p[read:], &read); err != nil {
			return in.cut(err)
		}
	}
	return nil
}

// skip takes size bytes and forgets them.
func (in *input) skip(size int64) error {
	for {
		taken := min(size, int64(in.end-in.start))
		in.start += int(taken)
		size -= taken
		if size == 0 {
			return nil
		}
		if err := in.fill(); err != nil {
			return in.cut(err)
		}
	}
}

// readTimely reads once into p, within the read timeout, and adds what came to count.
func (in *input) readTimely(p []byte, count *int) error {
	if in.progress >= leastProgress || !in.pressing() {
		if err := in.conn.SetReadDeadline(time.Now().Add(in.timeout)); err != nil {
			return err
		}
		if err := context.Cause(in.ctx); err != nil {
			return err
		}
		in.progress = 0
	}
	before := *count
	err := in.read(p, count)
	in.progress += *count - before
	return err
}

// read reads once into p, with the deadline that is set, and adds what came to count. An error that comes with bytes
// will come again without.
func (in *input) read(p []byte, count *int) error {
	read, err := in.conn.Read(p)
	in.counters.bytesRead.Add(uint64(read))
	*count += read
	if read > 0 {
		return nil
	}
	return err
}
