package lumberjack

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// capturing remembers what was accepted last.
type capturing struct {
	net.Listener
	accepted chan *net.TCPConn
}

func (c *capturing) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if accepted, ok := conn.(*net.TCPConn); ok {
		c.accepted <- accepted
	}
	return conn, err
}

func TestKeepAlive(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := &capturing{inner, make(chan *net.TCPConn, 1)}
	server := New(new(collector).handle, Options{Timeouts: Timeouts{KeepAlive: 7 * time.Second}})
	serveUntilEnd(t, server, listener)
	_ = (&running{server, inner.Addr().String()}).dial(t)
	raw, err := (<-listener.accepted).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the connection", func() bool { return server.Stats().Connections == 1 })
	for _, option := range []int{syscall.TCP_KEEPIDLE, syscall.TCP_KEEPINTVL} {
		if err := raw.Control(func(fd uintptr) {
			if seconds, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, option); err != nil || seconds != 7 {
				t.Errorf("option %d is %d: %v", option, seconds, err)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}
