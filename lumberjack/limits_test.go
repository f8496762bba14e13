package lumberjack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestDefaults(t *testing.T) {
	want := Limits{
		Window: 100_000, Event: 16 << 20, Inflated: 100 << 20, Ratio: 250, InFlight: 256 << 20, Connections: 10_000,
	}
	if got := (Limits{}).withDefaults(); got != want {
		t.Errorf("limits %+v", got)
	}
	got := (Limits{Window: -1, InFlight: 1}).withDefaults()
	if got.Window != DefaultWindow || got.InFlight != MinimumInFlight {
		t.Errorf("limits %+v", got)
	}
	timeouts := Timeouts{
		Handshake: 10 * time.Second, Read: 30 * time.Second, Idle: 5 * time.Minute, Write: 30 * time.Second,
		Heartbeat: 5 * time.Second, KeepAlive: 15 * time.Second,
	}
	if got := (Timeouts{}).withDefaults(); got != timeouts {
		t.Errorf("timeouts %+v", got)
	}
	own := Timeouts{1, 2, 3, 4, 5, 6}
	if got := own.withDefaults(); got != own {
		t.Errorf("timeouts %+v", got)
	}
}

// Each limit that closes a connection says so in one line, which names the limit and the client, and in a counter.
func TestLimitsAreNamed(t *testing.T) {
	large := jsonFrame(1, noise(300_000))
	for limit, test := range map[Limit]struct {
		limits Limits
		input  []byte
	}{
		LimitWindow:   {Limits{Window: 10}, windowFrame(11)},
		LimitInflated: {Limits{Inflated: 200_000}, append(windowFrame(1), large...)},
		LimitRatio:    {Limits{Ratio: 100}, bomb(64, false)},
		LimitInFlight: {Limits{InFlight: MinimumInFlight}, append(windowFrame(3), bytes.Repeat(large, 3)...)},
	} {
		t.Run(string(limit), func(t *testing.T) {
			var log lines
			server := start(t, new(collector).handle, Options{Limits: test.limits, Logger: zerolog.New(&log)})
			var address string
			for range 3 {
				conn := server.dial(t)
				address = conn.LocalAddr().String()
				send(t, conn, test.input)
				expectEnd(t, conn)
			}
			eventually(t, "three hits", func() bool { return server.Stats().LimitHits[limit] == 3 })
			checkLimitLine(t, log.String(), limit, strings.Split(address, ":")[0])
		})
	}
}

func checkLimitLine(t *testing.T, log string, limit Limit, host string) {
	t.Helper()
	var line struct{ Level, Peer, Limit, Message string }
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("%v in %q: want one line", err, log)
	}
	if line.Limit != string(limit) || !strings.HasPrefix(line.Peer, host) || line.Level != "warn" ||
		!strings.Contains(line.Message, string(limit)) || !strings.Contains(line.Message, line.Peer) {
		t.Errorf("line %+v", line)
	}
}

