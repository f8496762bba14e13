package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a condition. It is long because the tests share their machine.
const patience = 60 * time.Second

// process is a logboom that runs.
type process struct {
	command        *exec.Cmd
	stdout, stderr *output
	// ended is closed when the process is gone; err then says how it ended.
	ended chan struct{}
	err   error
	// lumberjack and http are the bound addresses, once it is ready.
	lumberjack, http string
}

// startProcess starts logboom run in a folder, without waiting for anything. It is killed at the end of the test at the
// latest.
func startProcess(t testing.TB, folder string, environment []string, arguments ...string) *process {
	t.Helper()
	command := exec.Command("logboom", append([]string{"run"}, arguments...)...)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	p := &process{command: command, stdout: newOutput(), stderr: newOutput(), ended: make(chan struct{})}
	command.Stdout, command.Stderr = p.stdout, p.stderr
	if err := command.Start(); err != nil {
		t.Fatalf("start %v: %v", command, err)
	}
	go func() {
		defer close(p.ended)
		p.err = command.Wait()
		p.stdout.close()
		p.stderr.close()
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a crash does, and waits until it is gone.
func (p *process) kill() {
	_ = p.command.Process.Kill() // fails where it is gone already
	<-p.ended
}

// terminate asks the process to end, waits for that, and returns an error unless it ended well.
func (p *process) terminate() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("send SIGTERM: %w", err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		return fmt.Errorf("still there %s after SIGTERM:\n%s", patience, p.stderr)
	}
	if p.err != nil {
		return fmt.Errorf("%w:\n%s", p.err, p.stderr)
	}
	return nil
}

// ready waits until the process takes events, and learns its addresses from its log. It fails where the process ends.
func (p *process) ready() error {
	ctx, cancel := soon()
	defer cancel()
	var err error
	if p.http, err = p.address(ctx, "http"); err != nil {
		return err
	}
	for {
		status, _, err := get(ctx, "http://"+p.http+"/readyz")
		switch {
		case err == nil && status == http.StatusOK:
			return p.findLumberjack(ctx)
		case ctx.Err() != nil:
			return fmt.Errorf("not ready after %s:\n%s", patience, p.stderr)
		}
		select {
		case <-p.ended:
			return fmt.Errorf("ended: %w:\n%s", p.err, p.stderr)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// findLumberjack learns the address of the Lumberjack port. One that only consumes from Kafka has none.
func (p *process) findLumberjack(ctx context.Context) error {
	started := func(component string) func([]byte) bool {
		line := []byte(`"component":"` + component + `"`)
		return func(text []byte) bool { return bytes.Contains(text, line) }
	}
	lumberjack, kafka := started("lumberjack"), started("kafka")
	err := p.stderr.await(ctx, func(text []byte) bool { return lumberjack(text) || kafka(text) })
	if err == nil && lumberjack([]byte(p.stderr.String())) {
		p.lumberjack, err = p.address(ctx, "lumberjack")
	}
	return err
}

// address waits until a component tells in the log at which address it listens.
func (p *process) address(ctx context.Context, component string) (string, error) {
	var found string
	err := p.stderr.await(ctx, func(text []byte) bool {
		for line := range bytes.Lines(text) {
			var entry struct{ Component, Address string }
			if json.Unmarshal(line, &entry) == nil && entry.Component == component && entry.Address != "" {
				found = entry.Address
			}
		}
		return found != ""
	})
	if err != nil {
		return "", fmt.Errorf("find the address of %s in the log: %w:\n%s", component, err, p.stderr)
	}
	return found, nil
}

// raced tells whether the race detector complained.
func (p *process) raced() bool { return strings.Contains(p.stderr.String(), "DATA RACE") }

// output is what a process wrote. It is safe for concurrent use.
type output struct {
	mutex   sync.Mutex
	text    []byte
	closed  bool
	changed chan struct{} // closed, and replaced, when there is more
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.text = append(o.text, text...)
	close(o.changed)
	o.changed = make(chan struct{})
	return len(text), nil
}

func (o *output) close() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.closed = true
	close(o.changed)
}

// String returns everything so far.
func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return string(o.text)
}

// errClosed says that the process ended before it wrote what was waited for.
var errClosed = errors.New("the process has ended")

// await returns as soon as a condition holds for the whole of the output, and an error when it can't hold any more.
func (o *output) await(ctx context.Context, condition func(text []byte) bool) error {
	for {
		o.mutex.Lock()
		holds, closed, changed := condition(o.text), o.closed, o.changed
		o.mutex.Unlock()
		if holds {
			return nil
		}
		if closed {
			return errClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// client asks over a connection of its own each time, so that none is left behind.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get returns the status and the body of what a URL answers.
func get(ctx context.Context, url string, header ...string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", fmt.Errorf("make request: %w", err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("get: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", fmt.Errorf("read %s: %w", url, err)
	}
	return response.StatusCode, string(text), nil
}

// soon returns a context for what must not take longer than patience.
func soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// waitFor returns as soon as a condition holds, and fails the test when it does not in time.
func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !eventually(condition) {
		t.Fatalf("waited %s for %s", patience, what)
	}
}

// eventually returns true as soon as a condition holds, and false when it does not in time.
func eventually(condition func() bool) bool {
	deadline := time.After(patience)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-deadline:
			return false
		}
	}
	return true
}

// freeAddress returns an address on loopback on which nothing listens and that the system gives to nobody who asks for
// any port, so that a process can be started on it again and again. Whoever connects to a port from that range while
// nothing listens there may find itself.
func freeAddress(t testing.TB) string {
	t.Helper()
	var listener net.ListenConfig
	first := 12_000 + os.Getpid()%8_000
	for port := first; port < 32_000; port++ {
		address := net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
		bound, err := listener.Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		if err := bound.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no port is free")
	return ""
}
