package lumberjack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What a server must do, one test a rule.

func TestOneFinalACKPerWindowInOrder(t *testing.T) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	send(t, conn,
		windowFrame(2), jsonFrame(1, `{"a":1}`), jsonFrame(2, `{"a":2}`),
		windowFrame(1), compressedFrame('2', jsonFrame(1, `{"a":3}`)),
		windowFrame(3), jsonFrame(1, `{}`), jsonFrame(2, `{}`), jsonFrame(3, `{}`))
	expect(t, conn, ack(2), ack(1), ack(3))
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, conn)
	if want := []string{`{"a":1}`, `{"a":2}`, `{"a":3}`, `{}`, `{}`, `{}`}; !slices.Equal(got.all(), want) {
		t.Errorf("got %q, want %q", got.all(), want)
	}
}

func TestACKIsTheHighestSequenceOfTheWindow(t *testing.T) {
	for name, test := range map[string]struct {
		sequences []uint32
		want      uint32
	}{
		"as Filebeat numbers them":         {[]uint32{1, 2, 3}, 3},
		"in another order":                 {[]uint32{3, 1, 2}, 3},
		"counted on over windows":          {[]uint32{11, 12, 13}, 13},
		"not numbered, which is the count": {[]uint32{0, 0, 0}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var got collector
			conn := start(t, got.handle, Options{}).dial(t)
			send(t, conn, windowFrame(3))
			for _, sequence := range test.sequences {
				send(t, conn, jsonFrame(sequence, `{}`))
			}
			expect(t, conn, ack(test.want))
		})
	}
}

func TestACKHasTheVersionOfTheWindow(t *testing.T) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	send(t, conn, numbered('1', 'W', 1), pairsFrame(1, "line", "x"), windowFrame(1), jsonFrame(1, `{}`))
	expect(t, conn, numbered('1', 'A', 1), ack(1))
	if got.batches[0].Version != Version1 || got.batches[1].Version != Version2 {
		t.Errorf("versions %c and %c", got.batches[0].Version, got.batches[1].Version)
	}
}

func TestWindowOfNothingIsAnsweredWithACK0(t *testing.T) {
	var got collector
	server := start(t, got.handle, Options{})
	conn := server.dial(t)
	send(t, conn, windowFrame(0), numbered('1', 'W', 0), windowFrame(1), jsonFrame(1, `{}`))
	expect(t, conn, ack(0), numbered('1', 'A', 0), ack(1))
	if len(got.batches) != 1 {
		t.Errorf("%d calls of the handler, want 1", len(got.batches))
	}
}

func TestNewWindowEndsTheOldOne(t *testing.T) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	send(t, conn, windowFrame(10), jsonFrame(1, `{"a":1}`), jsonFrame(2, `{"a":2}`), windowFrame(1))
	expect(t, conn, ack(2))
	send(t, conn, jsonFrame(1, `{"a":3}`))
	expect(t, conn, ack(1))
	if sizes := fmt.Sprint(len(got.batches[0].Events), len(got.batches[1].Events)); sizes != "2 1" {
		t.Errorf("windows of %s events, want 2 1", sizes)
	}
}

func TestNewWindowAfterAnEmptyOne(t *testing.T) {
	var got collector
	server := start(t, got.handle, Options{})
	conn := server.dial(t)
	send(t, conn, windowFrame(10), windowFrame(1), jsonFrame(1, `{}`), windowFrame(10), windowFrame(0))
	expect(t, conn, ack(1), ack(0))
	eventually(t, "no byte in flight", func() bool { return server.Stats().BytesInFlight == 0 })
}

func TestWindowOfMixedFrames(t *testing.T) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	send(t, conn, windowFrame(6),
		jsonFrame(1, `{"a":1}`),
		compressedFrame('2', jsonFrame(2, `{"a":2}`), jsonFrame(3, `{"a":3}`)),
		jsonFrame(4, `{"a":4}`),
		compressedFrame('2', jsonFrame(5, `{"a":5}`)),
		compressedFrame('2', jsonFrame(6, `{"a":6}`)))
	expect(t, conn, ack(6))
	for i, event := range got.all() {
		if want := fmt.Sprintf(`{"a":%d}`, i+1); event != want {
			t.Errorf("event %d is %s, want %s", i, event, want)
		}
	}
}

