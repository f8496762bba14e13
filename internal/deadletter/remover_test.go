package deadletter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func openRemover(t *testing.T, folder string) *Remover {
	t.Helper()
	remover, err := OpenRemover(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remover.Close() })
	return remover
}

// letters returns the letters that are there.
func letters(t testing.TB, folder string) (list []Stored) {
	t.Helper()
	read, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	for stored, err := range read.Letters() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, stored)
	}
	return list
}

func ids(list []Stored) string {
	var all []string
	for _, stored := range list {
		all = append(all, stored.Letter.ID)
	}
	return strings.Join(all, " ")
}

func mark(t *testing.T, remover *Remover, did Done, list ...Stored) {
	t.Helper()
	var marked []Marked
	for _, stored := range list {
		marked = append(marked, Marked{stored, Mark{Did: did, To: "out", Reason: "because", Time: fixedClock()}})
	}
	if err := remover.Mark(t.Context(), marked...); err != nil {
		t.Fatal(err)
	}
}

func sweep(t *testing.T, remover *Remover) (freed int64) {
	t.Helper()
	freed, err := remover.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return freed
}

func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), "lock") {
			all = append(all, entry.Name())
		}
	}
	return strings.Join(all, " ")
}

// numbered writes so many letters with the ids 1, 2, ...
func numbered(t *testing.T, store *Store, count int) {
	t.Helper()
	for i := range count {
		write(t, store, Letter{Output: "o", ID: fmt.Sprint(i + 1), Reason: "no", Document: []byte(`{"a":1}`)})
	}
}

func TestWhatWasMarkedIsNoLetter(t *testing.T) {
	folder := t.TempDir()
	numbered(t, open(t, folder, Options{}), 4)
	remover, list := openRemover(t, folder), letters(t, folder)
	mark(t, remover, Replayed, list[0])
	mark(t, remover, Refused, list[1], list[3])
	mark(t, remover, Dropped, list[3])
	left := letters(t, folder)
	if ids(left) != "2 3" || left[0].Refused == nil || left[0].Refused.Reason != "because" || left[1].Refused != nil {
		t.Fatalf("left are %+v", left)
	}
	if left[0].Number.String() != "1-2" {
		t.Errorf("its number became %s", left[0].Number)
	}
	if freed := sweep(t, remover); freed != 0 || ids(letters(t, folder)) != "2 3" {
		t.Errorf("%d bytes were freed, %s are left", freed, ids(letters(t, folder)))
	}
}

// A letter that is refused again and again must not fill the disk with marks.
func TestMarksTakeThePlaceOfOthers(t *testing.T) {
	folder := t.TempDir()
	numbered(t, open(t, folder, Options{}), 2)
	remover, list := openRemover(t, folder), letters(t, folder)
	for range 100 {
		mark(t, remover, Refused, list...)
	}
	encoded, err := os.ReadFile(segment{number: 1}.marksPath(folder))
	if err != nil || bytes.Count(encoded, []byte{'\n'}) != 2 {
		t.Errorf("%v: the marks of two letters are\n%s", err, encoded)
	}
}

func TestSweepRemovesWhatIsEmpty(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{})
	numbered(t, store, 3)
	remover := openRemover(t, folder)
	mark(t, remover, Dropped, letters(t, folder)...)
	if freed := sweep(t, remover); freed < 200 {
		t.Errorf("%d bytes were freed", freed)
	}
	if got := names(t, folder); got != "0000000002.ndjson" {
		t.Errorf("there are %s", got)
	}
	// The store that had the file open goes on, and with another number.
	numbered(t, store, 1)
	if left := letters(t, folder); len(left) != 1 || left[0].Number.String() != "2-1" {
		t.Errorf("left are %+v", left)
	}
	if stats := store.Stats(); stats.Segments != 1 || stats.Size != letters(t, folder)[0].Size {
		t.Errorf("stats are %+v", stats)
	}
	if freed := sweep(t, remover); freed != 0 {
		t.Errorf("%d bytes of a letter were freed", freed)
	}
}