func TestLimitErrorNamesAll(t *testing.T) {
	reader := newLimitedReading(Limits{Window: 10})
	reader.source.Reset(windowFrame(11))
	_, err := reader.read()
	var limit *LimitError
	if !errors.As(err, &limit) || *limit != (LimitError{Limit: LimitWindow, Value: 11, Most: 10}) {
		t.Fatalf("%v", err)
	}
	limit.Peer = "10.0.0.7:4000"
	if want := "limit window hit by 10.0.0.7:4000: 11, at most 10 allowed"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

// A connection too many is closed with FIN, also if it has sent something, and a place that gets free is given again.
func TestConnectionLimit(t *testing.T) {
	var log lines
	server := start(t, new(collector).handle, Options{Limits: Limits{Connections: 2}, Logger: zerolog.New(&log)})
	first, second := server.dial(t), server.dial(t)
	eventually(t, "two connections", func() bool { return server.Stats().Connections == 2 })
	for range 3 {
		third := server.dial(t)
		send(t, third, windowFrame(1), jsonFrame(1, `{}`))
		expectEnd(t, third)
	}
	stats := server.Stats()
	if stats.ConnectionsRefused != 3 || stats.LimitHits[LimitConnections] != 3 || stats.ConnectionsTotal != 2 {
		t.Errorf("%+v", stats)
	}
	checkLimitLine(t, log.String(), LimitConnections, "127.0.0.1")
	_ = first.Close()
	eventually(t, "a free place", func() bool { return server.Stats().Connections == 1 })
	fourth := server.dial(t)
	for _, conn := range []net.Conn{second, fourth} {
		send(t, conn, windowFrame(1), jsonFrame(1, `{}`))
		expect(t, conn, ack(1))
	}
	if server.Stats().PeakConnections != 2 {
		t.Errorf("%+v", server.Stats())
	}
}

func TestThrottle(t *testing.T) {
	var line throttle
	now := time.Unix(1_700_000_000, 0)
	for i, test := range []struct {
		kind  string
		after time.Duration
		left  uint64
		ok    bool
	}{
		{"a", 0, 0, true},
		{"a", 0, 0, false},
		{"b", 0, 0, true},
		{"a", throttleTime - 1, 0, false},
		{"a", 1, 2, true},
		{"a", throttleTime, 0, true},
	} {
		now = now.Add(test.after)
		if left, ok := line.allow(test.kind, now); left != test.left || ok != test.ok {
			t.Errorf("line %d: %d left out, %v", i, left, ok)
		}
	}
}

func TestStatsCount(t *testing.T) {
	var got collector
	server := start(t, got.handle, Options{})
	conn := server.dial(t)
	session := recorded(t, "nginx.client")
	send(t, conn, session)
	expect(t, conn, ack(200))
	eventually(t, "an acknowledgement", func() bool { return server.Stats().Acknowledgements == 1 })
	stats := server.Stats()
	inflated := uint64(len(recorded(t, "nginx.ndjson")) + 200*9) // a head of ten bytes each, for a newline
	if stats.Windows != 1 || stats.Events != 200 ||
		stats.BytesRead != uint64(len(session)) || stats.BytesInflated != inflated || stats.Connections != 1 || stats.ConnectionsTotal != 1 || stats.BytesInFlight != 0 {
		t.Errorf("%+v", stats)
	}
}

// An idle connection costs little, also after it had a window, and the buffers of a burst are given back.
func TestIdleConnectionsAreSmall(t *testing.T) {
	const connections, most = 500, 16 << 10
	server := start(t, func(context.Context, *Batch) error { return nil }, Options{})
	session := recorded(t, "nginx.client")
	conns := make([]net.Conn, connections)
	before := footprint()
	for i := range conns {
		conns[i] = server.dial(t)
		send(t, conns[i], session)
	}
	for _, conn := range conns {
		expect(t, conn, ack(200))
	}
	each := (footprint() - before) / connections
	t.Logf("%d bytes for each idle connection, both ends of it", each)
	if each > most {
		t.Errorf("more than %d", most)
	}
}

// footprint returns the heap and the stacks, without garbage.
func footprint() int {
	runtime.GC()
	runtime.GC() // empties pools
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc + stats.StackInuse)
}

// Windows of nothing that came along with another one leave a connection as small as any idle one.
func TestWindowsOfNothingKeepNoMemory(t *testing.T) {
	server := start(t, new(collector).handle, Options{})
	conn := server.dial(t)
	send(t, conn, windowFrame(2), jsonFrame(1, noise(100)), jsonFrame(2, `{}`), bytes.Repeat(windowFrame(0), 100))
	expect(t, conn, ack(2), bytes.Repeat(ack(0), 100))
	eventually(t, "no byte in flight", func() bool { return server.Stats().BytesInFlight == 0 })
}

// Bytes of the next window that came with this one are kept, and so is the order.
func TestReadAhead(t *testing.T) {
	var input []byte
	const windows = 300
	for i := range windows {
		input = append(input, windowFrame(1)...)
		input = append(input, jsonFrame(1, noise(i*7))...)
	}
	reader := newReading()
	reader.source.Reset(input)
	for i := range windows {
		window, err := reader.read()
		if err != nil {
			t.Fatal(err)
		}
		if string(window.events[0]) != noise(i*7) {
			t.Fatalf("window %d is %.50s", i, window.events[0])
		}
		window.release()
		if first := window.events[:1][0]; first != nil {
			t.Fatalf("a window in the pool refers to %.50s", first)
		}
		if held := reader.budget.held.Load(); held > windowInput {
			t.Fatalf("%d bytes are held between windows", held)
		}
	}
	if _, err := reader.read(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v at the end", err)
	}
	reader.abandon()
	if held := reader.budget.held.Load(); held != 0 {
		t.Errorf("%d bytes are held at the end", held)
	}
}