func TestClosesWithoutACKOnAFramingError(t *testing.T) {
	good := jsonFrame(1, `{}`)
	for name, bytes := range map[string][]byte{
		"unknown version":             []byte("3W\x00\x00\x00\x01"),
		"unknown version in a window": append(windowFrame(2), "3J\x00\x00\x00\x01\x00\x00\x00\x00"...),
		"unknown frame":               append(windowFrame(2), "2X\x00\x00\x00\x01\x00\x00\x00\x00"...),
		"event without a window":      good,
		"frame after the window":      slices.Concat(windowFrame(0), good),
		"acknowledgement":             append(windowFrame(1), ack(1)...),
		"pairs in version 2":          append(windowFrame(1), pairsFrame(1, "line", "x")...),
		"compressed frame in a compressed frame": append(windowFrame(1),
			compressedFrame('2', compressedFrame('2', good))...),
		"window in a compressed frame": append(windowFrame(2), compressedFrame('2', good, windowFrame(1), good)...),
		"more events than announced":   append(windowFrame(1), compressedFrame('2', good, good)...),
		"cut within a frame type":      append(windowFrame(2), compressedFrame('2', good, good[:1])...),
		"cut within a head":            append(windowFrame(2), compressedFrame('2', good, good[:2])...),
		"cut within a document":        append(windowFrame(2), compressedFrame('2', good, good[:11])...),
		"cut within what is skipped": append(windowFrame(2),
			compressedFrame('2', good, numbered('2', 'J', 1, 1<<31), make([]byte, 100_000))...),
		"cut within pairs": append(numbered('1', 'W', 2), compressedFrame('1', pairsFrame(1, "line", "x")[:17])...),
	} {
		t.Run(name, func(t *testing.T) {
			var got collector
			server := start(t, got.handle, Options{})
			conn := server.dial(t)
			send(t, conn, bytes)
			if name == "frame after the window" {
				expect(t, conn, ack(0))
			}
			expectEnd(t, conn)
			eventually(t, "a framing error", func() bool { return server.Stats().FramingErrors == 1 })
			if len(got.all()) > 0 {
				t.Errorf("handled %q", got.all())
			}
		})
	}
}

func TestClosesWithoutACKOnADecompressionError(t *testing.T) {
	frame := compressedFrame('2', jsonFrame(1, `{}`))
	damage := func(at int) []byte {
		damaged := bytes.Clone(frame)
		damaged[at] ^= 0xff
		return damaged
	}
	short := bytes.Clone(frame[:len(frame)-4])
	short[5] -= 4
	for name, frame := range map[string][]byte{
		"no zlib":            append(numbered('2', 'C', 4), "abcd"...),
		"nothing":            numbered('2', 'C', 0),
		"bad header":         damage(6),
		"bad checksum":       damage(len(frame) - 1),
		"without a checksum": short,
	} {
		t.Run(name, func(t *testing.T) {
			var got collector
			server := start(t, got.handle, Options{})
			conn := server.dial(t)
			send(t, conn, windowFrame(1), frame)
			expectEnd(t, conn)
			eventually(t, "a decompression error", func() bool { return server.Stats().DecompressionErrors == 1 })
			if len(got.all()) > 0 {
				t.Errorf("handled %q", got.all())
			}
		})
	}
}

// An event that is no JSON, or nothing at all, is the Handler's to judge.
func TestUndecodableEventCostsNoConnection(t *testing.T) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	send(t, conn, windowFrame(3), jsonFrame(1, `{"broken`), jsonFrame(2, ""), jsonFrame(3, `{}`))
	expect(t, conn, ack(3))
	if want := []string{`{"broken`, "", `{}`}; !slices.Equal(got.all(), want) {
		t.Errorf("got %q, want %q", got.all(), want)
	}
}

func TestHandlerErrorClosesWithoutACK(t *testing.T) {
	server := start(t, func(context.Context, *Batch) error { return errRefused }, Options{})
	conn := server.dial(t)
	send(t, conn, windowFrame(1), jsonFrame(1, `{}`))
	expectEnd(t, conn)
	eventually(t, "a handler error", func() bool { return server.Stats().HandlerErrors == 1 })
	if stats := server.Stats(); stats.Acknowledgements != 0 || stats.Events != 0 {
		t.Errorf("%+v", stats)
	}
}

