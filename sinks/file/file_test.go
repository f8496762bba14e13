package file

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
)

func TestFileConforms(t *testing.T) {
	sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
		path := filepath.Join(t.TempDir(), "alerts.ndjson")
		return sinktest.Fixture{
			Open:     func(t *testing.T) sinks.Sink { return newSink(t, path) },
			Received: func(t *testing.T) [][]byte { return split(read(t, path)) },
			Expected: sinks.Document,
			// A folder in its place is what nobody can append to, not even root.
			Fail:        func(t *testing.T) { must(t, os.Mkdir(path, 0o700)) },
			Mend:        func(t *testing.T) { must(t, os.Remove(path)) },
			ExactlyOnce: true,
		}
	})
}

// output is a writer that can fail.
type output struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
	broken bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.broken {
		return 0, errors.New("broken pipe")
	}
	return o.buffer.Write(p)
}

func (o *output) set(broken bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.broken = broken
}

func (o *output) lines() [][]byte {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return split(bytes.Clone(o.buffer.Bytes()))
}

func TestWriterConforms(t *testing.T) {
	sinktest.Run(t, func(*testing.T) sinktest.Fixture {
		var out output
		return sinktest.Fixture{
			Open:     func(*testing.T) sinks.Sink { return NewWriter(&out) },
			Received: func(*testing.T) [][]byte { return out.lines() },
			Expected: sinks.Document,
			Fail:     func(*testing.T) { out.set(true) },
			Mend:     func(*testing.T) { out.set(false) },
		}
	})
}

// short writes so many bytes and fails then.
type short struct {
	bytes.Buffer
	room int
}

func (s *short) Write(p []byte) (int, error) {
	if len(p) <= s.room {
		s.room -= len(p)
		return s.Buffer.Write(p)
	}
	written, _ := s.Buffer.Write(p[:s.room])
	s.room = 0
	return written, errors.New("no space left on device")
}

func TestWriterBeginsANewLineBehindATornOne(t *testing.T) {
	first, second := sinks.Document(sinktest.Transition(1)), sinks.Document(sinktest.Transition(2))
	out := &short{room: len(first) + 1 + 10}
	writer := NewWriter(out)
	outcomes, err := writer.Deliver(t.Context(), sinktest.Transitions(1, 3))
	if err != nil || outcomes[0] != nil || outcomes[1] == nil || !errors.Is(outcomes[2], sinks.ErrNotTried) {
		t.Fatalf("got %v, %v", outcomes, err)
	}
	out.room = 1 << 20
	if outcomes, err = writer.Deliver(t.Context(), sinktest.Transitions(2, 1)); err != nil || outcomes[0] != nil {
		t.Fatalf("got %v, %v", outcomes, err)
	}
	want := string(first) + "\n" + string(second[:10]) + "\n" + string(second) + "\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func newSink(t *testing.T, path string) *Sink {
	t.Helper()
	sink, err := New(path, zerolog.New(zerolog.NewTestWriter(t)))
	must(t, err)
	t.Cleanup(func() { sink.Close() })
	return sink
}

// restored returns a sink that has taken back state.
func restored(t *testing.T, path string, state []byte) *Sink {
	t.Helper()
	sink := newSink(t, path)
	must(t, sink.Restore(state))
	return sink
}

func deliver(t *testing.T, sink *Sink, first uint64, count int) {
	t.Helper()
	outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(first, count))
	must(t, errors.Join(append(outcomes, err)...))
}

// documents returns the lines of count transitions from first.
func documents(first uint64, count int) string {
	return string(lines(sinktest.Transitions(first, count)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) && !strings.Contains(err.Error(), "is a directory") {
		t.Fatal(err)
	}
	return content
}

func split(content []byte) [][]byte {
	if len(content) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(content, []byte{'\n'}), []byte{'\n'})
}

func expect(t *testing.T, path, want string) {
	t.Helper()
	if got := string(read(t, path)); got != want {
		t.Errorf("%s holds\n%swant\n%s", path, got, want)
	}
}

func TestWhatACrashLeftIsCutOff(t *testing.T) {
	for name, left := range map[string]string{
		"a whole line":   documents(3, 1),
		"two lines":      documents(3, 2),
		"a torn line":    documents(3, 2)[:len(documents(3, 1))+40],
		"a torn start":   `{"@time`,
		"a single brace": "{",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "alerts.ndjson")
			sink := restored(t, path, nil)
			deliver(t, sink, 1, 2)
			state := sink.State()
			appendTo(t, path, left)
			deliver(t, restored(t, path, state), 3, 2)
			expect(t, path, documents(1, 4))
		})
	}
}