func TestRemoversTakeTurns(t *testing.T) {
	folder := t.TempDir()
	first := openRemover(t, folder)
	if _, err := OpenRemover(folder); !errors.Is(err, ErrBusy) {
		t.Errorf("the second one got %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	openRemover(t, folder)
}

// Somebody who holds the lock for too long makes a Write fail, not hang for ever; and then it works again.
func TestALockThatIsHeld(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) { // so that it need not be waited for
		store := open(t, folder, Options{})
		held, err := tryLock(folder, changeLock)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := store.Write(t.Context(), Letter{ID: "1"}); !errors.Is(err, errLocked) || time.Since(begin) > 2*lockPatience {
			t.Errorf("Write returned %v after %s", err, time.Since(begin))
		}
		ended, end := context.WithTimeout(t.Context(), lockPatience/2)
		defer end()
		if err := store.Write(ended, Letter{ID: "1"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write returned %v after its context", err)
		}
		if err := held.Close(); err != nil {
			t.Fatal(err)
		}
		write(t, store, Letter{ID: "2"})
	})
	if got := ids(letters(t, folder)); got != "2" {
		t.Errorf("there are %s", got)
	}
}

// TestCrashesOfTheRemover: whatever a crash leaves of a removal, no letter is lost and none comes back, and the next sweep
// ends what was begun.
func TestCrashesOfTheRemover(t *testing.T) {
	one := segment{number: 1}
	for name, crash := range map[string]func(t *testing.T, folder string){
		"after the marks": func(*testing.T, string) {},
		"after the next segment": func(t *testing.T, folder string) {
			next, err := makeSegment(folder, segment{number: 2})
			if err != nil {
				t.Fatal(err)
			}
			next.Close()
		},
		"after the segment": func(t *testing.T, folder string) {
			next, err := makeSegment(folder, segment{number: 2})
			if err != nil {
				t.Fatal(err)
			}
			next.Close()
			if err := os.Remove(one.path(folder)); err != nil {
				t.Fatal(err)
			}
		},
		"in the middle of new marks": func(t *testing.T, folder string) {
			if err := os.WriteFile(one.marksPath(folder)+".new", []byte(`{"line":`), permissions); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			numbered(t, open(t, folder, Options{}), 3)
			remover := openRemover(t, folder)
			mark(t, remover, Dropped, letters(t, folder)...)
			crash(t, folder)
			if left := letters(t, folder); len(left) != 0 {
				t.Errorf("came back: %s", ids(left))
			}
			write(t, open(t, folder, Options{}), Letter{ID: "new", Reason: "no"})
			sweep(t, remover)
			if got := ids(letters(t, folder)); got != "new" {
				t.Errorf("left are %q", got)
			}
		})
	}
}

// TestMarksThatACrashTore: a file of marks that ends anywhere hides the letters whose marks are whole, and no others.
func TestMarksThatACrashTore(t *testing.T) {
	folder := t.TempDir()
	numbered(t, open(t, folder, Options{}), 3)
	remover, list := openRemover(t, folder), letters(t, folder)
	mark(t, remover, Dropped, list...)
	path := segment{number: 1}.marksPath(folder)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for end := range len(whole) {
		if err := os.WriteFile(path, whole[:end], permissions); err != nil {
			t.Fatal(err)
		}
		marked := bytes.Count(whole[:end], []byte{'\n'})
		if left := letters(t, folder); len(left) != 3-marked || ids(left) != ids(list[marked:]) {
			t.Fatalf("cut at %d, %s are left", end, ids(left))
		}
	}
	remover.marks = nil // another process
	mark(t, remover, Dropped, list[2])
	if got := ids(letters(t, folder)); got != "" {
		t.Errorf("left are %s", got)
	}
}

// TestMarksOfAnotherLine: marks that were left behind by a segment hide nothing of one that has its number now.
func TestMarksOfAnotherLine(t *testing.T) {
	folder := t.TempDir()
	numbered(t, open(t, folder, Options{}), 2)
	mark(t, openRemover(t, folder), Dropped, letters(t, folder)...)
	if err := os.Remove(segment{number: 1}.path(folder)); err != nil {
		t.Fatal(err)
	}
	write(t, open(t, folder, Options{}), Letter{ID: "other", Reason: "no"})
	if left := letters(t, folder); len(left) != 1 || left[0].Number.String() != "1-1" {
		t.Errorf("left are %+v", left)
	}
}

