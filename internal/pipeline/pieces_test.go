package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/window"
)

// A commit that is too long for one record is whole again after a restart and after a kill, and outputs read it as one.
func TestCommitsInPieces(t *testing.T) {
	h := newHouse(t)
	h.options.Outputs = []string{"o"}
	h.reopen()
	at := time.Now()
	h.handle(document(at, "short"))
	h.pipeline.longestPiece = 100
	h.handle(burst(at, 50)...)
	h.handle(burst(at, 3)...)
	opened := h.next(0)[0]
	for name, again := range map[string]func(){"restart": h.reopen, "kill": h.crash} {
		again()
		if open, _ := h.pipeline.Alerts(1); len(open) != 1 || open[0].ID != opened.ID || open[0].Count != 5 {
			t.Fatalf("after a %s: %+v", name, open)
		}
		var events []int
		last := uint64(0)
		for record, err := range h.pipeline.Events().Read(h.journal.First() - 1) {
			if err != nil {
				t.Fatal(err)
			}
			all, _ := record.Count()
			events, last = append(events, all), record.Sequence
		}
		if !slices.Equal(slices.DeleteFunc(events, func(count int) bool { return count == 0 }), []int{1, 50, 3}) {
			t.Errorf("after a %s records of %d events were read", name, events)
		}
		if got := h.pipeline.Events().Last(); got != last {
			t.Errorf("after a %s the last record is %d, and %d was read", name, got, last)
		}
	}
	h.handle(document(at.Add(time.Minute), "later"))
	if ended := h.next(1)[0]; ended.State != window.Inactive || ended.Peak != 54 {
		t.Errorf("%+v", ended)
	}
}

