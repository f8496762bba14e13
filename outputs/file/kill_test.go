package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/outputs"
)

var errKilled = errors.New("killed")

// mortal is a file system of a process that is killed at an operation: that one is done not at all, in part or wholly, and
// none behind it.
type mortal struct {
	appendfile.FileSystem

	left int // operations
	part part
}

// part is how much is done of the last operation.
type part int

const (
	nothing part = iota
	half
	all
)

// do does an operation, if the process lives.
func (m *mortal) do(operation func(part part) error) error {
	m.left--
	switch {
	case m.left > 0:
		return operation(all)
	case m.left == 0 && m.part != nothing:
		_ = operation(m.part) // nobody is there to be told
	}
	return errKilled
}

func (m *mortal) OpenFile(name string, flag int, mode fs.FileMode) (handle appendfile.Handle, err error) {
	err = m.do(func(part) error {
		handle, err = m.FileSystem.OpenFile(name, flag, mode)
		return err
	})
	if err != nil {
		if handle != nil {
			_ = handle.Close()
		}
		return nil, err
	}
	return &mortalHandle{handle, m}, nil
}

func (m *mortal) Stat(name string) (fs.FileInfo, error) {
	if m.left <= 0 {
		return nil, errKilled
	}
	return m.FileSystem.Stat(name)
}

func (m *mortal) ReadDir(name string) ([]fs.DirEntry, error) {
	if m.left <= 0 {
		return nil, errKilled
	}
	return m.FileSystem.ReadDir(name)
}

func (m *mortal) Rename(from, to string) error {
	return m.do(func(part) error { return m.FileSystem.Rename(from, to) })
}

func (m *mortal) Remove(name string) error {
	return m.do(func(part) error { return m.FileSystem.Remove(name) })
}

func (m *mortal) SyncFolder(name string) error {
	return m.do(func(part) error { return m.FileSystem.SyncFolder(name) })
}

type mortalHandle struct {
	appendfile.Handle
	system *mortal
}

func (h *mortalHandle) Write(p []byte) (written int, err error) {
	err = h.system.do(func(part part) error {
		if part == half {
			p = p[:len(p)/2]
		}
		written, err = h.Handle.Write(p)
		return err
	})
	return written, err
}

func (h *mortalHandle) Truncate(size int64) error {
	return h.system.do(func(part) error { return h.Handle.Truncate(size) })
}

func (h *mortalHandle) Sync() error {
	return h.system.do(func(part) error { return h.Handle.Sync() })
}

// ledger is what the loop keeps on disk.
type ledger struct {
	cursor int
	state  []byte
}

// numberedEvents is how many events a life writes.
const numberedEvents = 25

// eventOf returns an event whose size is its own.
func eventOf(number int) []byte {
	return fmt.Appendf(nil, `{"number":%d,"padding":"%s"}`, number, strings.Repeat("x", number*37%90))
}

// live runs an output until it was killed, or has written all events. The cursor is stored behind some of the batches only,
// as where a record is larger than a batch.
func live(options Options, l *ledger) error {
	output, err := New(options)
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	output.tidy.inline = true
	if err := output.Restore(l.state); err != nil {
		return err
	}
	if l.state == nil {
		l.state = output.State()
	}
	for next := l.cursor; next < numberedEvents; {
		var batch outputs.Batch
		for range 1 + next%7 {
			if next < numberedEvents {
				batch.Events = append(batch.Events, outputs.Event{Body: eventOf(next)})
				next++
			}
		}
		outcomes, err := output.Write(context.Background(), &batch)
		if err := errors.Join(append(outcomes, err)...); err != nil {
			return err
		}
		if next%3 != 0 || next == numberedEvents {
			l.cursor, l.state = next, output.State()
		}
	}
	return nil
}

// settings of files that are killed.
func killedOptions(path string, system appendfile.FileSystem) []Options {
	return []Options{
		{Path: path, system: system},
		{Path: path, system: system, RotateSize: 400},
		{Path: path, system: system, RotateSize: 400, Gzip: true},
		{Path: path, system: system, RotateSize: 150, Gzip: true},
		{Path: path, system: system, RotateSize: 1},
	}
}

// A process that is killed at any operation, and again at any operation of putting things right, leaves each event once.
func TestKilledAtEveryOperation(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 11
	}
	for variant, options := range killedOptions("", nil) {
		t.Run(fmt.Sprintf("rotated at %d, compressed %t", options.RotateSize, options.Gzip), func(t *testing.T) {
			t.Parallel()
			kills := 0
			for first := 1; first <= operations(t, variant)+1; first += step {
				for _, part := range []part{nothing, half, all} {
					kills += killedThrice(t, variant, first, part)
				}
			}
			t.Logf("killed %d times", kills)
		})
	}
}

// killedThrice has a process killed at an operation, and its next two lives soon after their beginning. It returns how
// often that came to pass.
func killedThrice(t *testing.T, variant, first int, part part) (kills int) {
	folder, err := os.MkdirTemp(t.TempDir(), "")
	must(t, err)
	path := filepath.Join(folder, "events.ndjson")
	soon := first * 7 % 23
	var l ledger
	for _, life := range []*mortal{
		{FileSystem: quick{}, left: first, part: part},
		{FileSystem: quick{}, left: soon, part: part},
		{FileSystem: quick{}, left: soon/2 + 1, part: nothing},
		{FileSystem: quick{}, left: 1 << 30},
	} {
		err := live(killedOptions(path, life)[variant], &l)
		if killed := life.left <= 0; killed != errors.Is(err, errKilled) || !killed && err != nil {
			t.Fatalf("variant %d, killed at %d (%d): %v", variant, first, part, err)
		}
		if err == nil {
			break
		}
		kills++
	}
	expectNumbered(t, path)
	must(t, os.RemoveAll(folder))
	return kills
}

// operations returns how many operations a life takes that nobody ends.
func operations(t *testing.T, variant int) int {
	life := &mortal{FileSystem: quick{}, left: 1 << 30}
	var l ledger
	must(t, live(killedOptions(filepath.Join(t.TempDir(), "events.ndjson"), life)[variant], &l))
	return 1<<30 - life.left
}

// expectNumbered expects each event once, in order.
func expectNumbered(t *testing.T, path string) {
	t.Helper()
	lines := split(readAll(t, path))
	for i, line := range lines {
		if i >= numberedEvents || string(line) != string(eventOf(i)) {
			t.Fatalf("%s: line %d is %q", path, i, line)
		}
	}
	if len(lines) != numberedEvents {
		t.Fatalf("%s: %d of %d events", path, len(lines), numberedEvents)
	}
}

// quick is the disk without fsync: nothing pulls the plug here.
type quick struct{ appendfile.Disk }

func (quick) SyncFolder(string) error { return nil }

func (q quick) OpenFile(name string, flag int, mode fs.FileMode) (appendfile.Handle, error) {
	handle, err := q.Disk.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return quickHandle{handle}, nil
}

type quickHandle struct{ appendfile.Handle }

func (quickHandle) Sync() error { return nil }
