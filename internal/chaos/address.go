package chaos

import (
	"net"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
)

// nextPort is where freeAddress looks first. It lies below the range from which the system gives ports to clients, so that a
// server can be started on it again and again.
var nextPort atomic.Int32

// freeAddress returns an address on loopback on which nothing listens, nor so many ports above it.
func freeAddress(above ...int) string {
	nextPort.CompareAndSwap(0, int32(12_000+os.Getpid()%7_000*2)) //nolint:gosec // it fits
	for {
		port := int(nextPort.Add(3))
		if !slices.ContainsFunc(append(above, 0), func(n int) bool { return !isFree(port + n) }) {
			return addressOf(port)
		}
	}
}

func isFree(port int) bool {
	listener, err := net.Listen("tcp", addressOf(port)) //nolint:noctx // over at once
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

func addressOf(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
