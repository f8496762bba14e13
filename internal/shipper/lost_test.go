package shipper

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/logboom/logboom/lumberjack"
)

// cutting says after how many bytes of each direction a connection is cut; a negative number is never.
type cutting struct{ up, down int64 }

// flaky is a proxy that cuts its first connections.
type flaky struct {
	listener    net.Listener
	target      string
	cuts        []cutting
	connections atomic.Int64
	running     sync.WaitGroup
}

// startFlaky runs a proxy to a server until stop is called.
func startFlaky(t *testing.T, target string, cuts []cutting) *flaky {
	f := &flaky{listener: listen(t), target: target, cuts: cuts}
	f.running.Go(func() {
		for number := 0; ; number++ {
			conn, err := f.listener.Accept()
			if err != nil {
				return
			}
			f.connections.Add(1)
			now := cutting{-1, -1}
			if number < len(cuts) {
				now = cuts[number]
			}
			f.running.Go(func() { f.forward(conn, now) })
		}
	})
	return f
}

func (f *flaky) stop() {
	_ = f.listener.Close()
	f.running.Wait()
}

// forward copies both ways until one of them is cut or ends.
func (f *flaky) forward(client net.Conn, now cutting) {
	server, err := net.Dial("tcp", f.target)
	if err != nil {
		_ = client.Close()
		return
	}
	var copying sync.WaitGroup
	end := func() { _, _ = client.Close(), server.Close() }
	forward := func(to, from net.Conn, limit int64) {
		defer end()
		if limit < 0 {
			_, _ = io.Copy(to, from)
			return
		}
		_, _ = io.CopyN(to, from, limit)
	}
	copying.Go(func() { forward(server, client, now.up) })
	copying.Go(func() { forward(client, server, now.down) })
	copying.Wait()
}

// expectResent checks that what came is what was sent, in order, but for whole windows that came again, and returns how
// many events did.
func expectResent(t rapid.TB, windows [][]string, sent [][]byte) (again int) {
	t.Helper()
	delivered := 0
	position := map[string]int{}
	for i, event := range sent {
		position[string(event)] = i
	}
	for _, window := range windows {
		first, known := position[window[0]]
		if !known || first > delivered {
			t.Fatalf("window begins with %s, which is event %d of those sent, behind %d", window[0], first, delivered)
		}
		for i, event := range window {
			if event != string(sent[first+i]) {
				t.Fatalf("event %d is %s, want %s", first+i, event, sent[first+i])
			}
		}
		again += min(len(window), delivered-first)
		delivered = max(delivered, first+len(window))
	}
	if delivered != len(sent) {
		t.Fatalf("%d events came, %d were sent", delivered, len(sent))
	}
	return again
}

func TestNothingIsLostWithConnections(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		offset := rapid.OneOf(rapid.Int64Range(0, 40), rapid.Int64Range(0, 20_000))
		cuts := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) cutting {
			if rapid.Bool().Draw(r, "upwards") {
				return cutting{offset.Draw(r, "after"), -1}
			}
			return cutting{-1, offset.Draw(r, "after")}
		}), 0, 4).Draw(r, "cuts")
		events := numbered(rapid.IntRange(1, 500).Draw(r, "events"))

		var got collector
		server := lumberjack.New(got.handle, lumberjack.Options{})
		listener := listen(t)
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		proxy := startFlaky(t, listener.Addr().String(), cuts)
		options := quick(proxy.listener.Addr().String())
		options.Window = rapid.IntRange(1, 200).Draw(r, "window")
		options.Pipelining = rapid.IntRange(1, 4).Draw(r, "pipelining")
		options.Compression = rapid.SampledFrom([]int{0, 3}).Draw(r, "level")
		options.SlowStart = rapid.Bool().Draw(r, "slow start")
		client, err := Dial(soon(t), options)
		if err != nil {
			r.Fatal(err)
		}
		if err := errors.Join(client.Send(soon(t), events), client.Flush(soon(t))); err != nil {
			r.Fatal(err)
		}
		if err := client.Close(); err != nil {
			r.Fatal(err)
		}
		proxy.stop()
		_ = server.Shutdown(soon(t))
		<-served
		again := expectResent(r, got.windows, events)
		if resent := client.Stats().Resent; int64(again) > resent {
			r.Fatalf("%d events came again, the client counts %d", again, resent)
		}
	})
}

