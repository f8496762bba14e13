package load

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	server "github.com/elastic/go-lumber/server/v2"

	"github.com/logboom/logboom/internal/bench/events"
	"github.com/logboom/logboom/lumberjack"
)

// counted runs a server of ours that counts what it gets.
func counted(t *testing.T) (address string, count *atomic.Int64) {
	t.Helper()
	count = new(atomic.Int64)
	s := lumberjack.New(func(_ context.Context, batch *lumberjack.Batch) error {
		count.Add(int64(len(batch.Events)))
		return nil
	}, lumberjack.Options{})
	listener, served := listen(t), make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-served); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), count
}

func TestNumberOfEvents(t *testing.T) {
	for _, level := range []int{0, 3} {
		address, count := counted(t)
		var told int64
		result, err := Run(soon(t), smallPool(t, level), Options{
			Address: address, Connections: 3, Events: 1003, Progress: func(n int64) { told = n },
		})
		if err != nil {
			t.Fatal(err)
		}
		if result.Events != 1003 || result.Windows != 101 || count.Load() != 1003 || told != 1003 {
			t.Errorf("%d events in %d windows, the server has %d, told of %d", result.Events, result.Windows, count.Load(), told)
		}
		if a := &result.Acknowledgements; a.Count() != 101 || a.Quantile(0.5) <= 0 || a.Max() > result.Elapsed {
			t.Errorf("%d acknowledgements, at most %s of %s", a.Count(), a.Max(), result.Elapsed)
		}
		if result.InflatedBytes < 300_000 || result.WireBytes <= 0 || result.Rate() <= 0 {
			t.Errorf("%+v", result)
		}
	}
}

func TestDurationAndRate(t *testing.T) {
	address, count := counted(t)
	const rate, duration = 1000, 300 * time.Millisecond
	result, err := Run(soon(t), smallPool(t, 3), Options{Address: address, Connections: 2, Duration: duration, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(rate*result.Elapsed.Seconds()) + 20; result.Events != count.Load() || result.Events == 0 || result.Events > most {
		t.Errorf("%d events in %s, the server has %d, want at most %d", result.Events, result.Elapsed, count.Load(), most)
	}
}

func TestGoLumber(t *testing.T) {
	listener := listen(t)
	s, err := server.NewWithListener(listener)
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan int)
	go func() {
		all := 0
		for batch := range s.ReceiveChan() {
			all += len(batch.Events)
			batch.ACK()
		}
		received <- all
	}()
	pool, err := NewPool(t.Context(), PoolOptions{Window: 2048, Events: 4096, Level: 3})
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(soon(t), pool, Options{Address: listener.Addr().String(), Events: 8 * 2048})
	if err != nil || result.Events != 8*2048 {
		t.Errorf("%d events, %v", result.Events, err)
	}
	_ = s.Close()
	if all := <-received; all != 8*2048 {
		t.Errorf("the server has %d", all)
	}
}

// TestHeartbeats has a server that is slow and says so, and one that acknowledges bit by bit.
func TestHeartbeats(t *testing.T) {
	for name, steps := range map[string][]int{"heartbeats": {0, 0, 10}, "in parts": {3, 0, 3, 9, 10}} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(conn net.Conn) {
				for {
					if _, err := readWindow(conn); err != nil {
						return
					}
					for _, sequence := range steps {
						_, _ = conn.Write(acknowledgement(sequence))
					}
				}
			})
			result, err := Run(soon(t), smallPool(t, 3), Options{Address: address, Events: 50})
			if err != nil || result.Events != 50 || result.Windows != 5 {
				t.Errorf("%d events, %v", result.Events, err)
			}
		})
	}
}

// TestServersThatFail has an error that names what to do for each.
func TestServersThatFail(t *testing.T) {
	reply := func(bytes string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = readWindow(conn)
			_, _ = io.WriteString(conn, bytes)
			_, _ = readWindow(conn)
		}
	}
	for name, c := range map[string]struct {
		answer func(net.Conn)
		want   error
		remedy string
	}{
		"closes":         {func(conn net.Conn) { _, _ = readWindow(conn) }, nil, "closed the connection without acknowledging"},
		"too much":       {reply("2A\x00\x00\x00\x0b"), ErrInvalidSequence, "protocol"},
		"twice":          {reply(strings.Repeat("2A\x00\x00\x00\x0a", 3)), ErrInvalidSequence, "protocol"},
		"HTTP":           {reply("HTTP/1.1 400 Bad Request\r\n"), ErrNotLumberjack, "host and port"},
		"TLS":            {reply("\x15\x03\x01\x00\x02\x02\x0a"), ErrNotLumberjack, "set TLS"},
		"version 1":      {reply("1A\x00\x00\x00\x0a"), ErrNotLumberjack, "host and port"},
		"says nothing":   {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, os.ErrDeadlineExceeded, "no sign of life"},
		"half an answer": {reply("2A\x00"), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, c.answer)
			options := Options{Address: address, Events: 1000, Timeout: 300 * time.Millisecond}
			if name == "twice" {
				options.Rate = 20 // so that no second window is under way
			}
			result, err := Run(soon(t), smallPool(t, 3), options)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.remedy) ||
				!strings.Contains(err.Error(), "connection 1 of 1") {
				t.Errorf("%v", err)
			}
			if result.Events > 20 {
				t.Errorf("%d events acknowledged", result.Events)
			}
		})
	}
}

