package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

func putCheckpoint(t testing.TB, j *Journal, size int) {
	t.Helper()
	update(t, j, func(tx *Tx) error { return tx.PutCheckpoint(Checkpoint{j.Durable(), big(size)}) })
}

// holdsCheckpoint checks the checkpoint, and what stands beside it.
func holdsCheckpoint(t testing.TB, j *Journal, size int) {
	t.Helper()
	view(t, j, func(tx *Tx) error {
		got, ok, err := tx.Checkpoint()
		if !ok || err != nil || !bytes.Equal(got.State, big(size)) {
			t.Fatalf("checkpoint of %d bytes, want %d: %v, %v", len(got.State), size, ok, err)
		}
		value, _, err := tx.Value("beside")
		if string(value) != "it" {
			t.Fatalf("value %q", value)
		}
		return err
	})
}

func stateBytes(t testing.TB, directory string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(directory, stateName))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func mustSpace(t testing.TB, j *Journal) Space {
	t.Helper()
	space, err := j.Space()
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// TestLargeCheckpointLeavesRoom has checkpoints of three quarters of the budget: a journal that holds nothing else is
// not full, however often they are replaced.
func TestLargeCheckpointLeavesRoom(t *testing.T) {
	options := Options{Directory: t.TempDir(), Budget: 16 << 20, Reserve: 1}
	j := open(t, options)
	for round := range 6 {
		for !mustSpace(t, j).Full {
			if _, err := j.Append(make([]byte, 100_000)); err != nil {
				t.Fatal(err)
			}
		}
		synced(t, j)
		putCheckpoint(t, j, 12<<20)
		if err := j.CutFront(j.Last() + 1); err != nil {
			t.Fatal(err)
		}
		space := mustSpace(t, j)
		if space.Full || space.Used > 13<<20 || space.State < 12<<20 || j.First() != j.Last()+1 {
			t.Fatalf("round %d: %+v, first %d, last %d", round, space, j.First(), j.Last())
		}
		if size := stateBytes(t, options.Directory); size > 27<<20 {
			t.Fatalf("round %d: the file takes %d bytes", round, size)
		}
		if round%2 == 0 {
			closed(t, j)
			j = open(t, options)
			if j.Salvage() != nil {
				t.Fatalf("salvaged %+v", j.Salvage())
			}
		}
	}
}

// TestStateFillsBudget has a checkpoint that leaves no room at all: the reason says so, until it shrinks.
func TestStateFillsBudget(t *testing.T) {
	options := Options{Directory: t.TempDir(), Budget: 16 << 20, Reserve: 1}
	j := open(t, options)
	fill(t, j, 10)
	synced(t, j)
	putCheckpoint(t, j, 17<<20)
	for range 3 {
		if err := j.CutFront(j.Last() + 1); err != nil {
			t.Fatal(err)
		}
		space := mustSpace(t, j)
		if !space.Full || !space.LeavesNoLog() || !strings.Contains(space.Reason, "raise journal.budget to at least") {
			t.Fatalf("%+v", space)
		}
	}
	putCheckpoint(t, j, 14<<20)
	if space := mustSpace(t, j); space.Full {
		t.Fatalf("still full with a checkpoint that fits: %+v", space)
	}
}

// TestFullJournalRestartsWithRoom closes a full journal whose only segment is not needed any more.
func TestFullJournalRestartsWithRoom(t *testing.T) {
	options := small(t.TempDir())
	options.SegmentBytes, options.Budget = 1<<20, 256<<10
	j := open(t, options)
	for !mustSpace(t, j).Full {
		fill(t, j, 1)
	}
	closed(t, j)
	j = open(t, options)
	last := j.Last()
	if !mustSpace(t, j).Full {
		t.Fatal("not full")
	}
	if err := j.CutFront(last); err != nil || j.First() != 1 || len(segmentFiles(t, options.Directory)) != 1 {
		t.Fatalf("cut what was needed: first %d, %v", j.First(), err)
	}
	if err := j.CutFront(last + 1); err != nil {
		t.Fatal(err)
	}
	if mustSpace(t, j).Full || j.First() != last+1 || len(segmentFiles(t, options.Directory)) != 1 {
		t.Fatalf("first %d of %d, %v", j.First(), last, segmentFiles(t, options.Directory))
	}
	copied := small(t.TempDir())
	copyDirectory(t, options.Directory, copied.Directory)
	again := open(t, copied) // as after a kill
	if again.Last() != last || again.Salvage() != nil {
		t.Fatalf("last %d, want %d; salvaged %+v", again.Last(), last, again.Salvage())
	}
	fill(t, j, 5)
	synced(t, j)
	wantAll(t, j, last+1, last+5)
}

// TestRenewedSegmentFailsToSync keeps what says where the sequences go on.
func TestRenewedSegmentFailsToSync(t *testing.T) {
	injected := &faults{}
	options := small(t.TempDir())
	options.SegmentBytes, options.Budget, options.files = 1<<20, 64<<10, injected
	j := open(t, options)
	for !mustSpace(t, j).Full {
		fill(t, j, 1)
	}
	synced(t, j)
	last := j.Last()
	injected.failSync.Store(true)
	if err := j.CutFront(last + 1); !errors.Is(err, ErrFailed) || j.First() != 1 {
		t.Fatalf("first %d, %v", j.First(), err)
	}
	injected.failSync.Store(false)
	if err := j.Recover(); err != nil {
		t.Fatal(err)
	}
	if err := j.CutFront(last + 1); err != nil || j.First() != last+1 {
		t.Fatalf("first %d, %v", j.First(), err)
	}
	fill(t, j, 5)
	synced(t, j)
	wantAll(t, j, last+1, last+5)
}

// stages is the disk, and takes a copy of the journal at each point of a compaction where a crash could come.
type stages struct {
	disk
	t         testing.TB
	directory string
	copies    []string
	// fails is the stage that fails with ENOSPC, and with nothing but that; counted from 1.
	fails int
	stage int
	on    atomic.Bool
}

// at marks a stage and returns its error.
func (s *stages) at() error {
	if !s.on.Load() {
		return nil
	}
	copied := filepath.Join(s.t.TempDir(), "copy")
	copyDirectory(s.t, s.directory, copied)
	s.copies = append(s.copies, copied)
	if s.stage++; s.stage == s.fails {
		return syscall.ENOSPC
	}
	return nil
}

func (s *stages) Compact(to, from *bbolt.DB) error {
	if s.on.Load() {
		// Half of it: a bucket, and no more.
		err := to.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucket([]byte("half"))
			return errors.Join(err, bucket.Put([]byte("key"), big(100_000)))
		})
		if err = errors.Join(err, s.at()); err != nil {
			return err
		}
		err = to.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("half")) })
		if err != nil {
			return err
		}
	}
	return errors.Join(s.disk.Compact(to, from), s.at())
}

