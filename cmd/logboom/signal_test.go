package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// SIGHUP, as of a log rotation, must not end ingest.
func TestHangupChangesNothing(t *testing.T) {
	folder := t.TempDir()
	writeConfiguration(t, folder)
	p := startProcess(t, folder, nil)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := soon()
	defer cancel()
	if err := p.stderr.await(ctx, func(text []byte) bool { return bytes.Contains(text, []byte("SIGHUP changes nothing")) }); err != nil {
		t.Fatalf("%v: %s", err, p.stderr)
	}
	if status, _, err := get(ctx, "http://"+p.http+"/readyz"); err != nil || status != 200 {
		t.Errorf("status %d, %v", status, err)
	}
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
}

// Alerts on a standard output that nobody reads any more fail, and nothing else does.
func TestStandardOutputThatIsClosed(t *testing.T) {
	folder := t.TempDir()
	writeConfiguration(t, folder)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("logboom", "run")
	command.Dir, command.Stdout = folder, writer
	p := &process{command: command, stdout: newOutput(), stderr: newOutput(), ended: make(chan struct{})}
	command.Stderr = p.stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.err = command.Wait()
		p.stderr.close()
	}()
	t.Cleanup(p.kill)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	_ = reader.Close()
	lines := filepath.Join(folder, "lines.log")
	if err := os.WriteFile(lines, bytes.Repeat([]byte("line\n"), 10), 0o600); err != nil {
		t.Fatal(err)
	}
	send := exec.Command("logboom", "send", "--to", p.lumberjack, lines)
	if text, err := send.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	ctx, cancel := soon()
	defer cancel()
	if err := p.stderr.await(ctx, func(text []byte) bool { return bytes.Contains(text, []byte("broken pipe")) }); err != nil {
		t.Fatalf("%v: %s", err, p.stderr)
	}
	if status, _, err := get(ctx, "http://"+p.http+"/readyz"); err != nil || status != 200 {
		t.Errorf("status %d, %v", status, err)
	}
}

func writeConfiguration(t *testing.T, folder string) {
	t.Helper()
	const text = "inputs: {lumberjack: {listen: '127.0.0.1:0'}}\nhttp: {listen: '127.0.0.1:0'}\nalerts: {stdout: {}}\n" +
		"rules:\n  - {name: five, window: 1s, threshold: 5}\n"
	if err := os.WriteFile(filepath.Join(folder, "logboom.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