func TestNoServer(t *testing.T) {
	listener := listen(t)
	_ = listener.Close()
	_, err := Run(soon(t), smallPool(t, 3), Options{Address: listener.Addr().String(), Connections: 40})
	if err == nil || !strings.Contains(err.Error(), "is a server running") {
		t.Error(err)
	}
}

func TestPlainServerAskedForTLS(t *testing.T) {
	address := serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "no TLS here\n") })
	_, err := Run(soon(t), smallPool(t, 3), Options{Address: address, TLS: &tls.Config{MinVersion: tls.VersionTLS12}})
	if err == nil || !strings.Contains(err.Error(), "leave TLS off") {
		t.Error(err)
	}
}

// TestInterrupted ends runs from outside while the server keeps what it got.
func TestInterrupted(t *testing.T) {
	for name, silent := range map[string]bool{"while it runs": false, "while it waits": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(soon(t))
			address := serve(t, func(conn net.Conn) {
				for {
					if _, err := readWindow(conn); err != nil {
						return
					}
					cancel()
					if !silent {
						_, _ = conn.Write(acknowledgement(10))
					}
				}
			})
			if _, err := Run(ctx, smallPool(t, 3), Options{Address: address, Duration: time.Hour}); !errors.Is(err, ErrInterrupted) {
				t.Error(err)
			}
		})
	}
}

// TestIdle opens connections that say nothing.
func TestIdle(t *testing.T) {
	address, _ := counted(t)
	closeAll, err := OpenIdle(soon(t), Options{Address: address, Connections: 50})
	if err != nil {
		t.Fatal(err)
	}
	closeAll()
}

func TestOptions(t *testing.T) {
	pool := smallPool(t, 0)
	for _, options := range []Options{
		{},
		{Address: "x", Connections: -1},
		{Address: "x", Pipelining: MostPipelining + 1},
		{Address: "x", Rate: -1},
		{Address: "x", Events: 1, Duration: 1},
		{Address: "x", Events: -1},
		{Address: "x", Connections: MostConnections + 1},
	} {
		if _, err := Run(t.Context(), pool, options); !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: %v", options, err)
		}
	}
	for _, options := range []PoolOptions{
		{Window: MostWindow + 1},
		{Window: -1},
		{Level: 10},
		{Level: -1},
		{Events: -1},
		{Events: MostPool + 1},
		{Last: -1},
		{Shape: events.Options{Size: -1}},
		{Shape: events.Options{Keys: -1}},
	} {
		if _, err := NewPool(t.Context(), options); !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: %v", options, err)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewPool(cancelled, PoolOptions{Events: 1 << 20}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// FuzzReplies feeds the client whatever a server might say: it ends, and counts no more than it sent.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("2A\x00\x00\x00\x0a2A\x00\x00\x00\x00"))
	f.Add([]byte("2A\x00\x00\x00\x092A\x00\x00\x00\x0b"))
	f.Add([]byte("HTTP/1.1 200 OK"))
	pool := smallPool(f, 3)
	f.Fuzz(func(t *testing.T, replies []byte) {
		ours, theirs := net.Pipe()
		r := &run{options: Options{Address: "fuzz", Events: 50, Pipelining: 2, Connections: 1, Timeout: time.Second}, pool: pool}
		r.left.Store(50)
		c := newConnection(r, 0, ours)
		read := make(chan struct{})
		go func() { defer close(read); _, _ = io.Copy(io.Discard, theirs) }()
		go func() { _, _ = theirs.Write(replies); runtime.Gosched(); _ = theirs.Close() }()
		err := c.converse(t.Context(), t.Context())
		<-read
		if c.result.Events > 50 || err == nil && c.result.Events != 50 {
			t.Errorf("%d events: %v", c.result.Events, err)
		}
	})
}
