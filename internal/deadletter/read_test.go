package deadletter

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadsLettersOfBefore(t *testing.T) {
	folder := t.TempDir()
	lines := `{"time":"2026-11-23T19:00:00.005Z","output":"slack","id":"ab","reason":"channel_not_found","document":{"n":1.0}}
{"time":"2026-11-23T19:00:00.005Z","source":"lumberjack","peer":"10.0.0.7:4711","reason":"no JSON","text":"{\"a\":\n"}
{"time":"2026-11-23T19:00:00.005Z","source":"lumberjack","reason":"too long","text":"abc","truncated":true,"length":17179869184}
`
	if err := os.WriteFile(segment{number: 7}.path(folder), []byte(lines), permissions); err != nil {
		t.Fatal(err)
	}
	list := letters(t, folder)
	if len(list) != 3 || list[0].Letter.Kind() != KindAlert || list[1].Letter.Kind() != KindInput || list[2].Letter.Whole() {
		t.Fatalf("got %+v", list)
	}
	if got := list[1]; got.Number.String() != "7-2" || string(got.Letter.Document) != "{\"a\":\n" || got.Letter.Peer != "10.0.0.7:4711" {
		t.Errorf("got %+v", got)
	}
}

func TestAFolderThatIsNotThereHasNoLetters(t *testing.T) {
	if list := letters(t, filepath.Join(t.TempDir(), "nowhere")); len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}

// What is damaged is a letter of its own, and hides none beside it.
func TestDamagedLines(t *testing.T) {
	folder := t.TempDir()
	good := `{"time":"2026-11-23T19:00:00Z","id":"good","reason":"r"}` + "\n"
	lines := good + "{\"time\":\"20\n\n\x00\x00\x00\n{}\nnull\n" + good + `{"torn":`
	if err := os.WriteFile(segment{number: 1}.path(folder), []byte(lines), permissions); err != nil {
		t.Fatal(err)
	}
	list := letters(t, folder)
	if len(list) != 7 || list[0].Damage != nil || list[6].Damage != nil || list[6].Letter.ID != "good" {
		t.Fatalf("got %+v", list)
	}
	for _, stored := range list[1:6] {
		if stored.Damage == nil {
			t.Errorf("line %s is taken for a letter: %+v", stored.Number, stored.Letter)
		}
	}
	if string(list[3].Letter.Document) != "\x00\x00\x00" {
		t.Errorf("what is left is %q", list[3].Letter.Document)
	}
	// It can be dropped like any other, and the torn end is none.
	remover := openRemover(t, folder)
	mark(t, remover, Dropped, list...)
	sweep(t, remover)
	if got := names(t, folder); got != "0000000002.ndjson" {
		t.Errorf("left are %s", got)
	}
}

// The torn end of a segment that is not written to any more is damage.
func TestATornEnd(t *testing.T) {
	folder := t.TempDir()
	for number := uint64(1); number <= 2; number++ {
		if err := os.WriteFile(segment{number: number}.path(folder), []byte(`{"torn":`), permissions); err != nil {
			t.Fatal(err)
		}
	}
	if list := letters(t, folder); len(list) != 1 || list[0].Number.String() != "1-1" || list[0].Damage == nil {
		t.Errorf("got %+v", list)
	}
}

func TestALineThatIsTooLong(t *testing.T) {
	lines := lineReader{in: bufio.NewReaderSize(strings.NewReader(strings.Repeat("x", 100)+"\nshort\n"), 16), limit: 50}
	long, short := &storedLine{}, &storedLine{}
	if ended, err := lines.next(long); !ended || err != nil || long.Damage == nil || long.Size != 101 || len(long.line) > 50 {
		t.Errorf("got %+v, %v", long, err)
	}
	if ended, err := lines.next(short); !ended || err != nil || short.Damage != nil || string(short.line) != "short" {
		t.Errorf("got %+v, %v", short, err)
	}
	if _, err := lines.next(&storedLine{}); !errors.Is(err, io.EOF) {
		t.Errorf("the end is %v", err)
	}
}

// FuzzRead: whatever is in a segment and its marks, each of its lines is read once, as a letter or as damage, unless a mark
// of just this line says that it is gone.
func FuzzRead(f *testing.F) {
	good := `{"time":"2026-11-23T19:00:00Z","id":"good","reason":"r","document":{"a":1},"event":{"texts":["a",{"base64":"/w=="}]}}`
	f.Add([]byte(good+"\n"+good+"\n"), []byte(`{"line":1,"sum":"00000000","did":"dropped","time":"2026-11-23T19:00:00Z"}`+"\n"))
	f.Add([]byte("\n\n{}\nnull\n[\n"+good), []byte("null\n{}\n"))
	f.Add([]byte(`{"time":"2026-11-23T19:00:00Z","reason":"r","event":{"texts":[1,null,{}],"time":"x"}}`+"\n"), []byte("{"))
	f.Fuzz(func(t *testing.T, lines, encodedMarks []byte) {
		folder := t.TempDir()
		one := segment{number: 1}
		if err := os.WriteFile(one.path(folder), lines, permissions); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(one.marksPath(folder), encodedMarks, permissions); err != nil {
			t.Fatal(err)
		}
		want := bytes.Count(lines, []byte{'\n'})
		list := letters(t, folder)
		if most := parseMarks(encodedMarks).done(); len(list) > want || len(list) < want-most {
			t.Errorf("%d letters of %d lines, with %d marks", len(list), want, most)
		}
		for _, stored := range list {
			if stored.Damage != nil && stored.Size <= longestDamage && int64(len(stored.Letter.Document)) != stored.Size-1 {
				t.Errorf("of a damaged line of %d bytes %d are shown", stored.Size, len(stored.Letter.Document))
			}
		}
	})
}
