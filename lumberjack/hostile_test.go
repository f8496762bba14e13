package lumberjack

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/flate"
)

// The inputs that another server was seen to fall to, and their like. Each says what becomes of the connection, and what
// memory it may cost at most.
var hostile = []struct {
	name  string
	input func() []byte
	most  uint64 // bytes of heap beyond what was there
	limit Limit  // that is hit, or none where framing or compression is at fault
	ack   uint32 // 0: closed without
}{
	{"nested compressed frames", nestedFrames, 2 << 20, "", 0},
	{"zlib bomb of one event", func() []byte { return bomb(512, true) }, 6 << 20, LimitInflated, 0},
	{"zlib bomb of many events", func() []byte { return bomb(512, false) }, 130 << 20, LimitInflated, 0},
	{"small zlib bomb of many events", func() []byte { return bomb(64, false) }, 40 << 20, LimitRatio, 0},
	{"event that claims 4 GiB", claims('J'), 2 << 20, "", 0},
	{"event within the limit that is not sent", func() []byte {
		return append(windowFrame(1), numbered('2', 'J', 1, DefaultEvent)...)
	}, 4 << 20, "", 0},
	{"compressed event that claims 16 MiB", func() []byte {
		return append(windowFrame(1), compressedFrame('2', numbered('2', 'J', 1, DefaultEvent))...)
	}, 2 << 20, "", 0},
	{"compressed frame that claims 4 GiB", func() []byte {
		return append(windowFrame(1), numbered('2', 'C', 1<<32-1)...)
	}, 2 << 20, LimitInflated, 0},
	{"compressed frame that claims 100 MiB", func() []byte {
		return append(windowFrame(1), numbered('2', 'C', DefaultInflated)...)
	}, 4 << 20, "", 0},
	{"pairs that claim 4 GiB", func() []byte {
		return append(numbered('1', 'W', 1), numbered('1', 'D', 1, 1, 1<<32-1)...)
	}, 2 << 20, "", 0},
	{"four billion pairs", func() []byte {
		return append(numbered('1', 'W', 1), numbered('1', 'D', 1, 1<<32-1)...)
	}, 2 << 20, "", 0},
	{"pairs of one byte without an end", func() []byte {
		field := []byte{0, 0, 0, 1, 'x'}
		return append(append(numbered('1', 'W', 1), numbered('1', 'D', 1, 1<<32-1)...), bytes.Repeat(field, rejectedPrefix)...)
	}, 1 << 20, "", 0},
	{"window of four billion", func() []byte { return windowFrame(1<<32 - 1) }, 2 << 20, LimitWindow, 0},
	{"window of 100,001", func() []byte { return windowFrame(DefaultWindow + 1) }, 2 << 20, LimitWindow, 0},
	{"window of 100,000 events of nothing", manyEvents, 16 << 20, "", DefaultWindow},
	{"event of 64 MiB", bigEvent, 4 << 20, LimitEvent, 2},
	{"line of ten million NUL bytes", lineOfNULs, 4 << 20, LimitEvent, 1},
	{"window of 120 MiB of bare events", bareEvents, 130 << 20, LimitInflated, 0},
}

func TestHostileMemory(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			var events atomic.Int64
			server := start(t, func(_ context.Context, batch *Batch) error {
				events.Add(int64(len(batch.Events)))
				return nil
			}, Options{})
			input := test.input()
			conn := server.dial(t)
			peak := measurePeak(func() {
				send(t, conn, input)
				_ = conn.CloseWrite() // fails where the server has reset the connection
				if test.ack > 0 {
					expect(t, conn, ack(test.ack))
				}
				expectEnd(t, conn)
			})
			t.Logf("%d bytes of input: %.1f MiB of memory at most, %.1f MiB allowed",
				len(input), float64(peak)/(1<<20), float64(test.most)/(1<<20))
			if peak > test.most {
				t.Errorf("%d bytes of memory, want at most %d", peak, test.most)
			}
			if test.limit != "" && server.Stats().LimitHits[test.limit] != 1 {
				t.Errorf("limit hits %v, want one of %s", server.Stats().LimitHits, test.limit)
			}
			if test.ack == 0 && events.Load() > 0 {
				t.Errorf("%d events were handled", events.Load())
			}
			eventually(t, "no byte in flight", func() bool { return server.Stats().BytesInFlight == 0 })
		})
	}
}

