package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/outputtest"
)

// restored returns an output that has taken back a state.
func restored(t *testing.T, options Options, state []byte) *Output {
	t.Helper()
	output := newOutput(t, options)
	output.tidy.inline = true
	t.Cleanup(func() { output.Close() })
	must(t, output.Restore(state))
	return output
}

// lines returns the lines of the events from first on.
func lines(first, count int) string {
	var text strings.Builder
	for i := range count {
		text.Write(append(eventOf(first+i), '\n'))
	}
	return text.String()
}

// put writes the events from first on.
func put(t *testing.T, output *Output, first, count int) {
	t.Helper()
	must(t, errors.Join(outcomesOf(t, output, first, count)...))
}

func outcomesOf(t *testing.T, output *Output, first, count int) []error {
	t.Helper()
	var batch outputs.Batch
	for i := range count {
		batch.Events = append(batch.Events, outputs.Event{Body: eventOf(first + i)})
	}
	outcomes, err := output.Write(t.Context(), &batch)
	must(t, err)
	return outcomes
}

func expect(t *testing.T, path, want string) {
	t.Helper()
	if got := string(read(t, path)); got != want {
		t.Errorf("%s holds\n%swant\n%s", path, got, want)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = file.WriteString(text)
	must(t, errors.Join(err, file.Close()))
}

// names returns the names in a path's folder.
func names(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func pathOf(t *testing.T) string { return filepath.Join(t.TempDir(), "events.ndjson") }

func TestRotation(t *testing.T) {
	path := pathOf(t)
	size := int64(len(lines(0, 3)))
	output := restored(t, Options{Path: path, RotateSize: size}, nil)
	put(t, output, 0, 3) // as large as it may be
	expect(t, path, lines(0, 3))
	put(t, output, 3, 1)
	expect(t, asideName(path, 1), lines(0, 3))
	expect(t, path, lines(3, 1))
	put(t, output, 4, 20)
	if got := string(readAll(t, path)); got != lines(0, 24) {
		t.Errorf("got %s", got)
	}
	for _, name := range names(t, path) {
		info, err := os.Stat(filepath.Join(filepath.Dir(path), name))
		must(t, err)
		if info.Size() > size || info.Size() == 0 {
			t.Errorf("%s has %d bytes, of at most %d", name, info.Size(), size)
		}
	}
}

// An event that is larger than a file may be has one of its own.
func TestRotationOfALargeEvent(t *testing.T) {
	path := pathOf(t)
	output := restored(t, Options{Path: path, RotateSize: 200}, nil)
	large := outputs.Event{Body: []byte(`{"large":"` + strings.Repeat("x", 1<<20) + `"}`)}
	outcomes, err := output.Write(t.Context(), &outputs.Batch{Events: []outputs.Event{{Body: eventOf(0)}, large, {Body: eventOf(1)}}})
	must(t, errors.Join(append(outcomes, err)...))
	expect(t, asideName(path, 1), lines(0, 1))
	expect(t, asideName(path, 2), string(large.Body)+"\n")
	expect(t, path, lines(1, 1))
}

func TestKeepAndGzip(t *testing.T) {
	path := pathOf(t)
	output := restored(t, Options{Path: path, RotateSize: 1, Keep: 3, Gzip: true}, nil)
	for i := range 10 {
		put(t, output, i, 1)
		output.State()
	}
	put(t, output, 10, 1)
	want := []string{
		"events.ndjson", "events.ndjson.000007.gz", "events.ndjson.000008.gz", "events.ndjson.000009.gz", "events.ndjson.000010",
	}
	if got := names(t, path); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := string(readAll(t, path)); got != lines(6, 5) {
		t.Errorf("got %s", got)
	}
}

// Nothing is compressed or removed that the stored state may need.
func TestTidyingWaitsForTheState(t *testing.T) {
	path := pathOf(t)
	output := restored(t, Options{Path: path, RotateSize: 1, Keep: 1, Gzip: true}, nil)
	output.State()
	for i := range 5 {
		put(t, output, i, 1)
	}
	if got := names(t, path); len(got) != 5 || strings.Contains(fmt.Sprint(got), compressed) {
		t.Errorf("got %v", got)
	}
	output.State()
	put(t, output, 5, 0)
	if got, want := names(t, path), []string{"events.ndjson", "events.ndjson.000004.gz"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The background does what the tests above had done before Write returned.
func TestTidyingInTheBackground(t *testing.T) {
	path := pathOf(t)
	output := newOutput(t, Options{Path: path, RotateSize: 1, Keep: 2, Gzip: true})
	must(t, output.Restore(nil))
	for i := range 10 {
		put(t, output, i, 1)
		output.State()
	}
	put(t, output, 10, 0)
	want := []string{"events.ndjson", "events.ndjson.000008.gz", "events.ndjson.000009.gz"}
	outputtest.WaitFor(t, func() bool { return slices.Equal(names(t, path), want) })
	if notice := output.Notice(); notice != "" {
		t.Errorf("the notice is %q", notice)
	}
	must(t, output.Close())
}

// What a crash left of compressing is done again, or cleared away.
func TestLeftOfCompressing(t *testing.T) {
	path := pathOf(t)
	output := restored(t, Options{Path: path, RotateSize: 1}, nil)
	put(t, output, 0, 5)
	state := output.State()
	must(t, output.Close())
	must(t, os.WriteFile(asideName(path, 1)+beingCompressed, []byte("torn"), 0o600))
	must(t, newOutput(t, Options{Path: path, system: appendfile.Disk{}}).tidy.squeeze(asideName(path, 2)))
	must(t, newOutput(t, Options{Path: path, system: appendfile.Disk{}}).tidy.squeeze(asideName(path, 3)))
	must(t, os.Remove(asideName(path, 3)))
	must(t, os.WriteFile(asideName(path, 3)+beingCompressed, []byte("torn"), 0o600))
	restored(t, Options{Path: path, Gzip: true}, state)
	want := []string{
		"events.ndjson", "events.ndjson.000001.gz", "events.ndjson.000002.gz", "events.ndjson.000003.gz", "events.ndjson.000004.gz",
	}
	if got := names(t, path); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := string(readAll(t, path)); got != lines(0, 5) {
		t.Errorf("got %s", got)
	}
}

func TestTroubleWithTidyingIsTold(t *testing.T) {
	path := pathOf(t)
	output := restored(t, Options{Path: path, RotateSize: 1, Gzip: true}, nil)
	put(t, output, 0, 2)
	must(t, os.Mkdir(asideName(path, 1)+beingCompressed, 0o700))
	output.State()
	put(t, output, 2, 0)
	if notice := output.Notice(); !strings.Contains(notice, "compress") {
		t.Errorf("the notice is %q", notice)
	}
	expect(t, asideName(path, 1), lines(0, 1))
}

// logrotate's ways leave no event out.
func TestOthersRotate(t *testing.T) {
	for name, rotate := range map[string]func(path string) error{
		"renamed": func(path string) error { return os.Rename(path, path+".1") },
		"removed": os.Remove,
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"renamed and made new": func(path string) error {
			return errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := pathOf(t)
			output := restored(t, Options{Path: path, RotateSize: 10_000}, nil)
			put(t, output, 0, 2)
			output.State()
			must(t, rotate(path))
			put(t, output, 2, 2)
			expect(t, path, lines(2, 2))
			if strings.HasPrefix(name, "renamed") {
				expect(t, path+".1", lines(0, 2))
			}
			// The state is of the new file: what a crash left behind it is cut off.
			state := output.State()
			appendTo(t, path, lines(4, 1)+"{torn")
			put(t, restored(t, Options{Path: path}, state), 4, 1)
			expect(t, path, lines(2, 3))
		})
	}
}

// What somebody else wrote, or put in a place where ours would be, is never taken away.
func TestWhatIsNotOursStays(t *testing.T) {
	t.Run("a line behind ours", func(t *testing.T) {
		path := pathOf(t)
		output := restored(t, Options{Path: path}, nil)
		put(t, output, 0, 1)
		state := output.State()
		appendTo(t, path, "hello\n")
		put(t, restored(t, Options{Path: path}, state), 1, 1)
		expect(t, path, lines(0, 1)+"hello\n"+lines(1, 1))
	})
	t.Run("a line in a file that was set aside", func(t *testing.T) {
		path := pathOf(t)
		output := restored(t, Options{Path: path, RotateSize: 1}, nil)
		put(t, output, 0, 1)
		state := output.State()
		put(t, output, 1, 2)
		appendTo(t, asideName(path, 2), "hello\n")
		put(t, restored(t, Options{Path: path, RotateSize: 1}, state), 1, 2)
		if got, want := string(readAll(t, path)), lines(0, 2)+"hello\n"+lines(2, 1)+lines(1, 2); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
	t.Run("a file of the next name", func(t *testing.T) {
		for _, ending := range []string{"", compressed} {
			path := pathOf(t)
			output := restored(t, Options{Path: path, RotateSize: 1, Gzip: true}, nil)
			put(t, output, 0, 1)
			state := output.State()
			must(t, os.WriteFile(asideName(path, 1)+ending, []byte("theirs\n"), 0o600))
			put(t, output, 1, 1)
			put(t, restored(t, Options{Path: path, RotateSize: 1, Gzip: ending == ""}, state), 1, 1)
			if content, err := os.ReadFile(asideName(path, 1) + ending); err != nil && ending != "" || ending != "" && string(content) != "theirs\n" {
				t.Errorf("theirs became %q, %v", content, err)
			}
			expect(t, asideName(path, 2), lines(0, 1))
			expect(t, path, lines(1, 1))
		}
	})
	t.Run("nothing is stored", func(t *testing.T) {
		for _, state := range []string{"", "{}", `{"file":0}`, `{"file":1,"length":0}`, `{"file":1,"length":-1,"end":""}`, "x"} {
			path := pathOf(t)
			appendTo(t, path, lines(0, 2)+`{"torn`)
			appendTo(t, asideName(path, 7), lines(0, 1))
			put(t, restored(t, Options{Path: path, RotateSize: 1}, []byte(state)), 2, 1)
			expect(t, asideName(path, 7), lines(0, 1))
			expect(t, asideName(path, 8), lines(0, 2)+`{"torn`)
			expect(t, path, lines(2, 1))
		}
	})
}

// A write that fails in the middle leaves what is before it, and says which that is.
func TestFailureBetweenTwoFiles(t *testing.T) {
	path := pathOf(t)
	disk := &breakable{}
	output := restored(t, Options{Path: path, RotateSize: 1, system: disk}, nil)
	must(t, os.MkdirAll(asideName(path, 3), 0o700)) // taken: the number goes on
	put(t, output, 0, 2)
	disk.set(errors.New("no space left on device"), 5)
	outcomes := outcomesOf(t, output, 2, 10)
	disk.set(nil, 0)
	done := slices.IndexFunc(outcomes, func(err error) bool { return err != nil })
	if done < 0 {
		t.Fatal("nothing failed")
	}
	for _, outcome := range outcomes[done:] {
		if outcome == nil {
			t.Error("an event behind the failure is done")
		}
	}
	put(t, output, 2+done, 10-done)
	must(t, os.Remove(asideName(path, 3)))
	if got := string(readAll(t, path)); got != lines(0, 12) {
		t.Errorf("got\n%s", got)
	}
}

func TestContextThatHasEnded(t *testing.T) {
	path := pathOf(t)
	output := restored(t, Options{Path: path}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	outcomes, err := output.Write(ctx, &outputs.Batch{Events: []outputs.Event{{Body: eventOf(0)}}})
	if err == nil && outcomes[0] == nil {
		t.Error("written")
	}
	expect(t, path, "")
}

func TestNewNamesEveryMistake(t *testing.T) {
	_, err := New(Options{RotateSize: -1, Keep: -1})
	for _, want := range []string{"path: ", "rotate_size: ", "keep: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

func TestCheck(t *testing.T) {
	path := pathOf(t)
	must(t, newOutput(t, Options{Path: path}).Check(t.Context()))
	if got := names(t, path); len(got) != 0 {
		t.Errorf("Check left %v", got)
	}
	appendTo(t, path, lines(0, 1))
	must(t, newOutput(t, Options{Path: path}).Check(t.Context()))
	expect(t, path, lines(0, 1))
	for _, wrong := range []string{filepath.Dir(path), filepath.Join(path, "below"), "/nowhere/events.ndjson"} {
		if err := newOutput(t, Options{Path: wrong}).Check(t.Context()); err == nil {
			t.Errorf("Check of %s succeeded", wrong)
		}
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]aside{
		"000001": {1, ""}, "000123.gz": {123, compressed}, "1234567": {1234567, ""}, "000001.gz.tmp": {1, beingCompressed},
		"1": {}, "0000001": {}, "000000": {}, "+00001": {}, "000001.bz2": {}, "": {}, "00000a": {}, "99999999999999999999": {},
		"18446744073709551615": {},
	} {
		if got, _ := parseAside(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}

// FuzzRestore: no state, stored by whatever version or damaged, costs a line that was there, but of what comes behind its
// place.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"file":1,"length":5,"end":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`), "hello\nyou\n", "{}\n")
	f.Add([]byte(`{"file":1,"length":0,"end":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`), lines(1, 2), "x")
	f.Add([]byte(`{"file":18446744073709551615,"length":9223372036854775807}`), "", "")
	path := filepath.Join(f.TempDir(), "events.ndjson")
	f.Fuzz(func(t *testing.T, text []byte, aside, content string) {
		must(t, os.WriteFile(asideName(path, 1), []byte(aside), 0o600))
		must(t, os.WriteFile(path, []byte(content), 0o600))
		output, err := New(Options{Path: path})
		must(t, err)
		defer output.Close()
		must(t, output.Restore(text))
		stored, found := parseState(text)
		if found && stored.IsSet() {
			return
		}
		expect(t, asideName(path, 1), aside)
		expect(t, path, content)
	})
}

// A data folder that is put back from an older copy knows of less than the file has. What is behind its place will not be written again.
func TestNothingIsTakenAwayThatWillNotComeAgain(t *testing.T) {
	for name, rotate := range map[string]int64{"one file": 0, "files set aside": 4000} {
		t.Run(name, func(t *testing.T) {
			for comesAgain, kept := range map[int]int{0: 60, 49: 60, 50: 10} {
				path := filepath.Join(t.TempDir(), "events.ndjson")
				first := newOutput(t, Options{Path: path, RotateSize: rotate})
				must(t, first.Restore(nil))
				put(t, first, 1, 10)
				copied := first.State()
				put(t, first, 11, 50)
				first.State()
				must(t, first.Close())
				second := newOutput(t, Options{Path: path, RotateSize: rotate})
				second.WillComeAgain(func() int { return comesAgain })
				must(t, second.Restore(copied))
				must(t, second.Close())
				if got := len(split(readAll(t, path))); got != kept {
					t.Errorf("%d lines are left where %d come again, want %d", got, comesAgain, kept)
				}
			}
		})
	}
}
