//go:build unix

package file

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
)

func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.pipe")
	must(t, syscall.Mkfifo(path, 0o600))
	if err := newSink(t, path).Restore(nil); err == nil {
		t.Error("opening a pipe that nobody reads succeeded")
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	must(t, err)
	defer reader.Close()
	sink := restored(t, path, nil)
	deliver(t, sink, 1, 1)
	line, err := bufio.NewReader(reader).ReadString('\n')
	must(t, err)
	if want := string(sinks.Document(sinktest.Transition(1))); strings.TrimSuffix(line, "\n") != want {
		t.Errorf("got %s", line)
	}
}
