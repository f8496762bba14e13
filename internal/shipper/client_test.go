package shipper

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	v2 "github.com/elastic/go-lumber/client/v2"
	"github.com/elastic/go-lumber/lj"
	server "github.com/elastic/go-lumber/server/v2"

	"github.com/logboom/logboom/lumberjack"
)

func TestEventsArriveOnceAndInOrder(t *testing.T) {
	for _, level := range []int{0, 1, 3, 9} {
		t.Run(fmt.Sprintf("level %d", level), func(t *testing.T) {
			var got collector
			options := quick(start(t, got.handle))
			options.Compression, options.Window = level, 100
			var sent, acknowledged atomic.Int64
			options.OnSent = func(d Delivery) { sent.Add(int64(d.Events)) }
			options.OnAcknowledged = func(d Delivery) {
				acknowledged.Add(int64(d.Events))
				if d.Bytes <= headSize || d.Resent || d.Elapsed < 0 {
					t.Errorf("delivery %+v", d)
				}
			}
			client := connected(t, options)
			events := numbered(1234)
			ship(t, client, events)
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			expectEvents(t, got.all(), events)
			if sizes := got.sizes(); len(sizes) != 13 || slices.Max(sizes) != 100 || sizes[12] != 34 {
				t.Errorf("windows of %d events, want 12 of 100 and one of 34", sizes)
			}
			if stats := client.Stats(); stats != (Stats{1234, 1234, 13, 0, stats.Heartbeats}) {
				t.Errorf("stats %+v", stats)
			}
			if sent.Load() != 1234 || acknowledged.Load() != 1234 {
				t.Errorf("callbacks saw %d sent and %d acknowledged", sent.Load(), acknowledged.Load())
			}
		})
	}
}

func TestGoLumbersServerTakesTheEvents(t *testing.T) {
	for _, level := range []int{0, 3, 9} {
		listener := listen(t)
		batches := make(chan *lj.Batch)
		theirs, err := server.NewWithListener(listener, server.Channel(batches))
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan []string)
		go func() {
			var messages []string
			for len(messages) < 5000 {
				batch := <-batches
				for _, event := range batch.Events {
					messages = append(messages, event.(map[string]any)["message"].(string))
				}
				batch.ACK()
			}
			got <- messages
		}()
		options := quick(listener.Addr().String())
		options.Compression = level
		client := connected(t, options)
		ship(t, client, numbered(5000))
		for i, message := range <-got {
			if message != fmt.Sprintf("line %d", i) {
				t.Fatalf("event %d is %s", i, message)
			}
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		_ = theirs.Close()
	}
}

// tap is a listener that keeps all bytes that come over its connections.
type tap struct {
	net.Listener
	mutex sync.Mutex
	bytes []byte
}

type tapped struct {
	net.Conn
	tap *tap
}

func (l *tap) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return tapped{conn, l}, err
}

func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tap.mutex.Lock()
	defer c.tap.mutex.Unlock()
	c.tap.bytes = append(c.tap.bytes, p[:n]...)
	return n, err
}

func (l *tap) take() []byte {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.bytes)
}

// TestBytesAreThoseOfFilebeat sends the events of a recorded session again and compares with what Filebeat sent.
func TestBytesAreThoseOfFilebeat(t *testing.T) {
	theirs, err := os.ReadFile("../../testdata/recorded/nginx-uncompressed.client")
	if err != nil {
		t.Fatal(err)
	}
	var events [][]byte
	for rest := theirs; len(rest) > 0; {
		if rest[1] == 'W' {
			rest = rest[headSize:]
			continue
		}
		size := eventHeadSize + int(binary.BigEndian.Uint32(rest[6:]))
		events, rest = append(events, rest[eventHeadSize:size]), rest[size:]
	}
	listener := &tap{Listener: listen(t)}
	serve(t, listener, new(collector).handle, lumberjack.Options{})
	options := quick(listener.Addr().String())
	options.Compression, options.Window = 0, 50
	ship(t, connected(t, options), events)
	if !bytes.Equal(listener.take(), theirs) {
		t.Errorf("%d bytes differ from the %d of the recorded session", len(listener.take()), len(theirs))
	}
}

func TestBytesAreThoseOfGoLumbersClient(t *testing.T) {
	for _, level := range []int{0, 3, 9} {
		events := numbered(3000)
		listener := &tap{Listener: listen(t)}
		serve(t, listener, new(collector).handle, lumberjack.Options{})
		options := quick(listener.Addr().String())
		options.Compression, options.Window = level, len(events)
		client := connected(t, options)
		ship(t, client, events)
		_ = client.Close()
		ours := listener.take()

		theirs, err := v2.SyncDial(listener.Addr().String(), v2.CompressionLevel(level),
			v2.JSONEncoder(func(event any) ([]byte, error) { return event.([]byte), nil }))
		if err != nil {
			t.Fatal(err)
		}
		boxed := make([]any, len(events))
		for i := range events {
			boxed[i] = events[i]
		}
		if _, err := theirs.Send(boxed); err != nil {
			t.Fatal(err)
		}
		_ = theirs.Close()
		if !bytes.Equal(listener.take()[len(ours):], ours) {
			t.Errorf("level %d: the bytes differ from those of go-lumber's client", level)
		}
	}
}

