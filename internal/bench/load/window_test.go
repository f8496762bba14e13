package load

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
)

// TestStamps sends windows with two stamps and reads them as a server would: the standard library inflates them and checks the
// sum, and each event has the time at which it was sent, to 10 ms, the connection's agent, and a place in the log that no other
// event has.
func TestStamps(t *testing.T) {
	for _, level := range []int{0, 1, 2, 3, 6, 9} {
		for _, window := range []int{1, 7, 600} {
			t.Run(fmt.Sprintf("level %d, %d events", level, window), func(t *testing.T) {
				pool, err := NewPool(t.Context(), PoolOptions{Window: window, Events: 3 * window, Level: level, Seed: 5})
				if err != nil {
					t.Fatal(err)
				}
				if pool.Stamped() != 1 || len(pool.windows)*pool.Window() != 3*window {
					t.Errorf("%v of %d windows are stamped", pool.Stamped(), len(pool.windows))
				}
				var stamps values
				offsets := map[int64]bool{}
				for i, at := range []string{"2027-02-28T23:59:59.999Z", "1999-12-31T00:00:00.000Z"} {
					moment, _ := time.Parse(time.RFC3339, at)
					for j, w := range pool.windows {
						stamps.set(moment, 3*i+j, 0xabc)
						checkStamped(t, w.appendTo(nil, &stamps), w.events, at, "00000abc", offsets)
					}
				}
				if len(offsets) != 6*window {
					t.Errorf("%d places in the log, want %d", len(offsets), 6*window)
				}
			})
		}
	}
}

func checkStamped(t *testing.T, wire []byte, count int, at, agent string, offsets map[int64]bool) {
	t.Helper()
	frames := wire[headSize:]
	if frames[1] == 'C' {
		reader, err := zlib.NewReader(bytes.NewReader(frames[headSize:]))
		if err != nil {
			t.Fatal(err)
		}
		if frames, err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for ; len(frames) > 0; seen++ {
		size := eventHeadSize + int(binary.BigEndian.Uint32(frames[6:]))
		var event struct {
			Timestamp string `json:"@timestamp"`
			Log       struct {
				Offset int64 `json:"offset"`
			} `json:"log"`
			Agent struct {
				ID string `json:"id"`
			} `json:"agent"`
		}
		if err := json.Unmarshal(frames[eventHeadSize:size], &event); err != nil {
			t.Fatal(err)
		}
		digits := timeDigits(count)
		if event.Timestamp[:digits] != at[:digits] || !strings.HasPrefix(event.Agent.ID, agent) || event.Log.Offset >= 1<<53 {
			t.Fatalf("event %d is %+v, want %s and %s", seen, event, at, agent)
		}
		offsets[event.Log.Offset] = true
		frames = frames[size:]
	}
	if seen != count {
		t.Errorf("%d events, want %d", seen, count)
	}
}

// TestTooLargeToStamp takes events of which the first can't be stored for the others to refer to.
func TestTooLargeToStamp(t *testing.T) {
	pool, err := NewPool(t.Context(), PoolOptions{Window: 3, Events: 3, Level: 3, Shape: events.Options{Size: 40_000}})
	if err != nil {
		t.Fatal(err)
	}
	if pool.Stamped() != 0 {
		t.Error("stamped")
	}
	var stamps values
	stamps.set(time.Now(), 1, 1)
	checkStamped(t, pool.windows[0].appendTo(nil, &stamps), 3, firstTime.Format("2006-01-02T15:04:05.000Z"), "", map[int64]bool{})
}

// TestSmallest has events that have neither agent nor offset.
func TestSmallest(t *testing.T) {
	for _, level := range []int{0, 3} {
		pool, err := NewPool(t.Context(), PoolOptions{Window: 50, Events: 100, Level: level, Shape: events.Options{Size: 200}})
		if err != nil || pool.Stamped() != 1 || len(pool.windows[0].fields) != 1 {
			t.Errorf("level %d: %v of %+v, %v", level, pool.Stamped(), pool.windows[0].fields, err)
		}
	}
}

// TestChecksum compares with the sum made afresh.
func TestChecksum(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		data := make([]byte, 100_000+random.IntN(100_000))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		fields := []field{{kind: stampTime, size: 16}, {kind: stampAgent, size: 3}}
		old, stamps := [][]byte{[]byte("2026-11-23T19:58"), []byte("abc")}, &values{[]byte("zzzz-~~-00T  :!!"), nil, []byte("\xff0\x00")}
		for at, i := random.IntN(1000), 0; at+16 < len(data); at, i = at+16+random.IntN(5000), i+1 {
			copy(data[at:], old[i%2])
			fields[i%2].places = append(fields[i%2].places, at)
		}
		w := &window{wire: data, fields: fields, adler: newChecksum(adler32.Checksum(data), len(data), fields)}
		got := w.adler.changed(w, stamps)
		for _, f := range fields {
			for _, at := range f.places {
				copy(data[at:], stamps[f.kind])
			}
		}
		if want := adler32.Checksum(data); got != want {
			t.Fatalf("%08x, want %08x", got, want)
		}
	}
}

func TestSendingAllocatesNothing(t *testing.T) {
	w, stamps := smallPool(t, 3).windows[0], new(values)
	stamps.set(firstTime, 1, 1)
	buffer := w.appendTo(nil, stamps)
	if n := testing.AllocsPerRun(100, func() { buffer = w.appendTo(buffer[:0], stamps) }); n != 0 {
		t.Errorf("%v allocations a window", n)
	}
}

// TestRepair has streams of all levels, of which the fast ones write stamps literally at many places.
func TestRepair(t *testing.T) {
	for level := 2; level <= 9; level++ { // level 1 does not always find enough, and then other events are taken
		p := newPlain(events.New(9, events.Options{FirstOffset: firstOffset}), 1000)
		p.blank()
		w, err := p.compressed(level)
		if err != nil {
			t.Fatal(err)
		}
		if !w.canBeStamped(p) {
			t.Errorf("level %d can't be stamped", level)
		}
	}
}

// TestBeyondRepair has a stream whose block has no codes for references.
func TestBeyondRepair(t *testing.T) {
	p := newPlain(events.New(9, events.Options{}), 3)
	var stream bytes.Buffer
	compressor, _ := flate.NewWriter(&stream, flate.HuffmanOnly)
	_, _ = compressor.Write(p.bytes[p.first:])
	_ = compressor.Close()
	if _, ok := repair(stream.Bytes(), p.bytes, p.fields, p.first); ok {
		t.Error("repaired")
	}
}

// FuzzRepair feeds it any stream: it ends, and what it says it could repair inflates to the same.
func FuzzRepair(f *testing.F) {
	p := newPlain(events.New(9, events.Options{Size: 250}), 20)
	for _, level := range []int{1, 3, 9, flate.HuffmanOnly, flate.NoCompression} {
		var stream bytes.Buffer
		compressor, _ := flate.NewWriterDict(&stream, level, p.bytes[:p.first])
		_, _ = compressor.Write(p.bytes[p.first:])
		_ = compressor.Close()
		f.Add(stream.Bytes())
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		repaired, ok := repair(stream, p.bytes, p.fields, p.first)
		if !ok {
			return
		}
		before, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(stream), p.bytes[:p.first]))
		if err != nil || !bytes.Equal(before, p.bytes[p.first:]) {
			return // another stream than the one of these events: windows are tried out for that
		}
		after, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(repaired), p.bytes[:p.first]))
		if err != nil || !bytes.Equal(after, before) {
			t.Errorf("%v, %d bytes in the place of %d", err, len(after), len(before))
		}
	})
}
