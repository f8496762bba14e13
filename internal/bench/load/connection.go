package load

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	protocol "github.com/elastic/go-lumber/protocol/v2"
)

// lastWords is how long the reader has, after a write failed, to find out why: a write to a closed connection has no reason.
const lastWords = time.Second

// errFinished ends the goroutines of a connection over which all is said.
var errFinished = errors.New("finished")

// connection is one connection. One goroutine writes windows, another reads acknowledgements.
type connection struct {
	run    *run
	number int
	conn   net.Conn
	slots  chan struct{} // one for each window under way
	sent   chan pending  // what is under way, in order
	stamps values
	count  int // windows written
	buffer []byte

	mutex    sync.Mutex // orders setting the deadline and knowing whether one is needed
	underWay int
	written  bool // nothing will be sent any more

	result *Result // belongs to the reader, from when the connection is used
}

// pending is a window that was sent.
type pending struct {
	window *window
	begun  time.Time
}

func newConnection(r *run, number int, conn net.Conn) *connection {
	return &connection{
		run: r, number: number, conn: conn,
		slots: make(chan struct{}, r.options.Pipelining), sent: make(chan pending, r.options.Pipelining),
	}
}

// converse sends windows until sending ends or there are no more, waits for what is under way, and closes the connection.
// When ctx ends it does so at once.
func (c *connection) converse(ctx, sending context.Context) error {
	c.result = new(Result)
	talk, end := context.WithCancelCause(ctx)
	var others sync.WaitGroup
	others.Go(func() { end(c.receive()) })
	others.Go(func() {
		<-talk.Done()
		_ = c.conn.Close() // wakes who reads or writes
	})
	failed := c.transmit(talk, sending)
	switch {
	case failed != nil:
		waitFor(talk, lastWords)
		end(failed)
	case c.finish():
		end(errFinished)
	}
	others.Wait()
	err := context.Cause(talk)
	if errors.Is(err, errFinished) || ctx.Err() != nil {
		return nil // or what ended ctx is told by who did
	}
	return explain(c.run.options, c.number+1, "send to", c.result.Events, err)
}

// waitFor waits until ctx ends, but no longer than patience.
func waitFor(ctx context.Context, patience time.Duration) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// transmit writes windows. It returns nil when it has written all that it should.
func (c *connection) transmit(talk, sending context.Context) error {
	place := c.number * 7 // so that connections do not send the same at the same time
	for ; ; place++ {
		select {
		case c.slots <- struct{}{}:
		case <-sending.Done():
			return nil
		case <-talk.Done():
			return context.Cause(talk)
		}
		if sending.Err() != nil {
			return nil
		}
		next := c.run.take(place)
		if next == nil {
			return nil
		}
		if limiter := c.run.limiter; limiter != nil && limiter.WaitN(sending, next.events) != nil {
			return nil // sending has ended
		}
		if err := c.write(next); err != nil {
			return fmt.Errorf("write window: %w", err)
		}
	}
}

// write stamps and writes a window.
func (c *connection) write(next *window) error {
	now := time.Now()
	c.stamps.set(now, c.count, c.run.agent+uint32(c.number))
	c.count++
	c.buffer = next.appendTo(c.buffer[:0], &c.stamps)
	c.mutex.Lock()
	c.underWay++
	c.mutex.Unlock()
	c.sent <- pending{next, now}
	c.restartTimer()
	_, err := c.conn.Write(c.buffer)
	c.restartTimer()
	return err
}

// finish notes that nothing more will be sent, and says whether nothing is under way either. If something is, the reader
// ends the connection.
func (c *connection) finish() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.written = true
	return c.underWay == 0
}

// receive reads acknowledgements until everything is acknowledged, or the connection ends.
func (c *connection) receive() error {
	reader := bufio.NewReaderSize(c.conn, 512)
	var current pending
	for {
		var frame [headSize]byte
		if _, err := io.ReadFull(reader, frame[:]); err != nil {
			return fmt.Errorf("read acknowledgement: %w", err)
		}
		if frame[0] != protocol.CodeVersion || frame[1] != protocol.CodeACK {
			return foreign(frame)
		}
		sequence := int(binary.BigEndian.Uint32(frame[2:]))
		if sequence > 0 && current.window == nil {
			select {
			case current = <-c.sent:
			default:
				return fmt.Errorf("%w: %d, and nothing is under way", ErrInvalidSequence, sequence)
			}
		}
		switch {
		case sequence == 0: // wait on
		case sequence > current.window.events:
			return fmt.Errorf("%w: %d of %d", ErrInvalidSequence, sequence, current.window.events)
		case sequence == current.window.events:
			if c.acknowledged(current) {
				return errFinished
			}
			current = pending{}
		}
		c.restartTimer()
	}
}

// acknowledged counts a window, and says whether it was the last.
func (c *connection) acknowledged(p pending) bool {
	c.result.Acknowledgements.Record(time.Since(p.begun))
	c.result.Windows++
	c.result.Events += int64(p.window.events)
	c.result.WireBytes += int64(len(p.window.wire))
	c.result.InflatedBytes += int64(p.window.inflated)
	c.run.done.Add(int64(p.window.events))
	c.mutex.Lock()
	c.underWay--
	last := c.underWay == 0 && c.written
	c.mutex.Unlock()
	<-c.slots
	return last
}

// foreign names what the server speaks instead of Lumberjack.
func foreign(answer [headSize]byte) error {
	const alert = 0x15 // the first byte of what TLS answers to a plain client
	switch {
	case answer[0] == alert:
		return fmt.Errorf("%w but TLS", ErrNotLumberjack)
	case string(answer[:4]) == "HTTP":
		return fmt.Errorf("%w but HTTP", ErrNotLumberjack)
	}
	return fmt.Errorf("%w: %q", ErrNotLumberjack, answer[:])
}