func TestWindowWhoseAcknowledgementIsLostComesAgain(t *testing.T) {
	var got collector
	proxy := startFlaky(t, start(t, got.handle), []cutting{{-1, 5}}) // all but the last byte of the acknowledgement
	defer proxy.stop()
	options := quick(proxy.listener.Addr().String())
	options.Window, options.Pipelining = 10, 1
	var resent, retries atomic.Int64
	options.OnAcknowledged = func(d Delivery) {
		if d.Resent {
			resent.Add(int64(d.Events))
		}
	}
	options.OnRetry = func(err error, after time.Duration) {
		retries.Add(1)
		if !strings.Contains(err.Error(), options.Address) || after > 5*time.Millisecond {
			t.Errorf("retry after %v: %v", after, err)
		}
	}
	client := connected(t, options)
	events := numbered(30)
	ship(t, client, events)
	if again := expectResent(t, got.windows, events); again != 10 {
		t.Errorf("%d events came again, want 10", again)
	}
	stats, connections := client.Stats(), proxy.connections.Load()
	if stats.Resent != 10 || resent.Load() != 10 || retries.Load() != 1 || connections != 2 {
		t.Errorf("%+v, %d resent by callback, %d retries, %d connections", stats, resent.Load(), retries.Load(), connections)
	}
	_ = client.Close()
}

func TestRefusedWindowIsSentUntilItIsTaken(t *testing.T) {
	var got collector
	refused := 0
	got.before = func(_ context.Context, windows int) error {
		if windows == 1 && refused < 3 {
			refused++
			return errors.New("disk full")
		}
		return nil
	}
	options := quick(start(t, got.handle))
	options.Window, options.Attempts = 10, 5
	client := connected(t, options)
	events := numbered(50)
	ship(t, client, events)
	expectEvents(t, got.all(), events)
	if resent := client.Stats().Resent; resent < 30 {
		t.Errorf("%d events resent, want 10 three times at least", resent)
	}
}

func TestAttemptsCountOnlyInARow(t *testing.T) {
	for _, test := range []struct {
		failures, attempts int
		gaveUp             bool
	}{{1, 2, false}, {3, 4, false}, {2, 2, true}, {1, 1, true}} {
		var got collector
		failures := 0
		got.before = func(context.Context, int) error {
			if failures < test.failures {
				failures++
				return errors.New("not now")
			}
			failures = 0 // and for the next window again
			return nil
		}
		options := quick(start(t, got.handle))
		options.Window, options.Pipelining, options.Attempts = 1, 1, test.attempts
		client := connected(t, options)
		err := errors.Join(client.Send(soon(t), numbered(5)), client.Flush(soon(t)))
		if errors.Is(err, ErrGaveUp) != test.gaveUp || (err != nil) != test.gaveUp {
			t.Errorf("%d failures in a row for each window, %d attempts: %v", test.failures, test.attempts, err)
		}
		_ = client.Close()
	}
}

func TestNobodyListens(t *testing.T) {
	listener := listen(t)
	_ = listener.Close()
	options := quick(listener.Addr().String())
	options.Attempts = 3
	retries := 0
	options.OnRetry = func(error, time.Duration) { retries++ }
	_, err := Dial(soon(t), options)
	if !errors.Is(err, ErrGaveUp) || !strings.Contains(err.Error(), options.Address) ||
		!strings.Contains(err.Error(), "is logboom running") || retries != 2 {
		t.Errorf("after %d retries: %v", retries, err)
	}
	options.Attempts = 0
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = Dial(ctx, options)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "is logboom running") {
		t.Errorf("Dial until its context ends: %v", err)
	}
}

// late is a context whose deadline was noticed by others before itself.
type late struct {
	context.Context
	deadline time.Time
}

func (l late) Deadline() (time.Time, bool) { return l.deadline, true }

func TestEndOfTheContextIsNotTakenForATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer time.AfterFunc(time.Millisecond, cancel).Stop()
		_, err := dial(late{ctx, time.Now()}, bare(), func(context.Context) (net.Conn, error) {
			return nil, os.ErrDeadlineExceeded
		})
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrGaveUp) {
			t.Errorf("error %v, want that of the context", err)
		}
	})
}

func TestUnknownNameIsSaid(t *testing.T) {
	options := quick("no-such-host.invalid:5044")
	options.Attempts = 1
	_, err := Dial(soon(t), options)
	if err == nil || !strings.Contains(err.Error(), "check host") && !strings.Contains(err.Error(), "resolved") {
		t.Errorf("error %v", err)
	}
}