func TestWhatIsNotOursIsNotCut(t *testing.T) {
	for name, left := range map[string]string{
		"a line of somebody else":    "hello\n",
		"a line of theirs in front":  "hello\n" + documents(3, 1),
		"a line of theirs behind":    documents(3, 1) + "{\"@timestamp\":1}\n",
		"a long line of theirs":      strings.Repeat("x", 100_000) + "\n",
		"an empty line":              "\n",
		"ours, and theirs cut short": documents(3, 1) + "hel",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "alerts.ndjson")
			sink := restored(t, path, nil)
			deliver(t, sink, 1, 2)
			state := sink.State()
			appendTo(t, path, left)
			deliver(t, restored(t, path, state), 3, 1)
			if !strings.HasSuffix(left, "\n") {
				left += "\n"
			}
			expect(t, path, documents(1, 2)+left+documents(3, 1))
		})
	}
}

func TestNothingIsCutWhereNothingIsStored(t *testing.T) {
	for name, state := range map[string][]byte{
		"nil": nil, "empty": {}, "no JSON": []byte("12"), "no end": []byte(`{"length":0}`),
		"negative": []byte(`{"length":-1,"end":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "alerts.ndjson")
			appendTo(t, path, documents(1, 2)+"torn")
			deliver(t, restored(t, path, state), 3, 1)
			expect(t, path, documents(1, 2)+"torn\n"+documents(3, 1))
		})
	}
}

func TestStateOfAnotherFileCutsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.ndjson")
	sink := restored(t, path, nil)
	deliver(t, sink, 1, 1)
	state := sink.State()
	must(t, os.Rename(path, path+".1")) // rotated while logboom was down
	appendTo(t, path, documents(5, 3))
	deliver(t, restored(t, path, state), 8, 1)
	expect(t, path, documents(5, 4))
	expect(t, path+".1", documents(1, 1))
}

func TestShorterFileIsNotCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.ndjson")
	sink := restored(t, path, nil)
	deliver(t, sink, 1, 3)
	state := sink.State()
	must(t, os.Truncate(path, int64(len(documents(1, 1)))))
	deliver(t, restored(t, path, state), 4, 1)
	expect(t, path, documents(1, 1)+documents(4, 1))
}

func TestRotation(t *testing.T) {
	for name, rotate := range map[string]func(path string) error{
		"renamed": func(path string) error { return os.Rename(path, path+".1") },
		"removed": os.Remove,
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"renamed and made new": func(path string) error {
			return errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "alerts.ndjson")
			sink := restored(t, path, nil)
			deliver(t, sink, 1, 2)
			must(t, rotate(path))
			deliver(t, sink, 3, 2)
			expect(t, path, documents(3, 2))
			// The state is of the new file: what is written behind it by a crash is cut off.
			state := sink.State()
			appendTo(t, path, documents(5, 1))
			deliver(t, restored(t, path, state), 5, 1)
			expect(t, path, documents(3, 3))
		})
	}
}

func TestDeviceIsWrittenToAndNothingElse(t *testing.T) {
	sink := restored(t, os.DevNull, []byte(`{"length":0,"end":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`))
	deliver(t, sink, 1, 2)
}

func TestNewNeedsAPath(t *testing.T) {
	if _, err := New("", zerolog.Nop()); err == nil {
		t.Error("New without a path succeeded")
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = file.WriteString(text)
	must(t, errors.Join(err, file.Close()))
}

// FuzzRestore: no state, stored by whatever version or damaged, costs a line that was there.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"length":5,"end":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`), "hello\nyou\n")
	f.Add([]byte(`{"length":0,"end":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`), documents(1, 2))
	f.Add([]byte(`{"length":9223372036854775807}`), "")
	path := filepath.Join(f.TempDir(), "alerts.ndjson")
	f.Fuzz(func(t *testing.T, state []byte, content string) {
		must(t, os.WriteFile(path, []byte(content), 0o600))
		sink, err := New(path, zerolog.Nop())
		must(t, err)
		defer sink.Close()
		must(t, sink.Restore(state))
		after := string(read(t, path))
		if stored, found := appendfile.ParsePlace(state); len(after) < len(content) && (!found || int64(len(after)) != stored.Length) {
			t.Errorf("%q was cut to %q by %q", content, after, state)
		}
		if !strings.HasPrefix(content, after) {
			t.Errorf("%q became %q", content, after)
		}
	})
}

// A data folder that is put back from an older copy knows of fewer alerts than the file has.
func TestNothingIsCutOffThatWillNotComeAgain(t *testing.T) {
	for again, kept := range map[int]int{0: 8, 4: 8, 5: 3} {
		path := filepath.Join(t.TempDir(), "alerts.ndjson")
		first := restored(t, path, nil)
		deliver(t, first, 1, 3)
		copied := first.State()
		deliver(t, first, 4, 5)
		must(t, first.Close())
		second := newSink(t, path)
		second.WillComeAgain(func() int { return again })
		must(t, second.Restore(copied))
		expect(t, path, documents(1, kept))
	}
}
