package appendfile

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// faulty is the disk, of whose files some operations fail.
type faulty struct {
	Disk

	write, sync, truncate, folder bool
	uncached                      []int64
}

var errFault = errors.New("input/output error")

func (f *faulty) OpenFile(name string, flag int, mode fs.FileMode) (Handle, error) {
	handle, err := f.Disk.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return &faultyHandle{handle, f}, nil
}

func (f *faulty) SyncFolder(name string) error {
	if f.folder {
		return errFault
	}
	return f.Disk.SyncFolder(name)
}

type faultyHandle struct {
	Handle
	disk *faulty
}

func (h *faultyHandle) Write(p []byte) (int, error) {
	if h.disk.write {
		written, _ := h.Handle.Write(p[:len(p)/2])
		return written, errFault
	}
	return h.Handle.Write(p)
}

func (h *faultyHandle) Uncache(upTo int64) {
	h.disk.uncached = append(h.disk.uncached, upTo)
	h.Handle.Uncache(upTo)
}

func (h *faultyHandle) Sync() error {
	if h.disk.sync {
		return errFault
	}
	return h.Handle.Sync()
}

func (h *faultyHandle) Truncate(size int64) error {
	if h.disk.truncate {
		return errFault
	}
	return h.Handle.Truncate(size)
}

// opened returns a File on a disk with a first line in it.
func opened(t *testing.T, disk FileSystem) (*File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.ndjson")
	file := New(Options{Path: path, FileSystem: disk, Ours: LinesThatBegin("{"), Logger: zerolog.Nop()})
	t.Cleanup(func() { file.Close() })
	must(t, file.Restore(Place{}, nil))
	must(t, put(t, file, "{1}\n"))
	return file, path
}

// put appends one piece as the users do.
func put(t *testing.T, file *File, lines ...string) error {
	t.Helper()
	if _, err := file.Current(); err != nil {
		return err
	}
	return file.Append(t.Context(), pieces(lines...))
}

func pieces(lines ...string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, line := range lines {
			if !yield([]byte(line)) {
				return
			}
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, path, want string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || string(content) != want {
		t.Errorf("the file holds %q, %v, want %q", content, err, want)
	}
}

func TestFailedAppendLeavesTheFileAsItWas(t *testing.T) {
	for name, fault := range map[string]faulty{"write": {write: true}, "sync": {sync: true}} {
		t.Run(name, func(t *testing.T) {
			disk := &faulty{}
			file, path := opened(t, disk)
			before := file.Accounted()
			disk.write, disk.sync = fault.write, fault.sync
			if err := put(t, file, "{2}\n", "{3}\n"); !errors.Is(err, errFault) {
				t.Fatalf("got %v", err)
			}
			expect(t, path, "{1}\n")
			if after := file.Accounted(); after.Length != before.Length || !bytes.Equal(after.End, before.End) {
				t.Errorf("accounted went on from %+v to %+v", before, after)
			}
			disk.write, disk.sync = false, false
			must(t, put(t, file, "{2}\n", "{3}\n"))
			expect(t, path, "{1}\n{2}\n{3}\n")
		})
	}
}

// What cannot be undone at once is undone later, before anything else, and before the file's size is asked for.
func TestFailedAppendIsUndoneLater(t *testing.T) {
	disk := &faulty{write: false}
	file, path := opened(t, disk)
	disk.write, disk.truncate = true, true
	if err := put(t, file, "{2}\n"); !errors.Is(err, errFault) {
		t.Fatalf("got %v", err)
	}
	expect(t, path, "{1}\n{2")
	if _, err := file.Current(); !errors.Is(err, errFault) {
		t.Errorf("while it cannot be undone: %v", err)
	}
	disk.write, disk.truncate = false, false
	_, err := file.Current()
	must(t, err)
	if size, err := file.Size(); err != nil || size != 4 {
		t.Errorf("%d bytes, %v", size, err)
	}
	must(t, put(t, file, "{2}\n"))
	expect(t, path, "{1}\n{2}\n")
}

// A file whose name may not last yet is not written to.
func TestNameIsMadeToLastFirst(t *testing.T) {
	disk := &faulty{}
	file, path := opened(t, disk)
	must(t, os.Rename(path, path+".1"))
	disk.folder = true
	for range 2 {
		if err := put(t, file, "{2}\n"); !errors.Is(err, errFault) {
			t.Errorf("got %v", err)
		}
	}
	expect(t, path, "")
	disk.folder = false
	must(t, put(t, file, "{2}\n"))
	expect(t, path, "{2}\n")
}

func TestTornLineOfOthersIsEnded(t *testing.T) {
	file, path := opened(t, Disk{})
	other, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = other.WriteString("hello")
	must(t, errors.Join(err, other.Close()))
	must(t, put(t, file, "{2}\n"))
	expect(t, path, "{1}\nhello\n{2}\n")
}

func TestLinesThatBegin(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "{": true, `{"a`: true, `{"ab`: true, `{"abc`: true, "{\"abc\n": true, "{\"abc}\n{\"abx\n": true, "{\"abc\n{": true,
		"\n": false, "x": false, `{"x`: false, "{\n": false, "{\"abc\nx": false, "{\"abc\n\n": false, "x\n{\"abc\n": false,
		"\x00": true, "{\x00\x00": true, "{\"abc\x00\n\x00\x00\n{\"ab": true, "\x00\x00\nx\n": false, "x\x00": false,
		"{\"ab" + strings.Repeat("c", 100_000) + "\n{\"ab": true, strings.Repeat("c", 100_000) + "\n": false,
	} {
		got, err := LinesThatBegin(`{"ab`)(strings.NewReader(text))
		if err != nil || got != want {
			t.Errorf("%.20q: %t, %v", text, got, err)
		}
	}
}