func TestFlushSaysWhyItWaited(t *testing.T) {
	var down atomic.Bool
	serve := func(conn net.Conn, number int) {
		count := readWindow(conn)
		if number == 1 {
			down.Store(true)
			return
		}
		acknowledge(conn, count)
		drain(conn)
	}
	scripted(t, serve, func(t *testing.T, network *pipes) {
		options := bare()
		options.Attempts = 0
		client, err := dial(context.Background(), options, func(ctx context.Context) (net.Conn, error) {
			if down.Load() {
				return nil, errors.New("cable is out")
			}
			return network.dial(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = client.Send(context.Background(), numbered(1))
		err = flushFor(client, time.Hour)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cable is out") {
			t.Errorf("Flush: %v, want it to say that the cable is out", err)
		}
		down.Store(false)
		if err := flushFor(client, time.Hour); err != nil {
			t.Errorf("Flush when the cable is in again: %v", err)
		}
		_ = client.Send(context.Background(), numbered(1))
		err = flushFor(client, time.Second)
		if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "cable") {
			t.Errorf("Flush to a server that is slow now: %v, want nothing of the cable", err)
		}
		if err := client.Close(); !errors.Is(err, ErrUnacknowledged) {
			t.Errorf("Close: %v", err)
		}
	})
}

// flushFor flushes with a deadline.
func flushFor(client *Client, most time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	return client.Flush(ctx)
}

func TestWindowComesAgainByteForByte(t *testing.T) {
	for _, level := range []int{0, 3} {
		var got collector
		refused := false
		got.before = func(context.Context, int) error {
			if refused {
				return nil
			}
			refused = true
			return errors.New("not now")
		}
		listener := &tap{Listener: listen(t)}
		serve(t, listener, got.handle, lumberjack.Options{})
		options := quick(listener.Addr().String())
		options.Compression = level
		ship(t, connected(t, options), numbered(500))
		twice := listener.take()
		if once := twice[:len(twice)/2]; !bytes.Equal(once, twice[len(once):]) {
			t.Errorf("level %d: the window was not sent again as it was", level)
		}
	}
}

// deafened is a connection whose other end has closed for reading.
type deafened struct{ net.Conn }

func (deafened) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestWhatTheServerSaidIsKnownAlsoIfWritingFails(t *testing.T) {
	for _, says := range []string{"HTTP/1.1 503 Service Unavailable", ""} {
		serve := func(conn net.Conn, _ int) {
			time.Sleep(lastWords / 2)
			_, _ = io.WriteString(conn, says)
			time.Sleep(lastWords)
		}
		scripted(t, serve, func(t *testing.T, network *pipes) {
			client, err := dial(context.Background(), bare(), func(ctx context.Context) (net.Conn, error) {
				conn, err := network.dial(ctx)
				return deafened{conn}, err
			})
			if err != nil {
				t.Fatal(err)
			}
			_ = client.Send(context.Background(), numbered(1))
			err = client.Flush(context.Background())
			if says != "" && !errors.Is(err, ErrNotLumberjack) || says == "" && !errors.Is(err, syscall.EPIPE) {
				t.Errorf("server says %q: %v", says, err)
			}
			_ = client.Close()
		})
	}
}

func TestBackoffDoublesUpToItsBound(t *testing.T) {
	r := retry{backoff: Backoff{Initial: time.Second, Most: 60 * time.Second}}
	check := func(pace time.Duration, delivered int64) {
		t.Helper()
		after, again := r.next(delivered)
		if !again || after < pace || after > min(2*pace, 60*time.Second) {
			t.Errorf("wait of %v, want %v to twice that, at most 60 s", after, pace)
		}
	}
	for _, pace := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		check(pace*time.Second, 0)
	}
	check(time.Second, 1)
	check(2*time.Second, 1)
	waits := map[time.Duration]bool{}
	for range 20 {
		r = retry{backoff: Backoff{Initial: time.Second, Most: time.Minute}}
		after, _ := r.next(0)
		waits[after] = true
	}
	if len(waits) < 2 {
		t.Error("there is no chance in the waits")
	}
}

func TestSettledWindowIsNotUsedWhileItIsWritten(t *testing.T) {
	options := DefaultOptions("nowhere")
	options.Linger = -1
	q := newQueue(options)
	if err := q.put(context.Background(), []byte("x"), 1, nil); err != nil {
		t.Fatal(err)
	}
	w, err := q.next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.acknowledged(1); !errors.Is(err, ErrInvalidSequence) {
		t.Errorf("acknowledged before it was begun: %v", err)
	}
	q.begin(w)
	if done, err := q.acknowledged(1); done != w || err != nil {
		t.Fatalf("acknowledged: %v, %v", done, err)
	}
	q.settle(w)
	if slices.Contains(q.spare, w) {
		t.Error("the window is free while it is being written")
	}
	q.written(w)
	if !slices.Contains(q.spare, w) {
		t.Error("the window is lost")
	}
}
