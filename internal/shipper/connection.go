package shipper

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	protocol "github.com/elastic/go-lumber/protocol/v2"
)

// connection is one connection that windows go over. One goroutine writes windows, another reads acknowledgements; the
// first that fails ends both.
type connection struct {
	client *Client
	conn   net.Conn

	mutex sync.Mutex // orders setting the deadline and knowing whether one is needed
}

// lastWords is how long the reader has, after a write failed, to find out what the server said before it went: a write
// to a closed connection fails without a reason.
const lastWords = time.Second

// piece is how much is written before the timer restarts.
const piece = 64 << 10

// converse sends windows over a connection until it fails or ctx ends, closes it, and returns why, with a remedy.
func (c *Client) converse(ctx context.Context, conn net.Conn) error {
	talk, end := context.WithCancelCause(ctx)
	session := &connection{client: c, conn: conn}
	var others sync.WaitGroup
	others.Go(func() { end(session.receive()) })
	others.Go(func() {
		<-talk.Done()
		_ = conn.Close() // wakes who reads or writes
	})
	failed := session.transmit(talk)
	_ = pause(talk, nil, lastWords)
	end(failed)
	others.Wait()
	return explain(c.options, "send to", context.Cause(talk))
}

// transmit writes windows as they become ready.
func (s *connection) transmit(ctx context.Context) error {
	for {
		w, err := s.client.queue.next(ctx)
		if err != nil {
			return err
		}
		if err := s.client.encoder.encode(w); err != nil {
			return err
		}
		s.client.queue.begin(w)
		err = s.write(w.wire)
		delivery := w.delivery()
		s.client.queue.written(w)
		if err != nil {
			return err
		}
		s.client.sent(delivery)
		s.restartTimer()
	}
}

// write writes a window. The deadline moves with each piece of it, and with each acknowledgement.
func (s *connection) write(wire []byte) error {
	for len(wire) > 0 {
		s.restartTimer()
		n, err := s.conn.Write(wire[:min(len(wire), piece)])
		if err != nil {
			return fmt.Errorf("write window: %w", err)
		}
		wire = wire[n:]
	}
	return nil
}

// receive reads acknowledgements. It returns when the connection ends.
func (s *connection) receive() error {
	for {
		var frame [headSize]byte
		if _, err := io.ReadFull(s.conn, frame[:]); err != nil {
			return fmt.Errorf("read acknowledgement: %w", err)
		}
		if frame[0] != protocol.CodeVersion || frame[1] != protocol.CodeACK {
			return foreign(frame)
		}
		w, err := s.client.queue.acknowledged(binary.BigEndian.Uint32(frame[2:]))
		if err != nil {
			return err
		}
		if w != nil {
			s.client.acknowledged(w)
		}
		s.restartTimer()
	}
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

// restartTimer sets the deadline of the connection, or none where nothing is under way.
func (s *connection) restartTimer() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var deadline time.Time
	if s.client.queue.underWay() > 0 {
		deadline = time.Now().Add(s.client.options.Timeout)
	}
	_ = s.conn.SetDeadline(deadline) // fails where the connection is gone, which reading says better
}