// short writes so many bytes and fails then.
type short struct {
	bytes.Buffer
	room int
}

func (s *short) Write(p []byte) (int, error) {
	taken := min(len(p), s.room)
	s.room -= taken
	_, _ = s.Buffer.Write(p[:taken])
	if taken < len(p) {
		return taken, errFault
	}
	return taken, nil
}

func TestLinesBeginANewOneBehindATornOne(t *testing.T) {
	for room, want := range map[int]string{0: "{2}\n", 2: "{1\n{2}\n", 3: "{1}\n{2}\n"} {
		out := &short{room: room}
		lines := NewLines(out)
		if written, err := lines.Write([]byte("{1}\n")); written != room || err == nil {
			t.Fatalf("%d bytes, %v", written, err)
		}
		if room > 0 { // nothing is lost where not even the newline can be written
			if written, err := lines.Write([]byte("{2}\n")); written != 0 || err == nil {
				t.Fatalf("%d bytes, %v", written, err)
			}
		}
		out.room = 100
		if _, err := lines.Write([]byte("{2}\n")); err != nil || out.String() != want {
			t.Errorf("room for %d: %q, %v", room, out.String(), err)
		}
	}
}

func TestPlaces(t *testing.T) {
	text := []byte(strings.Repeat("0123456789", 1000))
	file := bytes.NewReader(text)
	for _, length := range []int64{0, 1, 4095, 4096, 4097, 10_000} {
		place, err := PlaceAt(file, length)
		must(t, err)
		parsed, found := ParsePlace(place.Bytes())
		if !found || !parsed.IsIn(file, 10_000) || parsed.IsIn(file, length-1) {
			t.Errorf("%d: %t, %+v", length, found, parsed)
		}
		if length > 0 {
			other := slices.Clone(text)
			other[length-1] ^= 1
			if parsed.IsIn(bytes.NewReader(other), 10_000) {
				t.Errorf("%d: a file that differs before it has it", length)
			}
		}
	}
	if !Start().IsIn(file, 10_000) || (Place{}).IsIn(file, 10_000) || (Place{}).IsSet() {
		t.Error("the start is in every file, and no place in none")
	}
}

// A device has no place, and is written to.
func TestDevice(t *testing.T) {
	file := New(Options{Path: os.DevNull, Ours: LinesThatBegin("{")})
	defer file.Close()
	must(t, file.Restore(Start(), nil))
	must(t, put(t, file, "{1}\n"))
	if file.Accounted().IsSet() || file.Regular() {
		t.Errorf("%+v", file.Accounted())
	}
}

// ended returns a context that has a deadline soon.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// TestOldLinesLeaveMemory: what was written long ago need not stay in the page cache, and is there all the same.
func TestOldLinesLeaveMemory(t *testing.T) {
	disk := &faulty{}
	path := filepath.Join(t.TempDir(), "lines")
	file := New(Options{Path: path, FileSystem: disk, Ours: LinesThatBegin("{"), Logger: zerolog.Nop()})
	if err := file.Restore(Place{}, nil); err != nil {
		t.Fatal(err)
	}
	line := append(bytes.Repeat([]byte("x"), cached/4-1), '\n')
	for range 14 {
		if err := file.Append(t.Context(), slices.Values([][]byte{line})); err != nil {
			t.Fatal(err)
		}
	}
	if want := []int64{cached, 2 * cached}; !slices.Equal(disk.uncached, want) {
		t.Errorf("uncached up to %d, want %d", disk.uncached, want)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(written, bytes.Repeat(line, 14)) {
		t.Errorf("%d bytes were written, %v; want %d", len(written), err, 14*len(line))
	}
}