// A client that is still sending must find FIN, not RST, when it is done: it would log "connection reset by peer".
func TestClosesWithFINOverUnreadInput(t *testing.T) {
	server := start(t, func(context.Context, *Batch) error { return errRefused }, Options{})
	conn := server.dial(t)
	send(t, conn, windowFrame(1), jsonFrame(1, `{}`))
	eventually(t, "the server is through with it", func() bool { return server.Stats().HandlerErrors == 1 })
	for range 32 {
		if _, err := conn.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	expectEnd(t, conn)
}

func TestFramingErrorsSayWhatIsWrong(t *testing.T) {
	inner := compressedFrame('2', jsonFrame(1, `{}`))
	for want, input := range map[string][]byte{
		"compressed frame in a compressed frame": append(windowFrame(1), compressedFrame('2', inner)...),
		"more events than the 1 announced": append(windowFrame(1),
			compressedFrame('2', jsonFrame(1, ""), jsonFrame(2, ""))...),
		"frame of type 'D' in a window of version 2": append(windowFrame(1), pairsFrame(1)...),
		"frame of type 'J' outside a window":         jsonFrame(1, `{}`),
		"frame of version '3'":                       []byte("3W"),
		"compressed frame ends within a frame":       append(windowFrame(1), compressedFrame('2', []byte("2J"))...),
	} {
		reader := newReading()
		reader.source.Reset(input)
		if _, err := reader.read(); !errors.Is(err, ErrFraming) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestBatchSaysWhereItCameFrom(t *testing.T) {
	var got collector
	before := time.Now()
	conn := start(t, got.handle, Options{}).dial(t)
	send(t, conn, windowFrame(1), jsonFrame(1, `{}`))
	expect(t, conn, ack(1))
	batch := got.batches[0]
	if batch.Remote.String() != conn.LocalAddr().String() || batch.TLS != nil || batch.Version != Version2 {
		t.Errorf("batch %+v", batch)
	}
	if batch.Received.Before(before) || batch.Received.After(time.Now()) {
		t.Errorf("received at %v", batch.Received)
	}
}

// The tests below run on a clock of their own.

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got collector
		server, client := startPipe(t, got.handle, Options{})
		begun := time.Now()
		time.Sleep(DefaultIdleTimeout - time.Second)
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		expect(t, client, ack(1))
		expectEnd(t, client)
		if idle := time.Since(begun); idle != 2*DefaultIdleTimeout-time.Second {
			t.Errorf("closed after %v", idle)
		}
		if stats := server.Stats(); stats.Timeouts+stats.Lost+stats.FramingErrors > 0 {
			t.Errorf("an idle connection is no error: %+v", stats)
		}
	})
}

func TestPauseWithinAWindowIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got collector
		server, client := startPipe(t, got.handle, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		begun := time.Now()
		send(t, client, windowFrame(1), jsonFrame(1, `{}`)[:5])
		expectEnd(t, client)
		if paused := time.Since(begun); paused != DefaultReadTimeout {
			t.Errorf("closed after %v, want %v", paused, DefaultReadTimeout)
		}
		synctest.Wait()
		if server.Stats().Timeouts != 1 {
			t.Errorf("%+v", server.Stats())
		}
	})
}

// A timeout for a window as a whole would cut this client off.
func TestSlowButSteadySenderIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got collector
		_, client := startPipe(t, got.handle, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		begun := time.Now()
		for _, b := range slices.Concat(windowFrame(1), jsonFrame(1, `{"message":"x"}`)) {
			time.Sleep(DefaultReadTimeout - time.Second)
			send(t, client, []byte{b})
		}
		expect(t, client, ack(1))
		if took := time.Since(begun); took < 10*time.Minute {
			t.Errorf("took only %v", took)
		}
	})
}

// startPipe runs a server inside a synctest bubble and returns the client's end of a connection to it.
func startPipe(t *testing.T, handler Handler, options Options) (*Server, net.Conn) {
	t.Helper()
	listener := newPipes()
	server := New(handler, options)
	serveUntilEnd(t, server, listener)
	client := listener.dial()
	t.Cleanup(func() { _ = client.Close() })
	return server, client
}