func (s *stages) Rename(from, to string) error {
	if err := s.at(); err != nil {
		return err
	}
	return errors.Join(s.disk.Rename(from, to), s.at())
}

func (s *stages) SyncDirectory(name string) error {
	if err := s.at(); err != nil {
		return err
	}
	return s.disk.SyncDirectory(name)
}

const compactStages = 5

// shrink makes a journal whose checkpoint shrinks, so that its file is compacted.
func shrink(t *testing.T, fails int) (*Journal, *stages) {
	t.Helper()
	options := small(t.TempDir())
	files := &stages{t: t, directory: options.Directory, fails: fails}
	options.files = files
	j := open(t, options)
	fill(t, j, 10)
	synced(t, j)
	update(t, j, func(tx *Tx) error { return tx.PutValue("beside", []byte("it")) })
	putCheckpoint(t, j, 8<<20)
	files.on.Store(true)
	putCheckpoint(t, j, 1<<20)
	files.on.Store(false)
	return j, files
}

func TestCompaction(t *testing.T) {
	j, files := shrink(t, 0)
	if size := stateBytes(t, files.directory); size > 3<<20 || len(files.copies) != compactStages {
		t.Fatalf("the file has %d bytes, %d stages", size, len(files.copies))
	}
	holdsCheckpoint(t, j, 1<<20)
	putCheckpoint(t, j, 2<<20)
	closed(t, j)
	// A crash at any stage, with what it left over.
	for i, directory := range files.copies {
		for round := range 2 {
			again := open(t, small(directory))
			if again.Salvage() != nil {
				t.Fatalf("stage %d, round %d: salvaged %+v", i, round, again.Salvage().State)
			}
			holdsCheckpoint(t, again, 1<<20)
			wantAll(t, again, 1, 10)
			if size := stateBytes(t, directory); size > 3<<20 {
				t.Fatalf("stage %d: %d bytes after opening", i, size)
			}
			if _, err := os.Stat(filepath.Join(directory, stateName+freshSuffix)); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("stage %d: left over: %v", i, err)
			}
			closed(t, again)
		}
	}
}

