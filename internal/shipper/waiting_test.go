package shipper

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logboom/logboom/lumberjack"
)

// inBubble runs a test in a bubble of its own time, with the project's server on pipes.
func inBubble(t *testing.T, handler lumberjack.Handler, test func(t *testing.T, network *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		server := lumberjack.New(handler, lumberjack.Options{})
		served := make(chan error, 1)
		go func() { served <- server.Serve(network) }()
		t.Cleanup(func() {
			if err := server.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
		test(t, network)
	})
}

// scripted runs a test in a bubble, with a server that does what it is told for each connection.
func scripted(t *testing.T, serve func(conn net.Conn, number int), test func(t *testing.T, network *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		var serving sync.WaitGroup
		serving.Go(func() {
			for number := 1; ; number++ {
				conn, err := network.Accept()
				if err != nil {
					return
				}
				serving.Go(func() {
					serve(conn, number)
					_ = conn.Close()
				})
			}
		})
		t.Cleanup(func() {
			_ = network.Close()
			serving.Wait()
		})
		test(t, network)
	})
}

// readWindow reads a window of bare frames, and returns how many events it has; 0 is the end of the connection.
func readWindow(conn net.Conn) int {
	var head [eventHeadSize]byte
	if _, err := io.ReadFull(conn, head[:headSize]); err != nil {
		return 0
	}
	count := int(binary.BigEndian.Uint32(head[2:]))
	for range count {
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return 0
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head[6:]))); err != nil {
			return 0
		}
	}
	return count
}

