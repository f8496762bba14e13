package file

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/outputtest"
)

func TestFileConforms(t *testing.T) {
	for name, options := range map[string]Options{
		"one file": {}, "rotated": {RotateSize: 20_000}, "rotated and compressed": {RotateSize: 50_000, Gzip: true},
		"rotated often": {RotateSize: 4000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outputtest.Run(t, func(t *testing.T) outputtest.Fixture {
				options := options
				options.Path = filepath.Join(t.TempDir(), "events.ndjson")
				breakable := &breakable{}
				options.system = breakable
				return outputtest.Fixture{
					Open:     func(t *testing.T) outputs.Output { return newOutput(t, options) },
					Received: func(t *testing.T) [][]byte { return split(readAll(t, options.Path)) },
					Fail:     func(*testing.T) { breakable.set(errors.New("disk on fire"), 0) },
					Mend:     func(*testing.T) { breakable.set(nil, 0) },
					Stumble:  func(*testing.T) { breakable.set(errors.New("no space left on device"), 3) },
					Ordered:  true,
				}
			})
		})
	}
}

// breakable is the disk, whose writes and truncations fail: all, or of each few one.
type breakable struct {
	appendfile.Disk
	mutex sync.Mutex
	err   error
	every int
	calls int
}

func (b *breakable) set(err error, every int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.err, b.every = err, every
}

func (b *breakable) fails() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.calls++
	if b.every > 0 && b.calls%b.every != 0 {
		return nil
	}
	return b.err
}

func (b *breakable) OpenFile(name string, flag int, mode os.FileMode) (appendfile.Handle, error) {
	handle, err := b.Disk.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return &breakableHandle{handle, b}, nil
}

func (b *breakable) Rename(from, to string) error {
	if err := b.fails(); err != nil {
		return err
	}
	return b.Disk.Rename(from, to)
}

type breakableHandle struct {
	appendfile.Handle
	disk *breakable
}

func (h *breakableHandle) Write(p []byte) (int, error) {
	if err := h.disk.fails(); err != nil {
		written, _ := h.Handle.Write(p[:len(p)/2])
		return written, err
	}
	return h.Handle.Write(p)
}

func (h *breakableHandle) Truncate(size int64) error {
	if err := h.disk.fails(); err != nil {
		return err
	}
	return h.Handle.Truncate(size)
}

func (h *breakableHandle) Sync() error {
	if err := h.disk.fails(); err != nil {
		return err
	}
	return h.Handle.Sync()
}

func newOutput(t *testing.T, options Options) *Output {
	t.Helper()
	options.Logger = zerolog.New(zerolog.NewTestWriter(t))
	output, err := New(options)
	must(t, err)
	return output
}

// readAll returns what is in all files of a path, the oldest first.
func readAll(t *testing.T, path string) []byte {
	t.Helper()
	list, err := listAside(appendfile.Disk{}, path)
	must(t, err)
	var content []byte
	for i, a := range list {
		if a.ending == beingCompressed || i > 0 && list[i-1].number == a.number {
			continue // the bare one is there too
		}
		content = append(content, read(t, a.name(path))...)
	}
	return append(content, read(t, path)...)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	must(t, err)
	if filepath.Ext(path) != compressed {
		return content
	}
	reader, err := gzip.NewReader(bytes.NewReader(content))
	must(t, err)
	content, err = io.ReadAll(reader)
	must(t, err)
	return content
}

func split(content []byte) [][]byte {
	if len(content) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(content, []byte{'\n'}), []byte{'\n'})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