// TestRemovingWhileTheStoreWrites: of a store that is written to while another drops everything again and again, each letter
// is either dropped once or still there.
func TestRemovingWhileTheStoreWrites(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{MaxBytes: 16 << 20})
	const count, atOnce = 300, 10
	document := []byte(`"` + strings.Repeat("x", 9_000) + `"`) // a segment has about a hundred of them
	var writer sync.WaitGroup
	written := make(chan struct{})
	writer.Go(func() {
		defer close(written)
		for i := range count {
			batch := make([]Letter, atOnce)
			for j := range batch {
				batch[j] = Letter{ID: fmt.Sprint(i*atOnce + j), Reason: "no", Document: document}
			}
			if err := store.Write(t.Context(), batch...); err != nil {
				t.Error(err)
				return
			}
		}
	})
	remover, seen := openRemover(t, folder), map[string]int{}
	take := func() {
		list := letters(t, folder)
		for _, stored := range list {
			seen[stored.Letter.ID]++
			if stored.Damage != nil {
				t.Errorf("damaged: %v", stored.Damage)
			}
		}
		mark(t, remover, Dropped, list...)
		sweep(t, remover)
	}
	for going := true; going; {
		select {
		case <-written:
			going = false
		default:
		}
		take()
	}
	writer.Wait()
	take()
	if len(seen) != count*atOnce {
		t.Errorf("%d letters were seen, of %d", len(seen), count*atOnce)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("letter %s was seen %d times", id, times)
		}
	}
	if stats := store.Stats(); stats.RemovedLetters != 0 {
		t.Errorf("the store removed %d", stats.RemovedLetters)
	}
	if got := names(t, folder); strings.Count(got, extension) != 1 {
		t.Errorf("left are %s", got)
	}
}

func TestWhatMadeRoomIsNoted(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{MaxBytes: smallestStore})
	document := []byte(`"` + strings.Repeat("x", 30_000) + `"`)
	for i := range 20 {
		write(t, store, Letter{ID: fmt.Sprint(i), Reason: "full", Document: document})
	}
	mark(t, openRemover(t, folder), Dropped, letters(t, folder)[0])
	for range 40 {
		write(t, store, Letter{Reason: "full", Document: document})
	}
	read, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	stats := store.Stats()
	if read.Removed.Letters != stats.RemovedLetters || stats.RemovedLetters == 0 || !read.Removed.First.Equal(fixedClock()) {
		t.Errorf("noted is %+v, counted %d", read.Removed, stats.RemovedLetters)
	}
	if got := len(letters(t, folder)) + int(stats.RemovedLetters); got != 59 { // one was dropped
		t.Errorf("%d letters are accounted for", got)
	}
	if marks, err := filepath.Glob(filepath.Join(folder, "*"+markExtension)); err != nil || len(marks) != 0 {
		t.Errorf("marks of segments that are gone: %v", marks)
	}
	remover := openRemoverAgain(t, folder)
	if err := remover.ForgetRemoval(t.Context()); err != nil {
		t.Fatal(err)
	}
	if read, err = Read(folder); err != nil || read.Removed.Letters != 0 {
		t.Errorf("noted is %+v, %v", read.Removed, err)
	}
}

// openRemoverAgain opens a second one, whose turn lasts beside the first: only for what needs no turn.
func openRemoverAgain(t *testing.T, folder string) *Remover {
	t.Helper()
	other, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return &Remover{folder: folder, turn: other}
}

func TestLettersOfEventsComeBack(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder, Options{LetterBytes: 100})
	at := time.Date(2026, 11, 24, 1, 2, 3, 4, time.UTC)
	events := []*Event{
		{},
		{Time: at.UnixNano(), Texts: [][]byte{[]byte("logs-<2026>"), {}, {0xff, 0xfe}}},
		{AsItCame: true},
		{Texts: [][]byte{bytes.Repeat([]byte("x"), 101)}},
	}
	for _, event := range events {
		write(t, store, Letter{Output: "o", ID: "i", Reason: "r", Document: []byte(`{"a":"b"}`), Event: event})
	}
	write(t, store, Letter{Output: "o", Reason: "r", Event: &Event{}, Document: bytes.Repeat([]byte("y"), 101)})
	list := letters(t, folder)
	for i, want := range events[:3] {
		got := list[i].Letter
		if got.Kind() != KindEvent || !got.Whole() || got.Event.Time != want.Time || got.Event.AsItCame != want.AsItCame ||
			!slices.EqualFunc(got.Event.Texts, want.Texts, bytes.Equal) || string(got.Document) != `{"a":"b"}` {
			t.Errorf("%+v came back as %+v", want, got.Event)
		}
	}
	if list[3].Letter.Whole() || list[4].Letter.Whole() || list[4].Letter.Length != 101 {
		t.Errorf("what was cut is whole: %+v %+v", list[3].Letter, list[4].Letter)
	}
}
