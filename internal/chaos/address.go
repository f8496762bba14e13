package chaos

import (
	"net"
	"os"
	"strconv"
	"sync/atomic"
)

// nextPort is where freeAddress looks first. It lies below the range from which the system gives ports to clients, so that a
// server can be started on it again and again.
var nextPort atomic.Int32

// freeAddress returns an address on loopback on which nothing listens.
func freeAddress() string {
	nextPort.CompareAndSwap(0, int32(12_000+os.Getpid()%7_000*2)) //nolint:gosec // it fits
	for {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(nextPort.Add(3))))
		if listener, err := net.Listen("tcp", address); err == nil { //nolint:noctx // over at once
			_ = listener.Close()
			return address
		}
	}
}
