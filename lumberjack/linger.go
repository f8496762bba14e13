package lumberjack

import (
	"net"
	"time"
)

const (
	// lingerTime is how long bytes are still read from a connection that was closed for writing. In that time a client
	// that was about to send gets the FIN instead of a RST.
	lingerTime = time.Second
	// lingerBytes is how much is read at most.
	lingerBytes = 64 << 20
)

// hangUp closes a connection with FIN: it closes the side that writes, reads what still comes, for a moment or until the
// client closes its side too, and then closes the rest.
func hangUp(conn net.Conn) {
	defer func() { _ = conn.Close() }() // there is nobody left to tell
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || conn.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	buffer := make([]byte, 4<<10)
	for read := 0; read < lingerBytes; {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		read += n
	}
}