// TestCompactionFails lets each stage fail: what was stored stays, and what comes then is stored, too.
func TestCompactionFails(t *testing.T) {
	for fails := 1; fails <= compactStages; fails++ {
		t.Run(fmt.Sprint(fails), func(t *testing.T) {
			j, files := shrink(t, fails)
			holdsCheckpoint(t, j, 1<<20)
			putCheckpoint(t, j, 500_000)
			holdsCheckpoint(t, j, 500_000)
			if _, err := os.Stat(filepath.Join(files.directory, stateName+freshSuffix)); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("left over: %v", err)
			}
			j.state.compactFailed = time.Time{}
			putCheckpoint(t, j, 1<<20)
			if size := stateBytes(t, files.directory); size > 6<<20 {
				t.Fatalf("not compacted later: %d bytes", size)
			}
			closed(t, j)
			j = open(t, small(files.directory))
			holdsCheckpoint(t, j, 1<<20)
			if j.Salvage() != nil {
				t.Fatalf("salvaged %+v", j.Salvage().State)
			}
		})
	}
}

// TestCompactionOnFullDisk has no room for the copy.
func TestCompactionOnFullDisk(t *testing.T) {
	directory, mounted := mountSmall(t, "24m")
	if !mounted {
		return // TestCompactionFails runs always
	}
	j := open(t, small(directory))
	update(t, j, func(tx *Tx) error { return tx.PutValue("beside", []byte("it")) })
	putCheckpoint(t, j, 16<<20)
	ballast, err := os.Create(filepath.Join(directory, ".ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = ballast.Write(make([]byte, 64<<10))
	}
	_ = ballast.Truncate(1 << 20)
	_ = ballast.Close()
	// Whatever is stored in place of the large one may fail for lack of room, or not; nothing may be lost.
	size := 16 << 20
	for next := 6 << 20; next > 1<<20; next /= 2 {
		err := j.Update(func(tx *Tx) error { return tx.PutCheckpoint(Checkpoint{j.Durable(), big(next)}) })
		if err == nil {
			size = next
		}
		holdsCheckpoint(t, j, size)
	}
	if err := os.Remove(ballast.Name()); err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	j = open(t, small(directory))
	holdsCheckpoint(t, j, size)
}

// TestSteadyCheckpointsAreNotCompacted writes each byte once: a file with room for one more checkpoint is as it should be.
func TestSteadyCheckpointsAreNotCompacted(t *testing.T) {
	options := small(t.TempDir())
	files := &stages{t: t, directory: options.Directory}
	options.files = files
	j := open(t, options)
	files.on.Store(true)
	for i := range 10 {
		putCheckpoint(t, j, 10<<20+i%2*(2<<20))
	}
	files.on.Store(false)
	if len(files.copies) > 0 {
		t.Fatalf("compacted, %d stages", len(files.copies))
	}
}
