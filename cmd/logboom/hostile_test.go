//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const hostileConfig = `
journal: {budget: 64MiB, segment_size: 1MiB, reserve: 1MiB}
inputs: {lumberjack: {listen: "127.0.0.1:0", read_timeout: 1s}}
rules:
  - {name: all, window: 1s, threshold: 1000000, idle: off}
  - {name: hosts, group_by: [host.name], window: 31d, threshold: 1000000, idle: off}
alerts: {}
http: {listen: "127.0.0.1:0"}
`

// What the process may take beyond what it had at its start, in MiB. One connection may hold half of what may be in
// flight, 128 MiB, and makes garbage that is collected now and then. Many at once may hold all that may be in flight
// (inputs.lumberjack.limits.in_flight, 256 MiB) and the garbage of it, up to the limit that the process sets itself.
const (
	mostOfOne  = 220
	mostOfMany = 700
)

// TestHostileInputs sends the process what other servers fall to, one after the other, and looks at its memory each time:
// the most it had meanwhile, and what it has when the input is dealt with. It has to stay alive and to take good events.
func TestHostileInputs(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "logboom.yml"), hostileConfig)
	p := startProcess(t, folder, nil)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	expectService(t, p)
	start := memoryOf(t, p, "VmRSS")
	t.Logf("%-50s %10s %10s %10s", "input", "bytes", "most MiB", "after MiB")
	t.Logf("%-50s %10s %10s %10d", "(none)", "", "", start)
	for _, input := range hostileInputs {
		if input.heavy && raceDetector {
			continue
		}
		content := input.bytes()
		resetPeak(t, p)
		input.send(t, p, content)
		expectService(t, p)
		most, after := memoryOf(t, p, "VmHWM"), memoryOf(t, p, "VmRSS")
		t.Logf("%-50s %10d %10d %10d", input.name, len(content)*max(1, input.connections), most, after)
		limit := mostOfOne
		if input.connections > 1 {
			limit = mostOfMany
		}
		if most-start > limit && !raceDetector {
			t.Errorf("%s: %d MiB, %d MiB at the start; want at most %d MiB more", input.name, most, start, limit)
		}
	}
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
}

// send sends an input over as many connections as it wants and expects the right answer on each.
func (h *hostileInput) send(t *testing.T, p *process, content []byte) {
	t.Helper()
	var connections sync.WaitGroup
	for range max(1, h.connections) {
		connections.Go(func() {
			answer, err := converse(p.lumberjack, content)
			if want := string(header('A', h.acknowledged)); h.acknowledged > 0 && (err != nil || answer != want) {
				t.Errorf("%s: answer %q, %v; want %q", h.name, answer, err, want)
			} else if h.acknowledged == 0 && answer != "" {
				t.Errorf("%s: answer %q, want none", h.name, answer)
			}
		})
	}
	connections.Wait()
}

// converse sends bytes, and returns what is answered until the server closes the connection or has answered a window,
// without heartbeats.
func converse(address string, content []byte) (string, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", fmt.Errorf("dial: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", fmt.Errorf("set deadline: %w", err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = conn.Write(content) // a server that closes the connection does not take all of it
	}()
	defer func() { <-sent }()
	for {
		frame := make([]byte, 6)
		if _, err := io.ReadFull(conn, frame); err != nil {
			_ = conn.Close() // wakes the writer
			return "", fmt.Errorf("read: %w", err)
		}
		if heartbeat := header('A', 0); !bytes.Equal(frame, heartbeat) {
			return string(frame), nil
		}
	}
}

// expectService wants a good window to be acknowledged.
func expectService(t *testing.T, p *process) {
	t.Helper()
	answer, err := converse(p.lumberjack, frames(window(1), event(1, `{"@timestamp":"2020-01-01T00:00:00.000Z","message":"good"}`)))
	if err != nil || answer != string(header('A', 1)) {
		t.Fatalf("a good window is answered with %q, %v\n%s", answer, err, p.stderr)
	}
}

// memoryOf returns a line of /proc/PID/status, in MiB.
func memoryOf(t *testing.T, p *process, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.stderr)
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			kilobytes, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes >> 10
		}
	}
	t.Fatalf("no %s in %s", name, status)
	return 0
}

// resetPeak makes VmHWM the memory of now.
func resetPeak(t *testing.T, p *process) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.command.Process.Pid), []byte("5"), 0); err != nil {
		t.Logf("the peak is the one since the start of the process: %v", err)
	}
}

// TestNoFilesLeft takes all file descriptors from the process, and gives them back: it has to accept again.
func TestNoFilesLeft(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "logboom.yml"), hostileConfig)
	p := startProcess(t, folder, nil)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	expectService(t, p)
	limit := func(files uint64) {
		if err := unix.Prlimit(p.command.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: 4096}, nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(3)
	conn, err := net.Dial("tcp", p.lumberjack)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	waitFor(t, "accept to fail", func() bool { return strings.Contains(p.stderr.String(), "too many open files") })
	limit(4096)
	expectService(t, p)
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
}