// measurePeak returns how much the heap grew while f ran.
func measurePeak(f func()) uint64 {
	runtime.GC()
	runtime.GC() // empties pools
	before, peak := heap(), uint64(0)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for ticker := time.NewTicker(200 * time.Microsecond); ; {
			peak = max(peak, heap())
			select {
			case <-ticker.C:
			case <-done:
				ticker.Stop()
				return
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return max(peak, before) - before
}

// heap returns the bytes of all objects, garbage included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// nestedFrames is about 1 kB of compressed frames within compressed frames, the innermost of them large.
func nestedFrames() []byte {
	frame := compressedFrame('2', make([]byte, 64<<20))
	for len(frame) > 1000 {
		frame = compressedFrame('2', frame)
	}
	return append(windowFrame(1), frame...)
}

// bomb is about 1 kB of zlib for each of so many pieces of 1 MiB, which are so many events, or one. The checksum at its
// end is wrong, but nobody gets there.
func bomb(pieces uint32, oneEvent bool) []byte {
	zeros := make([]byte, 1<<20)
	events, size := pieces, uint32(len(zeros))
	if oneEvent {
		events, size = 1, pieces<<20
	}
	head := numbered('2', 'J', 1, size)
	stream := append([]byte{0x78, 0xda}, deflatePiece(head, zeros)...)
	next := deflatePiece(head, zeros)
	if oneEvent {
		next = deflatePiece(zeros)
	}
	stream = append(stream, bytes.Repeat(next, int(pieces-1))...)
	stream = append(stream, 0x03, 0x00, 0, 0, 0, 0) // an empty last block, and a checksum
	return slices.Concat(windowFrame(events), numbered('2', 'C', uint32(len(stream))), stream)
}

// deflatePiece compresses without reference to anything before, up to a full byte.
func deflatePiece(parts ...[]byte) []byte {
	var compressed bytes.Buffer
	writer, _ := flate.NewWriter(&compressed, 9)
	for _, part := range parts {
		_, _ = writer.Write(part)
	}
	_ = writer.Flush()
	return compressed.Bytes()
}

func claims(code byte) func() []byte {
	return func() []byte { return append(windowFrame(1), numbered('2', code, 1, 1<<32-1)...) }
}

func manyEvents() []byte {
	input := windowFrame(DefaultWindow)
	for sequence := range uint32(DefaultWindow) {
		input = append(input, jsonFrame(sequence+1, "")...)
	}
	return input
}

// bigEvent is an event beyond the limit, whose window is good.
func bigEvent() []byte {
	return append(windowFrame(2), append(jsonFrame(1, strings.Repeat("x", 64<<20)), jsonFrame(2, `{}`)...)...)
}

// lineOfNULs is what Filebeat makes of a log file with a hole in it: each byte has an escape of six.
func lineOfNULs() []byte {
	document := `{"message":"` + strings.Repeat(`\u0000`, 10<<20) + `"}`
	return append(windowFrame(1), compressedFrame('2', jsonFrame(1, document))...)
}

func bareEvents() []byte {
	input := windowFrame(120)
	for sequence := range uint32(120) {
		input = append(input, jsonFrame(sequence+1, strings.Repeat("x", 1<<20))...)
	}
	return input
}

// What another server was measured to do wrong, one test a row; the rows about memory are in TestHostileMemory.

func TestWindowOf100000IsServed(t *testing.T) {
	for _, size := range []uint32{10_001, DefaultWindow} {
		var got atomic.Int64
		conn := start(t, func(_ context.Context, batch *Batch) error {
			got.Add(int64(len(batch.Events)))
			return nil
		}, Options{}).dial(t)
		var frames []byte
		for sequence := range size {
			frames = append(frames, jsonFrame(sequence+1, `{"message":"x"}`)...)
		}
		send(t, conn, windowFrame(size), compressedFrame('2', frames))
		expect(t, conn, ack(size))
		if got.Load() != int64(size) {
			t.Errorf("%d events, want %d", got.Load(), size)
		}
	}
}

func TestAcceptErrorsNeverEndTheListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got collector
		listener := newPipes()
		server := New(got.handle, Options{})
		serveUntilEnd(t, server, listener)
		begun := time.Now()
		failures := []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOMEM, os.ErrPermission}
		for range 4 {
			for _, err := range failures {
				listener.errors <- &net.OpError{Op: "accept", Err: err}
			}
		}
		client := listener.dial()
		defer client.Close()
		if took := time.Since(begun); took < 10*time.Second || took > 20*time.Second {
			t.Errorf("backed off for %v", took)
		}
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		expect(t, client, ack(1))
		if server.Stats().AcceptErrors != 20 {
			t.Errorf("%+v", server.Stats())
		}
	})
}

func TestListenerClosedByOthersIsAnError(t *testing.T) {
	listener := newPipes()
	server := New(new(collector).handle, Options{})
	_ = listener.Close()
	if err := server.Serve(listener); err == nil {
		t.Error("Serve returned nil")
	}
}

func TestWindowSplitOverCompressedFrames(t *testing.T) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	var want []string
	send(t, conn, windowFrame(1000))
	for sequence := range uint32(1000) {
		event := fmt.Sprintf(`{"message":"%d"}`, sequence)
		want = append(want, event)
		send(t, conn, compressedFrame('2', jsonFrame(sequence+1, event)))
	}
	expect(t, conn, ack(1000))
	if !slices.Equal(got.all(), want) {
		t.Error("events differ")
	}
}