func TestSendersKeepTheirOrder(t *testing.T) {
	var got collector
	options := quick(start(t, got.handle))
	options.Window = 7
	client := connected(t, options)
	var sending sync.WaitGroup
	for sender := range 5 {
		sending.Go(func() {
			for i := range 200 {
				if err := client.Send(soon(t), [][]byte{fmt.Appendf(nil, "%d %03d", sender, i)}); err != nil {
					t.Error(err)
				}
			}
			if err := client.Flush(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
	sending.Wait()
	latest := map[byte]string{}
	for _, event := range got.all() {
		if latest[event[0]] >= event {
			t.Fatalf("%s came behind %s", event, latest[event[0]])
		}
		latest[event[0]] = event
	}
	if count := len(got.all()); count != 1000 {
		t.Errorf("%d events came, want 1000", count)
	}
}

func TestSendCopiesEvents(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	event := []byte("first")
	for range 2 {
		if err := client.Send(soon(t), [][]byte{event}); err != nil {
			t.Fatal(err)
		}
		copy(event, "again")
	}
	ship(t, client, nil)
	if all := got.all(); !slices.Equal(all, []string{"first", "again"}) {
		t.Errorf("events %q", all)
	}
}

func TestWindowsOfLongEventsAreSmall(t *testing.T) {
	var got collector
	options := quick(start(t, got.handle))
	options.Compression = 1
	client := connected(t, options)
	long := bytes.Repeat([]byte{'x'}, 1<<20)
	events := make([][]byte, 20)
	for i := range events {
		events[i] = long
	}
	ship(t, client, events)
	if sizes := got.sizes(); !slices.Equal(sizes, []int{8, 8, 4}) {
		t.Errorf("windows of %d events, want 8, 8 and 4 of 1 MiB", sizes)
	}
}

func TestLargestEventIsSentAndALargerOneIsNot(t *testing.T) {
	var got collector
	var rejected atomic.Int64
	options := quick(start(t, func(ctx context.Context, batch *lumberjack.Batch) error {
		rejected.Add(int64(len(batch.Rejected)))
		return got.handle(ctx, batch)
	}))
	client := connected(t, options)
	huge := make([]byte, MaxEvent+1)
	err := client.Send(soon(t), [][]byte{[]byte("1"), huge[1:], huge, []byte("4")})
	if !errors.Is(err, ErrEventTooLarge) || !strings.Contains(err.Error(), "event 3 of 4") {
		t.Errorf("error %v, want one that names event 3 of 4", err)
	}
	ship(t, client, [][]byte{[]byte("5")})
	if all := got.all(); !slices.Equal(all, []string{"1", "5"}) || rejected.Load() != 1 {
		t.Errorf("%d events came and %d were rejected by the server", len(all), rejected.Load())
	}
	if err := client.Close(); err != nil { // its goroutines are gone then, and the windows are this test's
		t.Error(err)
	}
	for _, w := range append(client.queue.spare, client.queue.filling) {
		if w.reset(); cap(w.plain) > 2*windowBytes {
			t.Errorf("a window keeps %d bytes", cap(w.plain))
		}
	}
}

func TestWrongOptionsAreNamed(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"no address":      func(o *Options) { o.Address = "" },
		"window -1":       func(o *Options) { o.Window = -1 },
		"window 1000001":  func(o *Options) { o.Window = MostEvents + 1 },
		"compression 10":  func(o *Options) { o.Compression = 10 },
		"compression -1":  func(o *Options) { o.Compression = -1 },
		"pipelining -1":   func(o *Options) { o.Pipelining = -1 },
		"timeout -1":      func(o *Options) { o.Timeout = -1 },
		"attempts -1":     func(o *Options) { o.Attempts = -1 },
		"initial backoff": func(o *Options) { o.Backoff = Backoff{Initial: 2, Most: 1} },
	} {
		options := DefaultOptions("localhost")
		change(&options)
		if _, err := Dial(soon(t), options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestAddressGetsTheDefaultPort(t *testing.T) {
	for address, want := range map[string]string{
		"localhost": "localhost:5044", "localhost:1": "localhost:1", "::1": "[::1]:5044", "[::1]": "[::1]:5044",
		"[::1]:7": "[::1]:7", "10.0.0.7": "10.0.0.7:5044",
	} {
		if got := DefaultOptions(address).Address; got != want {
			t.Errorf("%s becomes %s, want %s", address, got, want)
		}
	}
}

func TestCloseSaysWhatIsLost(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	got := collector{before: func(ctx context.Context, _ int) error {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return errors.New("not stored")
	}}
	options := quick(start(t, got.handle))
	options.Window, options.Linger = 10, -1
	client := connected(t, options)
	if err := client.Send(soon(t), numbered(15)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := client.Close(); !errors.Is(err, ErrUnacknowledged) || !strings.Contains(err.Error(), "15 of 15 events") {
			t.Errorf("Close: %v, want 15 of 15 events not acknowledged", err)
		}
	}
	if err := client.Send(soon(t), numbered(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}
	if err := client.Flush(soon(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("Flush after Close: %v", err)
	}
}

func TestAWarmClientAllocatesNothingForEvents(t *testing.T) {
	client := connected(t, quick(start(t, func(context.Context, *lumberjack.Batch) error { return nil })))
	events := numbered(DefaultWindow)
	ship(t, client, events)
	allocations := testing.AllocsPerRun(20, func() {
		_ = client.Send(context.Background(), events)
		_ = client.Flush(context.Background())
	})
	if allocations > 100 { // a few a window, here those of the server counted, too
		t.Errorf("%v allocations for a window of %d events", allocations, len(events))
	}
}
