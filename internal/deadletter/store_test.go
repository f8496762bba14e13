package deadletter

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func fixedClock() time.Time { return time.Date(2026, 11, 23, 19, 0, 0, 5e6, time.UTC) }

func open(t *testing.T, folder string, options Options) *Store {
	t.Helper()
	if options.Now == nil {
		options.Now = fixedClock
	}
	store, err := Open(folder, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func write(t *testing.T, store *Store, letters ...Letter) {
	t.Helper()
	if err := store.Write(t.Context(), letters...); err != nil {
		t.Fatal(err)
	}
}

// contents returns all lines of the store in order.
func contents(t *testing.T, folder string) (lines []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"+extension))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		bytes, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		scanner := bufio.NewScanner(strings.NewReader(string(bytes)))
		scanner.Buffer(nil, 64<<20)
		for scanner.Scan() {
			lines = append(lines, scanner.Text())
		}
	}
	return lines
}

func TestWriteKeepsWhatCouldNotBeUsed(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	write(t, store,
		Letter{Output: "elasticsearch", ID: "ab12", Reason: "mapping <b>", Document: []byte(`{"n":1.0,"big":12345678901234567890}`)},
		Letter{Source: "lumberjack", Peer: "10.0.0.7:4711", Reason: "no JSON", Document: []byte("{\"a\":\n")},
		Letter{Source: "lumberjack", Reason: "no UTF-8", Document: []byte{0xff, 0xfe}},
		Letter{Source: "lumberjack", Reason: "too long", Document: []byte("abc"), Length: 1 << 34},
		Letter{Reason: "nothing", Time: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
		Letter{Reason: "two lines", Document: []byte("{\n \"a\": 1\n}")},
	)
	want := []string{
		`{"time":"2026-11-23T19:00:00.005Z","output":"elasticsearch","id":"ab12","reason":"mapping <b>","document":{"n":1.0,"big":12345678901234567890}}`,
		`{"time":"2026-11-23T19:00:00.005Z","source":"lumberjack","peer":"10.0.0.7:4711","reason":"no JSON","text":"{\"a\":\n"}`,
		`{"time":"2026-11-23T19:00:00.005Z","source":"lumberjack","reason":"no UTF-8","base64":"//4="}`,
		`{"time":"2026-11-23T19:00:00.005Z","source":"lumberjack","reason":"too long","text":"abc","truncated":true,"length":17179869184}`,
		`{"time":"2020-01-01T00:00:00Z","reason":"nothing"}`,
		`{"time":"2026-11-23T19:00:00.005Z","reason":"two lines","document":{"a":1}}`,
	}
	if got := contents(t, folder); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if stats := store.Stats(); stats.Letters != 6 || stats.Segments != 1 || stats.Size != int64(stats.Bytes) {
		t.Errorf("stats are %+v", stats)
	}
}

func TestWriteCutsALongDocument(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{LetterBytes: 10})
	write(t, store, Letter{Reason: strings.Repeat("r", longestText+1), Document: []byte("0123456789abc")})
	var got line
	if err := json.Unmarshal([]byte(contents(t, folder)[0]), &got); err != nil {
		t.Fatal(err)
	}
	// The first ten digits are a number, and so JSON, to whoever cuts them off.
	if !got.Truncated || got.Length != 13 || len(got.Document)+len(got.Text) != 10 || len(got.Reason) != longestText {
		t.Errorf("got %+v", got)
	}
}

func TestControlCharactersDoNotMakeALineGrowSixfold(t *testing.T) {
	line, err := Letter{Document: make([]byte, 6000)}.encode(fixedClock(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if limit := base64.StdEncoding.EncodedLen(6000) + 100; len(line) > limit {
		t.Errorf("6000 bytes became %d, more than %d", len(line), limit)
	}
}

// Texts of an event may be megabytes of what HTML would have escaped, and must fit a line that is read back.
func TestTextsStandAsTheyAre(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	const text = `<a href="b">&</a>`
	write(t, store, Letter{Output: "kafka", Reason: "r", Document: []byte(`{}`), Event: &Event{Time: 1, Texts: [][]byte{[]byte(text)}}})
	if line := contents(t, folder)[0]; !strings.Contains(line, `<a href=\"b\">&</a>`) {
		t.Errorf("the line is %s", line)
	}
	if got := letters(t, folder)[0].Letter.Event.Texts[0]; string(got) != text {
		t.Errorf("read back %s", got)
	}
}

func TestTheOldestMakeRoom(t *testing.T) {
	folder := t.TempDir()
	var log bytes.Buffer
	store := open(t, folder, Options{MaxBytes: smallestStore, Logger: zerolog.New(&log)})
	document := []byte(`"` + strings.Repeat("x", 10_000) + `"`)
	for number := range 300 {
		write(t, store, Letter{ID: fmt.Sprint(number), Reason: "full", Document: document})
		if size := store.Stats().Size; size > smallestStore {
			t.Fatalf("after %d letters the store has %d bytes, more than %d", number, size, smallestStore)
		}
	}
	stats, lines := store.Stats(), contents(t, folder)
	if stats.RemovedLetters == 0 || uint64(len(lines))+stats.RemovedLetters != 300 {
		t.Errorf("%d letters are left and %d counted as removed, of 300", len(lines), stats.RemovedLetters)
	}
	if !strings.Contains(lines[len(lines)-1], `"id":"299"`) {
		t.Errorf("the last letter is not the last one written")
	}
	if stats.Size < smallestStore*8/10 {
		t.Errorf("only %d bytes are left: too much was removed at once", stats.Size)
	}
	if got := strings.Count(log.String(), "oldest letters were removed"); uint64(got) != stats.RemovedSegments {
		t.Errorf("%d removals were logged, %d counted", got, stats.RemovedSegments)
	}
}

func TestOpenGoesOnWhereItWas(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	write(t, store, Letter{ID: "1"})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), Letter{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Write after Close returned %v", err)
	}
	// A crash in the middle of a line, and a file that is none of ours.
	torn, err := os.OpenFile(segment{number: 1}.path(folder), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(torn, `{"time":"20`)
	torn.Close()
	if err := os.WriteFile(filepath.Join(folder, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, open(t, folder, Options{}), Letter{ID: "2"})
	lines := contents(t, folder)
	if len(lines) != 3 || lines[1] != `{"time":"20` || !json.Valid([]byte(lines[2])) {
		t.Errorf("got %q", lines)
	}
}

func TestRemovedSegmentsAreNoTrouble(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{MaxBytes: smallestStore})
	document := []byte(`"` + strings.Repeat("x", 60_000) + `"`)
	write(t, store, Letter{Document: document})
	write(t, store, Letter{Document: document})
	// The one that is written to, and an older one.
	for number := uint64(1); number <= 2; number++ {
		if err := os.Remove(segment{number: number}.path(folder)); err != nil {
			t.Fatal(err)
		}
	}
	for range 30 {
		write(t, store, Letter{Document: document})
	}
	if got := uint64(len(contents(t, folder))) + store.Stats().RemovedLetters; got != 30 {
		t.Errorf("%d letters of 30 are accounted for", got)
	}
}

func TestASegmentThatIsRemovedIsNotWrittenTo(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	write(t, store, Letter{ID: "1"})
	if err := os.Remove(segment{number: 1}.path(folder)); err != nil {
		t.Fatal(err)
	}
	write(t, store, Letter{ID: "2"})
	if lines := contents(t, folder); len(lines) != 1 || !strings.Contains(lines[0], `"id":"2"`) {
		t.Errorf("got %q", lines)
	}
}

func TestAFailedWriteLeavesNoHalfLine(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	write(t, store, Letter{ID: "1"})
	// A descriptor that cannot be written to fails as a full disk does.
	store.file.Close()
	readOnly, err := os.Open(segment{number: 1}.path(folder))
	if err != nil {
		t.Fatal(err)
	}
	store.file = readOnly
	if err := store.Write(t.Context(), Letter{ID: "2"}); err == nil {
		t.Fatal("Write to a closed file succeeded")
	}
	write(t, store, Letter{ID: "3"})
	lines := contents(t, folder)
	if len(lines) != 2 || !strings.Contains(lines[1], `"id":"3"`) {
		t.Errorf("got %q", lines)
	}
	if stats := store.Stats(); stats.Failures != 1 || stats.Letters != 2 {
		t.Errorf("stats are %+v", stats)
	}
}

func TestAFolderThatCannotBeMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(path, "letters"), Options{}); err == nil {
		t.Error("Open succeeded below a file")
	}
}

func TestWritersAtTheSameTime(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	var writers sync.WaitGroup
	for writer := range 8 {
		writers.Go(func() {
			for number := range 10 {
				if err := store.Write(t.Context(), Letter{ID: fmt.Sprintf("%d-%d", writer, number)}); err != nil {
					t.Error(err)
				}
				store.Stats()
			}
		})
	}
	writers.Wait()
	lines := contents(t, folder)
	if len(lines) != 80 {
		t.Errorf("got %d lines, want 80", len(lines))
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not a JSON line: %s", line)
		}
	}
}

