package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gauge is a disk that says what it is told to.
type gauge struct {
	disk
	total, free int64
}

func (g *gauge) Usage(string) (int64, int64, error) { return g.total, g.free, nil }

func TestSpaceByBudget(t *testing.T) {
	options := small(t.TempDir())
	options.Budget = 256 << 10
	j := open(t, options)
	for i := 0; ; i++ {
		space, err := j.Space()
		if err != nil {
			t.Fatal(err)
		}
		if space.Full != (space.Used >= space.Budget) || space.Full != (space.Reason != "") {
			t.Fatalf("%+v", space)
		}
		if space.Full {
			if !strings.Contains(space.Reason, "budget") {
				t.Fatalf("reason %q", space.Reason)
			}
			break
		}
		if i > 10000 {
			t.Fatal("never full")
		}
		fill(t, j, 1)
	}
	synced(t, j)
	if err := j.CutFront(j.Last() / 2); err != nil {
		t.Fatal(err)
	}
	if space, _ := j.Space(); space.Full {
		t.Fatalf("still full after a cut: %+v", space)
	}
}

func TestSpaceByFilesystemDoesNotFlap(t *testing.T) {
	files := &gauge{total: 1 << 30, free: 1 << 30}
	options := small(t.TempDir())
	options.files, options.Reserve = files, 1000
	j := open(t, options)
	for _, step := range []struct {
		free int64
		full bool
	}{{1000, false}, {999, true}, {1000, true}, {1249, true}, {1250, false}, {1000, false}, {0, true}} {
		files.free = step.free
		space, err := j.Space()
		if err != nil {
			t.Fatal(err)
		}
		if space.Full != step.full || space.Free != step.free || (step.full && !strings.Contains(space.Reason, "room")) {
			t.Fatalf("free %d: %+v", step.free, space)
		}
	}
}

func TestDefaultLimits(t *testing.T) {
	for _, one := range []struct{ total, budget, reserve, segment int64 }{
		{1 << 40, 10 << 30, 256 << 20, 64 << 20},
		{10 << 30, 1 << 30, 256 << 20, 64 << 20},
		{100 << 20, 10 << 20, 5 << 20, 10 << 20 / 8},
		{1 << 20, 1 << 20 / 10, 1 << 20 / 20, 64 << 10},
	} {
		j := &Journal{files: &gauge{total: one.total}}
		if err := j.setLimits(); err != nil {
			t.Fatal(err)
		}
		if got := j.options; got.Budget != one.budget || got.Reserve != one.reserve || got.SegmentBytes != one.segment {
			t.Errorf("disk of %d: budget %d, reserve %d, segment %d", one.total, got.Budget, got.Reserve, got.SegmentBytes)
		}
	}
}

func BenchmarkSpace(b *testing.B) {
	options := small(b.TempDir())
	j := open(b, options)
	fill(b, j, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := j.Space(); err != nil {
			b.Fatal(err)
		}
	}
}

// What is written to files that have no name any more is lost at the end, so nothing more is to be taken.
func TestNoRoomInAJournalThatWasRemoved(t *testing.T) {
	options := small(filepath.Join(t.TempDir(), "journal"))
	j := open(t, options)
	for range 50 { // over several segments
		fill(t, j, 100)
		if space, err := j.Space(); err != nil || space.Full {
			t.Fatalf("%+v, %v", space, err)
		}
	}
	synced(t, j)
	away := options.Directory + ".away"
	if err := os.Rename(options.Directory, away); err != nil {
		t.Fatal(err)
	}
	if space, err := j.Space(); err != nil || !space.Full || !strings.Contains(space.Reason, "was removed while logboom runs") {
		t.Errorf("%+v, %v", space, err)
	}
	if err := os.Rename(away, options.Directory); err != nil {
		t.Fatal(err)
	}
	if space, err := j.Space(); err != nil || space.Full {
		t.Errorf("after it came back: %+v, %v", space, err)
	}
}

// The files go, and a new segment is begun before anybody looks.
func TestNoRoomWhereOlderFilesWereRemoved(t *testing.T) {
	options := small(filepath.Join(t.TempDir(), "journal"))
	j := open(t, options)
	fill(t, j, 100)
	synced(t, j)
	files, err := filepath.Glob(filepath.Join(options.Directory, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	for first := j.tail; j.tail == first; {
		fill(t, j, 10)
	}
	synced(t, j)
	if space, err := j.Space(); err != nil || !space.Full {
		t.Errorf("%+v, %v", space, err)
	}
}