// A decoder in between is what costs the other server 15 us and many allocations an event. Here an event costs none.
func TestEventsCostNoAllocation(t *testing.T) {
	session := recorded(t, "nginx.client")
	reader := newReading()
	once := func() {
		reader.source.Reset(session)
		w, err := reader.read()
		if err != nil || len(w.events) != 200 {
			t.Fatal(err)
		}
		w.release()
	}
	once()
	if allocations := testing.AllocsPerRun(100, once); allocations > 100 { // under the race detector, pools forget
		t.Errorf("%v allocations for a window of 200 events", allocations)
	}
}

// An event that came whole is the same whatever buffers it was moved through on its way.
func TestEventsOfAllSizesSurvive(t *testing.T) {
	for _, compress := range []bool{true, false} {
		var got collector
		conn := start(t, got.handle, Options{}).dial(t)
		var want []string
		var frames []byte
		for sequence, size := 0, 1; size < DefaultEvent; size = size*5/3 + 1 {
			want = append(want, noise(size))
			sequence++
			frames = append(frames, jsonFrame(uint32(sequence), want[len(want)-1])...)
		}
		size := uint32(len(want))
		if compress {
			frames = compressedFrame('2', frames)
		}
		send(t, conn, windowFrame(size), frames)
		expect(t, conn, ack(size))
		if !slices.Equal(got.all(), want) {
			t.Error("events differ")
		}
	}
}

// noise is text that does not repeat itself soon.
func noise(size int) string {
	text := make([]byte, 0, size+20)
	for i := uint64(size); len(text) < size; i++ {
		text = fmt.Appendf(text, "%d", i*i)
	}
	return string(text[:size])
}

func TestRejectedEventKeepsItsPrefix(t *testing.T) {
	for name, wrap := range map[string]func([]byte) []byte{
		"bare":       func(frames []byte) []byte { return frames },
		"compressed": func(frames []byte) []byte { return compressedFrame('2', frames) },
	} {
		t.Run(name, func(t *testing.T) {
			var got collector
			server := start(t, got.handle, Options{Limits: Limits{Event: 100_000}})
			conn := server.dial(t)
			big := noise(1_000_000)
			frames := slices.Concat(jsonFrame(1, `{"a":1}`), jsonFrame(2, big), jsonFrame(3, `{"a":3}`), jsonFrame(4, big[:100_000]))
			send(t, conn, windowFrame(4), wrap(frames))
			expect(t, conn, ack(4))
			if want := []string{`{"a":1}`, `{"a":3}`, big[:100_000]}; !slices.Equal(got.all(), want) {
				t.Errorf("%d events, want %d", len(got.all()), len(want))
			}
			if len(got.rejected) != 1 {
				t.Fatalf("rejected %d", len(got.rejected))
			}
			rejected := got.rejected[0]
			if rejected.Length != 1_000_000 || string(rejected.Prefix) != big[:64<<10] {
				t.Errorf("rejected %d bytes, prefix of %d", rejected.Length, len(rejected.Prefix))
			}
			if want := "event of 1000000 bytes is larger than the limit of 100000"; rejected.Reason != want {
				t.Errorf("reason %q, want %q", rejected.Reason, want)
			}
			if stats := server.Stats(); stats.EventsRejected != 1 || stats.LimitHits[LimitEvent] != 1 || stats.Events != 3 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// Windows of honest clients that compress extremely well pass.
func TestRepetitiveWindowsPass(t *testing.T) {
	identical := strings.Repeat("=", 5000)
	for name, line := range map[string]string{"short": "healthcheck ok", "one repeated character": identical} {
		t.Run(name, func(t *testing.T) {
			var got collector
			conn := start(t, got.handle, Options{}).dial(t)
			var frames []byte
			for i := range uint32(2048) {
				frames = append(frames, jsonFrame(i+1, fmt.Sprintf(
					`{"@timestamp":"2026-11-23T20:00:26.%03dZ","log":{"offset":%d},"message":"%s"}`, i%1000, i*5001, line))...)
			}
			compressed := compressedFrame('2', frames)
			t.Logf("ratio %d", len(frames)/len(compressed))
			send(t, conn, windowFrame(2048), compressed)
			expect(t, conn, ack(2048))
		})
	}
}

// reading is a windowReader over bytes.
type reading struct {
	windowReader
	source *bytes.Reader
	budget *budget
}

func newReading() *reading {
	return newLimitedReading(Limits{})
}

func newLimitedReading(limits Limits) *reading {
	limits = limits.withDefaults()
	r := &reading{source: bytes.NewReader(nil), budget: newBudget(limits.InFlight)}
	counted := new(counters)
	r.windowReader = windowReader{
		input: &input{
			conn: fakeConn{Reader: r.source}, counters: counted, timeout: time.Minute, pressing: r.pressing,
			ctx: context.Background(),
		},
		pool:      new(bufferPool),
		reserve:   func() *reservation { return newReservation(r.budget) },
		limits:    limits,
		counters:  counted,
		announced: func(byte) {},
	}
	return r
}

// fakeConn is a connection that only reads.
type fakeConn struct {
	net.Conn
	*bytes.Reader
}

func (c fakeConn) Read(p []byte) (int, error)      { return c.Reader.Read(p) }
func (fakeConn) SetReadDeadline(_ time.Time) error { return nil }
