//go:build unix

package file

import (
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/logboom/logboom/sinks/sinktest"
)

// withFileLimit runs f while no file may grow beyond so many bytes: a write is taken in part and fails then, as on a
// disk that is full.
func withFileLimit(t *testing.T, bytes int, f func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	limited := before
	limited.Cur = uint64(bytes)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited))
	defer func() { must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }()
	f()
}

func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.ndjson")
	sink := restored(t, path, nil)
	deliver(t, sink, 1, 2)
	state := string(sink.State())
	withFileLimit(t, len(documents(1, 3))+100, func() {
		if _, err := sink.Deliver(t.Context(), sinktest.Transitions(3, 3)); err == nil {
			t.Error("Deliver to a full disk succeeded")
		}
	})
	expect(t, path, documents(1, 2))
	if string(sink.State()) != state {
		t.Errorf("the state went on to %s", sink.State())
	}
	deliver(t, sink, 3, 3)
	expect(t, path, documents(1, 5))
}
