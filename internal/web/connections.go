package web

import (
	"net"
	"net/http"
	"sync"
)

// connections bounds how many connections are open. When there is one too many, the one that has been without a whole
// request longest makes room, so that clients that sit on theirs, or send headers byte by byte, cannot keep a probe out;
// where all are being answered, the new one is closed. It is safe for concurrent use.
type connections struct {
	limit int

	mutex sync.Mutex
	open  map[net.Conn]*connection
	turn  uint64 // counts the changes, to tell which was first
	// shed and refused count the connections that were closed to make room, and for want of it.
	shed, refused uint64
}

// connection is in a state since a turn.
type connection struct {
	state http.ConnState
	since uint64
}

// changed implements http.Server.ConnState. The server calls it for a new connection before it accepts the next.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.turn++
	switch state {
	case http.StateNew:
		c.add(conn)
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	default:
		if known := c.open[conn]; known != nil {
			*known = connection{state, c.turn}
		}
	}
}

// add takes a new connection, or closes it. The mutex is held.
func (c *connections) add(conn net.Conn) {
	if len(c.open) >= c.limit && !c.makeRoom() {
		c.refused++
		_ = conn.Close() // the server notices at its first read
		return
	}
	if c.open == nil {
		c.open = make(map[net.Conn]*connection)
	}
	c.open[conn] = &connection{http.StateNew, c.turn}
}

// makeRoom closes the connection that has been without a request longest, if there is one. The mutex is held.
func (c *connections) makeRoom() bool {
	var oldest net.Conn
	for conn, known := range c.open {
		if known.state != http.StateActive && (oldest == nil || known.since < c.open[oldest].since) {
			oldest = conn
		}
	}
	if oldest == nil {
		return false
	}
	delete(c.open, oldest)
	c.shed++
	_ = oldest.Close() // the server notices at its next read
	return true
}

// count returns how many are open, and how many were closed to make room and for want of it.
func (c *connections) count() (open int, shed, refused uint64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.open), c.shed, c.refused
}
