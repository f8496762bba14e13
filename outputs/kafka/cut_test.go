package kafka

import (
	"io"
	"net"
	"sync/atomic"
)

// cutting listens for a broker that loses answers: what it did is done, and each so manyeth of its answers ends the
// connection instead of arriving.
type cutting struct {
	net.Listener

	every   int64
	answers *atomic.Int64
	cuts    *atomic.Int64
	enough  *atomic.Bool // no more cuts
}

// Accept returns a connection.
func (c *cutting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &cutConn{conn, c}, nil
}

type cutConn struct {
	net.Conn

	listener *cutting
}

// Write loses some answers.
func (c *cutConn) Write(answer []byte) (int, error) {
	if c.listener.answers.Add(1)%c.listener.every == 0 && !c.listener.enough.Load() {
		c.listener.cuts.Add(1)
		_ = c.Close()
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Write(answer)
}
