//go:build unix

package deadletter

import (
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk: a write is taken in part and fails then. Half a line must not be left in front of the next one.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	write(t, store, Letter{ID: "1"})
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limited := before
	limited.Cur = uint64(store.Stats().Size) + 30
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		t.Fatal(err)
	}
	err := store.Write(t.Context(), Letter{ID: "2"})
	if restoreErr := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); restoreErr != nil {
		t.Fatal(restoreErr)
	}
	if err == nil {
		t.Error("Write to a full disk succeeded")
	}
	write(t, store, Letter{ID: "3"})
	lines := contents(t, folder)
	if len(lines) != 2 || !strings.Contains(lines[0], `"id":"1"`) || !strings.Contains(lines[1], `"id":"3"`) {
		t.Errorf("got %q", lines)
	}
}
