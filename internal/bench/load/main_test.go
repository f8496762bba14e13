package load

import (
	"context"
	"encoding/binary"
	"io"
	"log"
	"net"
	"testing"
	"time"

	golumber "github.com/elastic/go-lumber/log"
	"go.uber.org/goleak"

	"github.com/logboom/logboom/internal/bench/events"
)

func TestMain(m *testing.M) {
	golumber.Logger = log.New(io.Discard, "", 0)
	goleak.VerifyTestMain(m)
}

// patience is how long tests wait for what must come.
const patience = 20 * time.Second

func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// smallPool returns a pool of four windows of 10 events, which ends with one of 3.
func smallPool(t testing.TB, level int) *Pool {
	t.Helper()
	pool, err := NewPool(t.Context(), PoolOptions{Window: 10, Events: 40, Last: 3, Level: level, Shape: events.Options{Size: 300}})
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

// serve answers each connection of a listener by a function, one after the other, until the test ends.
func serve(t testing.TB, answer func(conn net.Conn)) string {
	t.Helper()
	listener, ended := listen(t), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(patience))
			answer(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String()
}

// readWindow reads a window of one compressed frame and returns its number of events.
func readWindow(conn net.Conn) (int, error) {
	var heads [2 * headSize]byte
	if _, err := io.ReadFull(conn, heads[:]); err != nil {
		return 0, err
	}
	_, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(heads[headSize+2:])))
	return int(binary.BigEndian.Uint32(heads[2:])), err
}

func acknowledgement(sequence int) []byte { return appendHead(nil, 'A', sequence) }

func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