// drain reads until the client goes away.
func drain(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// shipInBubble is ship without a deadline: in a bubble a test that hangs ends by itself.
func shipInBubble(t *testing.T, client *Client, events [][]byte) {
	t.Helper()
	if err := client.Send(context.Background(), events); err != nil {
		t.Fatal(err)
	}
	if err := client.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// acknowledge writes an acknowledgement.
func acknowledge(conn net.Conn, sequence int) {
	_, _ = conn.Write(binary.BigEndian.AppendUint32([]byte{'2', 'A'}, uint32(sequence)))
}

// bare returns options for scripted servers: bare frames, and one attempt.
func bare() Options {
	options := DefaultOptions("pipe")
	options.Compression, options.Attempts = 0, 1
	return options
}

func TestHeartbeatsKeepTheClientWaiting(t *testing.T) {
	var got collector
	got.before = func(_ context.Context, _ int) error {
		time.Sleep(10 * time.Minute)
		return nil
	}
	inBubble(t, got.handle, func(t *testing.T, network *pipes) {
		options := DefaultOptions("pipe")
		options.Window, options.Attempts = 100, 1
		client := piped(t, network, options)
		begun := time.Now()
		events := numbered(300) // the second and third window are written while the first is being worked on
		if err := client.Send(context.Background(), events); err != nil {
			t.Fatal(err)
		}
		if err := client.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		expectEvents(t, got.all(), events)
		stats, took := client.Stats(), time.Since(begun)
		if stats.Resent != 0 || stats.Windows != 3 || stats.Heartbeats < 350 || took != 30*time.Minute {
			t.Errorf("%+v after %v, want 3 windows, nothing resent and a heartbeat each 5 s of 30 min", stats, took)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestSilentServerIsLeftAfterTheTimeout(t *testing.T) {
	serve := func(conn net.Conn, number int) {
		for count := readWindow(conn); count > 0; count = readWindow(conn) {
			if number > 1 {
				acknowledge(conn, count)
			}
		}
	}
	scripted(t, serve, func(t *testing.T, network *pipes) {
		var failure error
		var after time.Duration
		options := bare()
		options.Attempts, options.Linger = 2, -1
		begun := time.Now()
		options.OnRetry = func(err error, wait time.Duration) {
			failure, after = err, wait
			if took := time.Since(begun); took != DefaultTimeout {
				t.Errorf("left after %v, want 30 s", took)
			}
		}
		client := piped(t, network, options)
		shipInBubble(t, client, numbered(10))
		if said := fmt.Sprint(failure); !strings.Contains(said, "send to pipe") || !strings.Contains(said, "no sign of life for 30s") {
			t.Errorf("error %v, want one that says that there was no sign of life", failure)
		}
		if took := time.Since(begun); after < time.Second || after > 2*time.Second || took != DefaultTimeout+after {
			t.Errorf("delivered after %v with a wait of %v, want 1 to 2 s", took, after)
		}
		if stats := client.Stats(); stats.Resent != 10 {
			t.Errorf("%d events resent, want 10", stats.Resent)
		}
	})
}

func TestPartialAcknowledgementsOnlyRestartTheTimer(t *testing.T) {
	serve := func(conn net.Conn, number int) {
		count := readWindow(conn)
		for sequence := 1; sequence < count; sequence++ {
			acknowledge(conn, sequence)
			time.Sleep(29 * time.Second)
		}
		if number > 1 {
			acknowledge(conn, count)
		}
		drain(conn)
	}
	scripted(t, serve, func(t *testing.T, network *pipes) {
		options := bare()
		options.Attempts = 2
		client := piped(t, network, options)
		begun := time.Now()
		shipInBubble(t, client, numbered(10))
		if stats := client.Stats(); stats.Resent != 10 || stats.Acknowledged != 10 || stats.Windows != 1 {
			t.Errorf("%+v, want the whole window resent and delivered once", stats)
		}
		// 8 waits of 29 s and one of 30 s, a backoff, and 9 waits of 29 s.
		if took := time.Since(begun).Truncate(10 * time.Second); took != 520*time.Second {
			t.Errorf("took %v", time.Since(begun))
		}
	})
}

func TestServerThatDoesNotReadIsLeft(t *testing.T) {
	scripted(t, func(net.Conn, int) { time.Sleep(time.Hour) }, func(t *testing.T, network *pipes) {
		client := piped(t, network, bare())
		begun := time.Now()
		_ = client.Send(context.Background(), numbered(10))
		err := client.Flush(context.Background())
		if took := time.Since(begun); !errors.Is(err, ErrGaveUp) || took != DefaultTimeout {
			t.Errorf("%v after %v, want it to give up after 30 s", err, took)
		}
		if err := client.Send(context.Background(), numbered(1)); !errors.Is(err, ErrGaveUp) {
			t.Errorf("Send after that: %v", err)
		}
	})
}

func TestSlowReaderIsNotLeft(t *testing.T) {
	serve := func(conn net.Conn, _ int) {
		for range 4 {
			time.Sleep(25 * time.Second)
			_, _ = io.CopyN(io.Discard, conn, piece)
		}
		_, _ = io.CopyN(io.Discard, conn, headSize+eventHeadSize)
		acknowledge(conn, 1)
		drain(conn)
	}
	scripted(t, serve, func(t *testing.T, network *pipes) {
		client := piped(t, network, bare())
		shipInBubble(t, client, [][]byte{bytes.Repeat([]byte{'x'}, 4*piece)})
	})
}

func TestWrongAnswersEndTheConnection(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		is     error
		says   string
	}{
		"more than the window holds": {"2A\x00\x00\x00\x0b", ErrInvalidSequence, "11, for a window of 10 events"},
		"HTTP":                       {"HTTP/1.1 400 Bad Request", ErrNotLumberjack, "but HTTP"},
		"TLS":                        {"\x15\x03\x03\x00\x02\x02\x16", ErrNotLumberjack, "set TLS"},
		"version 1":                  {"1A\x00\x00\x00\x0a", ErrNotLumberjack, `"1A\x00\x00\x00\n"`},
		"a part":                     {"2A\x00", io.ErrUnexpectedEOF, "does it want TLS"},
		"nothing":                    {"", io.EOF, "does it want TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			serve := func(conn net.Conn, _ int) {
				readWindow(conn)
				_, _ = io.WriteString(conn, test.answer)
			}
			scripted(t, serve, func(t *testing.T, network *pipes) {
				client := piped(t, network, bare())
				_ = client.Send(context.Background(), numbered(10))
				err := client.Flush(context.Background())
				var connection *ConnectionError
				if !errors.Is(err, test.is) || !errors.As(err, &connection) || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want one that says %q", err, test.says)
				}
				if stats := client.Stats(); stats.Acknowledged != 0 {
					t.Errorf("%d events count as delivered", stats.Acknowledged)
				}
			})
		})
	}
}

func TestAcknowledgementOfNothingIsInvalid(t *testing.T) {
	var connections atomic.Int64
	serve := func(conn net.Conn, number int) {
		connections.Store(int64(number))
		acknowledge(conn, 0) // a heartbeat may come at any time
		acknowledge(conn, readWindow(conn))
		if number == 1 {
			acknowledge(conn, 1)
		}
		drain(conn)
	}
	scripted(t, serve, func(t *testing.T, network *pipes) {
		client := piped(t, network, bare())
		for want := range int64(2) {
			synctest.Wait() // the heartbeat comes while nothing is under way
			shipInBubble(t, client, numbered(10))
			synctest.Wait()
			stats := client.Stats()
			if connections.Load() != want+1 || stats.Heartbeats != want+1 || stats.Acknowledged != 10*(want+1) {
				t.Errorf("%+v over %d connections, want a new one for the second window", stats, connections.Load())
			}
		}
	})
}

func TestIdleConnectionIsKept(t *testing.T) {
	var connections atomic.Int64
	serve := func(conn net.Conn, number int) {
		connections.Store(int64(number))
		for count := readWindow(conn); count > 0; count = readWindow(conn) {
			acknowledge(conn, count)
		}
	}
	scripted(t, serve, func(t *testing.T, network *pipes) {
		client := piped(t, network, bare())
		for range 3 {
			time.Sleep(time.Hour)
			shipInBubble(t, client, numbered(10))
		}
		if connections.Load() != 1 {
			t.Errorf("%d connections, want one", connections.Load())
		}
	})
}

func TestIdleConnectionMayBeClosed(t *testing.T) {
	var got collector
	inBubble(t, got.handle, func(t *testing.T, network *pipes) {
		options := DefaultOptions("pipe")
		options.OnRetry = func(err error, _ time.Duration) { t.Errorf("retried: %v", err) }
		client := piped(t, network, options)
		for range 3 {
			time.Sleep(time.Hour) // the server closes after 5 min
			shipInBubble(t, client, numbered(5))
		}
		if stats := client.Stats(); len(got.all()) != 15 || stats.Resent != 0 {
			t.Errorf("%d events came, %+v", len(got.all()), stats)
		}
	})
}

func TestEventsLinger(t *testing.T) {
	for linger, want := range map[time.Duration]time.Duration{
		0: time.Second, 300 * time.Millisecond: 300 * time.Millisecond, -1: 0,
	} {
		var arrived time.Time
		handle := func(context.Context, *lumberjack.Batch) error {
			arrived = time.Now()
			return nil
		}
		inBubble(t, handle, func(t *testing.T, network *pipes) {
			options := DefaultOptions("pipe")
			options.Linger = 0
			setDefault(&options.Linger, linger)
			client := piped(t, network, options)
			time.Sleep(time.Minute)
			begun := time.Now()
			_ = client.Send(context.Background(), numbered(1))
			time.Sleep(want / 2)
			_ = client.Send(context.Background(), numbered(1))
			time.Sleep(time.Minute)
			if stats := client.Stats(); arrived.Sub(begun) != want || stats.Acknowledged != 2 {
				t.Errorf("linger %v: came after %v with %+v, want %v", linger, arrived.Sub(begun), stats, want)
			}
		})
	}
}

func TestPipeliningBoundsWhatIsUnderWay(t *testing.T) {
	for _, pipelining := range []int{1, 2, 5} {
		var windows int
		serve := func(conn net.Conn, _ int) {
			for readWindow(conn) > 0 {
				windows++
			}
		}
		scripted(t, serve, func(t *testing.T, network *pipes) {
			options := bare()
			options.Window, options.Pipelining = 10, pipelining
			client := piped(t, network, options)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			err := client.Send(ctx, numbered(1000))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Send returned %v, want it to wait", err)
			}
			synctest.Wait() // nobody writes windows now
			stats := client.Stats()
			if windows != pipelining || stats.Queued != int64(pipelining+1)*10 {
				t.Errorf("%d windows under way and %d events queued, want %d windows and one more", windows, stats.Queued, pipelining)
			}
		})
	}
}

func TestSlowStartGrowsAndShrinks(t *testing.T) {
	var sizes []int
	serve := func(conn net.Conn, number int) {
		for count := readWindow(conn); count > 0; count = readWindow(conn) {
			sizes = append(sizes, count)
			if number == 1 && len(sizes) == 7 {
				return // without an acknowledgement
			}
			acknowledge(conn, count)
		}
	}
	scripted(t, serve, func(t *testing.T, network *pipes) {
		options := bare()
		options.SlowStart, options.Pipelining, options.Window = true, 1, 100
		options.Attempts, options.Linger = 0, time.Hour
		client := piped(t, network, options)
		for _, event := range numbered(500) {
			shipLater(t, client, event)
		}
		if err := client.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		// The seventh comes twice, and makes the size 50; as it is full, 75 follows.
		want := []int{10, 15, 23, 35, 53, 80, 100, 100, 75, 100, 9}
		if !slices.Equal(sizes, want) {
			t.Errorf("windows of %d events, want %d", sizes, want)
		}
	})
}

// shipLater queues an event and lets the client do all that it can do, so that sizes do not depend on who is faster.
func shipLater(t *testing.T, client *Client, event []byte) {
	t.Helper()
	if err := client.Send(context.Background(), [][]byte{event}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func TestWindowSize(t *testing.T) {
	size := newWindowSize(40, true)
	var sizes []int
	for _, delivered := range []int{10, 9, 15, 23, 35, 40} {
		size.delivered(delivered)
		sizes = append(sizes, size.now)
	}
	for range 7 {
		size.lost()
		sizes = append(sizes, size.now)
	}
	if want := []int{15, 15, 23, 35, 40, 40, 20, 10, 5, 2, 1, 1, 1}; !slices.Equal(sizes, want) {
		t.Errorf("sizes %d, want %d", sizes, want)
	}
	fixed, small := newWindowSize(2048, false), newWindowSize(4, true)
	fixed.lost()
	if fixed.now != 2048 || small.now != 4 {
		t.Errorf("sizes %d and %d, want 2048 and 4", fixed.now, small.now)
	}
}