// FuzzLetter: whatever the bytes, a letter is one line of valid JSON that holds them, or their beginning, unchanged.
func FuzzLetter(f *testing.F) {
	for _, seed := range []string{"", "{}", "{\"a\": 1}\n", "\xff", "\x00\x01", "null", "\u2028", `{"a":"<&>"}`, "\"\xff\"", "{\"\xff\": 1}\n"} {
		f.Add([]byte(seed), "reason \xff", int64(8))
	}
	f.Fuzz(func(t *testing.T, document []byte, reason string, limit int64) {
		limit = 1 + max(limit, -limit, 0)%4096
		encoded, err := Letter{Reason: reason, Document: document}.encode(fixedClock(), limit)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(encoded, []byte{'\n'}) != 1 || encoded[len(encoded)-1] != '\n' {
			t.Fatalf("not one line: %q", encoded)
		}
		var got line
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Fatalf("%v: %s", err, encoded)
		}
		kept := document[:min(int64(len(document)), limit)]
		if got.Truncated != (len(kept) < len(document)) {
			t.Errorf("truncated is %t", got.Truncated)
		}
		want := kept
		if got.Document != nil { // as JSON: only the space between its parts may be gone
			want = compacted(kept)
		}
		if back := held(t, got); !bytes.Equal(back, want) {
			t.Errorf("%q came back as %q", kept, back)
		}
	})
}

func held(t *testing.T, l line) []byte {
	t.Helper()
	switch {
	case l.Document != nil:
		return compacted(l.Document)
	case l.Text != "":
		return []byte(l.Text)
	}
	return l.Base64
}

// compacted returns JSON without the space between its parts, and anything else as it is.
func compacted(document []byte) []byte {
	var buffer bytes.Buffer
	if !json.Valid(document) || json.Compact(&buffer, document) != nil {
		return document
	}
	return buffer.Bytes()
}
