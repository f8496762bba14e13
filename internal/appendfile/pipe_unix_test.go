//go:build unix

package appendfile

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody reads from blocks no longer than the context lasts, and goes on with a line of its own.
func TestPipeThatIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(path, 0o600))
	file := New(Options{Path: path, Ours: LinesThatBegin("{")})
	defer file.Close()
	if err := file.Restore(Place{}, nil); err == nil {
		t.Error("opening a pipe that nobody reads succeeded")
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	must(t, err)
	defer reader.Close()
	_, err = file.Current()
	must(t, err)
	long := "{" + strings.Repeat("x", 1<<20) + "}\n"
	if err := file.Append(ended(t), pieces(long)); err == nil {
		t.Fatal("a megabyte went into a pipe")
	}
	_, err = file.Current() // or the reader would come to an end, for nobody writes
	must(t, err)
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewReader(reader); ; {
			line, err := scanner.ReadString('\n')
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	put := make(chan error, 1)
	go func() { put <- file.Append(t.Context(), pieces("{2}\n")) }()
	if torn := <-lines; len(torn) >= len(long) || torn[0] != '{' {
		t.Errorf("a torn line of %d bytes", len(torn))
	}
	if line := <-lines; line != "{2}\n" {
		t.Errorf("got %q", line)
	}
	must(t, <-put)
	must(t, file.Close())
	if _, more := <-lines; more {
		t.Error("something came behind it")
	}
}