// What a kill left of a commit counts for nothing, and keeps nobody waiting for the rest.
func TestPiecesWithoutTheirLast(t *testing.T) {
	h := newHouse(t)
	at := time.Now()
	h.handle(burst(at, 4)...)
	for number := range uint64(2) {
		if _, err := h.journal.Append(appendPiece(nil, number, 3, []byte("cut"))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.journal.Sync(); err != nil {
		t.Fatal(err)
	}
	h.crash()
	last := uint64(0)
	for record, err := range h.pipeline.Events().Read(h.journal.First() - 1) {
		if err != nil {
			t.Fatal(err)
		}
		last = record.Sequence
	}
	if got := h.pipeline.Events().Last(); got != last {
		t.Errorf("the last record is %d, and %d was read", got, last)
	}
	h.handle(document(at, "fifth"))
	h.crash()
	if list := h.next(0); len(list) != 1 || list[0].Count != 5 {
		t.Errorf("%+v", list)
	}
}

// While pieces are appended, outputs see the record before them as the last.
func TestPiecesUnderWayAreNotTheLast(t *testing.T) {
	h := newHouse(t)
	h.handle(burst(time.Now(), 1)...)
	before := h.pipeline.Events().Last()
	h.pipeline.limit.Store(before + 1)
	if _, err := h.journal.Append(appendPiece(nil, 0, 2, nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.journal.Sync(); err != nil {
		t.Fatal(err)
	}
	if got := h.pipeline.Events().Last(); got != before {
		t.Errorf("the last record is %d, want %d", got, before)
	}
}

// An output that has read to a damaged piece reads on to the end of its commit, or it would try again and again.
func TestDamageInTheMiddleOfPieces(t *testing.T) {
	h := newHouse(t)
	h.options.Outputs = []string{"o"}
	h.reopen()
	h.handle(document(time.Now(), "short"))
	h.pipeline.longestPiece = 400
	h.handle(fmt.Appendf(nil, `{"message":"m","z":"%s damagehere %s"}`, strings.Repeat("a", 400), strings.Repeat("b", 700)))
	h.close()
	damage(t, h.folder, "damagehere", 0)
	h.open()
	read := uint64(0)
	for record, err := range h.pipeline.Events().Read(h.journal.First() - 1) { // as an output does
		var lost *LostError
		switch {
		case errors.As(err, &lost):
			read = lost.Through
		case err != nil:
			t.Fatal(err)
		default:
			read = record.Sequence
		}
	}
	if got := h.pipeline.Events().Last(); got != read {
		t.Errorf("the last record is %d, and %d was read", got, read)
	}
}

// Pieces on both sides of damage are of different commits.
func TestPiecesOfTwoCommitsAreNotOne(t *testing.T) {
	h := newHouse(t)
	h.options.Outputs = []string{"o"}
	h.reopen()
	at := time.Now()
	h.handle(document(at, "short"))
	before := h.journal.Last()
	h.pipeline.longestPiece = 900
	h.handle(fmt.Appendf(nil, `{"message":"m","z":"%s damageone %s"}`, strings.Repeat("a", 900), strings.Repeat("b", 200)))
	h.handle(fmt.Appendf(nil, `{"message":"damagetwo","z":"%s %s"}`, strings.Repeat("c", 900), strings.Repeat("d", 200)))
	if got := h.journal.Last(); got != before+4 {
		t.Fatalf("%d records", got-before)
	}
	h.handle(document(at, "short"))
	h.snapshot()
	damage(t, h.folder, "damageone", 0)
	damage(t, h.folder, "damagetwo", 0)
	h.open()
}

// An fsync between two pieces makes a part of a commit durable. Outputs see none of it before all is.
func TestPiecesAreDurableBeforeTheyAreTheLast(t *testing.T) {
	h := newHouse(t)
	h.pipeline.longestPiece = 64 << 10
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				_, _ = h.journal.Sync() // as for the batches before
			}
		}
	}()
	commit := appendSection([]byte{recordVersion}, sectionMarks, bytes.Repeat([]byte("x"), 4<<20))
	for range 10 {
		sequence, err := h.pipeline.appendBytes(commit)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.pipeline.Events().Last(); got != sequence {
			t.Fatalf("the last record is %d, and the commit ends at %d", got, sequence)
		}
	}
	close(done)
	<-ended
}

func TestAssembly(t *testing.T) {
	piece := func(number, count uint64) []byte {
		return appendPiece(nil, number, count, fmt.Appendf(nil, "%d/%d ", number, count))
	}
	other := []byte{recordVersion}
	for name, test := range map[string]struct {
		records [][]byte
		want    []string
		open    bool
	}{
		"whole":             {[][]byte{other, piece(0, 2), piece(1, 2), other}, []string{"\x03", "0/2 1/2 ", "\x03"}, false},
		"first again":       {[][]byte{piece(0, 3), piece(1, 3), piece(0, 2), piece(1, 2)}, []string{"0/2 1/2 "}, false},
		"cut":               {[][]byte{piece(0, 3), piece(1, 3), other}, []string{"\x03"}, false},
		"still open":        {[][]byte{piece(0, 3), piece(1, 3)}, nil, true},
		"one is missing":    {[][]byte{piece(0, 3), piece(2, 3), other}, []string{"\x03"}, false},
		"begins later":      {[][]byte{piece(1, 3), piece(2, 3), piece(0, 2), piece(1, 2)}, []string{"0/2 1/2 "}, false},
		"of another commit": {[][]byte{piece(0, 2), piece(1, 3), piece(2, 3)}, nil, false},
	} {
		var whole assembly
		var got []string
		for _, record := range test.records {
			if commit, complete := whole.add(record); complete {
				got = append(got, string(commit))
			}
		}
		if !slices.Equal(got, test.want) || whole.open() != test.open {
			t.Errorf("%s: %q, open %v", name, got, whole.open())
		}
	}
}

func FuzzAssembly(f *testing.F) {
	f.Add(appendPiece(nil, 0, 2, []byte("a")), appendPiece(nil, 1, 2, []byte("b")))
	f.Add([]byte{recordVersion, sectionPiece, 200, 1}, []byte{recordVersion})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var whole assembly
		for _, record := range [][]byte{first, second, first} {
			if commit, complete := whole.add(record); complete && len(commit) > len(first)+len(second)+len(record) {
				t.Errorf("%d bytes of %d and %d", len(commit), len(first), len(second))
			}
		}
		if got, complete := whole.add([]byte("other")); !complete || !bytes.Equal(got, []byte("other")) {
			t.Errorf("%q, %v", got, complete)
		}
	})
}
