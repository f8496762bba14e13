package journal

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

// fillUp appends and syncs until an error, and returns the last sequence that Sync acknowledged.
func fillUp(t testing.TB, j *Journal, size int) (acknowledged uint64, err error) {
	t.Helper()
	record := make([]byte, size)
	acknowledged = j.Durable()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if _, err = j.Append(record); err != nil {
			return acknowledged, err
		}
		if acknowledged, err = j.Sync(); err != nil {
			return j.Durable(), err
		}
	}
	t.Fatal("the disk never ran full")
	return 0, nil
}

func count(t testing.TB, j *Journal, from uint64, size int) (records uint64) {
	t.Helper()
	for record, err := range j.Records(from) {
		if err != nil || len(record.Payload) != size || record.Sequence != from+records {
			t.Fatalf("record %d after %d: %v", record.Sequence, records, err)
		}
		records++
	}
	return records
}

// surviveFullDisk fills a disk, makes room by room, and checks that nothing acknowledged is lost on the way.
func surviveFullDisk(t *testing.T, options Options, room func()) {
	t.Helper()
	const size = 20000
	j := open(t, options)
	acknowledged, err := fillUp(t, j, size)
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrFailed) || acknowledged == 0 {
		t.Fatalf("after %d: %v", acknowledged, err)
	}
	for range 1000 {
		if _, err := j.Append(nil); !errors.Is(err, ErrFailed) || !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("append in a failed journal: %v", err)
		}
		if durable, err := j.Sync(); !errors.Is(err, ErrFailed) || durable != acknowledged {
			t.Fatalf("sync in a failed journal: %d, %v", durable, err)
		}
	}
	if read := count(t, j, 1, size); read != acknowledged {
		t.Fatalf("%d records can be read on the full disk, %d were acknowledged", read, acknowledged)
	}
	start := time.Now()
	for range 10 {
		if j.Recover() == nil {
			// What the cut gave back was enough to begin; then it must run full again, not lose anything.
			var again uint64
			if again, err = fillUp(t, j, size); again < acknowledged || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("after %d: %v", again, err)
			}
			acknowledged = again
		}
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Fatalf("recovering ten times on a full disk took %s", took)
	}
	room()
	if err := j.Recover(); err != nil {
		t.Fatalf("recover with room: %v", err)
	}
	first := j.First()
	if sequence, err := j.Append(make([]byte, size)); err != nil || sequence != acknowledged+1 {
		t.Fatalf("append after recovery: %d, %v", sequence, err)
	}
	synced(t, j)
	if read := count(t, j, first, size); read != acknowledged+1-first+1 {
		t.Fatalf("%d records are left of %d", read, acknowledged+1)
	}
	closed(t, j)
	j = open(t, options)
	if j.Last() != acknowledged+1 || j.Salvage() != nil {
		t.Fatalf("after reopening: last %d, salvage %+v", j.Last(), j.Salvage())
	}
	if read := count(t, j, first, size); read != acknowledged+1-first+1 {
		t.Fatalf("%d records are left after reopening", read)
	}
}

func TestFullDiskInjected(t *testing.T) {
	injected := &faults{}
	options := small(t.TempDir())
	options.SegmentBytes, options.files = 256<<10, injected
	injected.room.Store(3 << 20)
	injected.limited.Store(true)
	surviveFullDisk(t, options, func() { injected.limited.Store(false) })
}

func TestFullDiskReal(t *testing.T) {
	directory, mounted := mountSmall(t, "24m")
	if !mounted {
		return // TestFullDiskInjected runs always
	}
	ballast := directory + "/.ballast"
	if err := os.WriteFile(ballast, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	options := small(directory)
	options.SegmentBytes = 2 << 20
	surviveFullDisk(t, options, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCutMakesRoomOnFullDisk has no room but what the journal itself takes.
func TestCutMakesRoomOnFullDisk(t *testing.T) {
	directory, mounted := mountSmall(t, "16m")
	if !mounted {
		return // TestFullDiskInjected runs always
	}
	options := small(directory)
	options.SegmentBytes = 1 << 20
	j := open(t, options)
	acknowledged, _ := fillUp(t, j, 20000)
	if err := j.CutFront(acknowledged / 2); err != nil {
		t.Fatalf("cut: %v", err)
	}
	if err := j.Recover(); err != nil {
		t.Fatalf("recover: %v", err)
	}
	again, _ := fillUp(t, j, 20000)
	if again <= acknowledged || count(t, j, j.First(), 20000) != again-j.First()+1 {
		t.Fatalf("acknowledged %d, then %d", acknowledged, again)
	}
}

// TestStateOnFullDisk fills a disk with state: each error leaves what was stored before, and it goes on with room.
func TestStateOnFullDisk(t *testing.T) {
	directory, mounted := mountSmall(t, "8m")
	if !mounted {
		return // TestStateCommitFails runs always
	}
	ballast := directory + "/.ballast"
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, small(directory))
	stored, start := 0, time.Now()
	var failure error
	for ; stored < 1000 && failure == nil; stored++ {
		failure = j.Update(func(tx *Tx) error { return tx.PutTransition(uint64(stored+1), make([]byte, 50000)) })
	}
	stored--
	if failure == nil || time.Since(start) > 20*time.Second {
		t.Fatalf("after %d: %v", stored, failure)
	}
	for range 5 {
		if err := j.Update(func(tx *Tx) error { return tx.PutTransition(9999, make([]byte, 500000)) }); err == nil {
			t.Fatal("stored on a full disk")
		}
	}
	check := func() {
		t.Helper()
		err := j.View(func(tx *Tx) error {
			found, err := tx.Transitions(0, 10000)
			if len(found) != stored {
				t.Fatalf("%d transitions, want %d", len(found), stored)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	stored++
	if err := j.Update(func(tx *Tx) error { return tx.PutTransition(uint64(stored), make([]byte, 50000)) }); err != nil {
		t.Fatalf("with room: %v", err)
	}
	check()
	closed(t, j)
	j = open(t, small(directory))
	check()
	if j.Salvage() != nil {
		t.Fatalf("salvaged: %+v", j.Salvage())
	}
}

// TestSegmentsFitSmallDisk asks for a segment that is larger than the disk: it gets smaller ones.
func TestSegmentsFitSmallDisk(t *testing.T) {
	injected := &faults{}
	options := small(t.TempDir())
	options.SegmentBytes, options.files = 64<<20, injected
	injected.room.Store(3 << 20)
	injected.limited.Store(true)
	j := open(t, options)
	if acknowledged, err := fillUp(t, j, 20000); acknowledged < 100 || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("after %d: %v", acknowledged, err)
	}
	if directory, mounted := mountSmall(t, "24m"); mounted {
		options.Directory, options.files = directory, nil
		j = open(t, options)
		if acknowledged, err := fillUp(t, j, 20000); acknowledged < 700 || !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("after %d: %v", acknowledged, err)
		}
	}
}

// TestUnprovenRecordsAreWrittenAgain opens what a killed process left: whether the disk has it is not known, so it must
// be written and synced before it counts as durable.
func TestUnprovenRecordsAreWrittenAgain(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	fill(t, j, 10)
	synced(t, j)
	options := small(t.TempDir())
	copyDirectory(t, directory, options.Directory)
	injected := &faults{}
	options.files = injected
	injected.failSync.Store(true)
	if _, err := Open(options); !errors.Is(err, syscall.EIO) {
		t.Fatalf("opened what could not be synced: %v", err)
	}
	injected.failSync.Store(false)
	injected.writes.Store(0)
	j = open(t, options)
	if injected.writes.Load() == 0 {
		t.Fatal("nothing was written again")
	}
	wantAll(t, j, 1, 10)
	closed(t, j)
	injected.writes.Store(0)
	if open(t, options); injected.writes.Load() != 0 {
		t.Fatal("what is known to be durable was written again")
	}
}

// TestShortWrite lets half a record through: it is never seen, neither here nor after a restart without recovery.
func TestShortWrite(t *testing.T) {
	directory := t.TempDir()
	injected := &faults{}
	options := small(directory)
	options.files, options.SegmentBytes = injected, 1<<20
	j := open(t, options)
	fill(t, j, 10)
	synced(t, j)
	injected.room.Store(100)
	injected.limited.Store(true)
	if _, err := j.Append(make([]byte, 5000)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	wantAll(t, j, 1, 10)
	copied := t.TempDir()
	copyDirectory(t, directory, copied)
	again := open(t, small(copied))
	wantAll(t, again, 1, 10)
	if again.Salvage() != nil {
		t.Fatalf("salvaged: %+v", again.Salvage())
	}
	injected.limited.Store(false)
	if err := j.Recover(); err != nil {
		t.Fatal(err)
	}
	fill(t, j, 10)
	synced(t, j)
	wantAll(t, j, 1, 20)
}

// TestFailedSync cuts what may not be on disk, however good it looks in the page cache.
func TestFailedSync(t *testing.T) {
	injected := &faults{}
	options := small(t.TempDir())
	options.files = injected
	j := open(t, options)
	fill(t, j, 10)
	synced(t, j)
	fill(t, j, 100)
	injected.failSync.Store(true)
	if durable, err := j.Sync(); !errors.Is(err, syscall.EIO) || !errors.Is(err, ErrFailed) || durable != 10 {
		t.Fatalf("durable %d, %v", durable, err)
	}
	if err := j.Recover(); err == nil {
		t.Fatal("recovered although the disk still fails")
	}
	injected.failSync.Store(false)
	if _, err := j.Sync(); !errors.Is(err, ErrFailed) {
		t.Fatalf("sync without recovery: %v", err)
	}
	if err := j.Recover(); err != nil {
		t.Fatal(err)
	}
	if j.Last() != 10 || j.Durable() != 10 || len(segmentFiles(t, options.Directory)) != 2 {
		t.Fatalf("last %d, durable %d, segments %v", j.Last(), j.Durable(), segmentFiles(t, options.Directory))
	}
	fill(t, j, 5)
	synced(t, j)
	wantAll(t, j, 1, 15)
	if stats := j.Stats(); stats.Failures != 1 || stats.Recoveries != 1 {
		t.Fatalf("%+v", stats)
	}
}

func TestRecoverOfNothing(t *testing.T) {
	injected := &faults{}
	options := small(t.TempDir())
	options.files = injected
	j := open(t, options)
	if err := j.Recover(); err != nil {
		t.Fatal(err)
	}
	fill(t, j, 50)
	injected.failSync.Store(true)
	if _, err := j.Sync(); err == nil {
		t.Fatal("synced")
	}
	injected.failSync.Store(false)
	if err := j.Recover(); err != nil {
		t.Fatal(err)
	}
	if j.Last() != 0 || j.First() != 1 {
		t.Fatalf("first %d, last %d", j.First(), j.Last())
	}
	fill(t, j, 3)
	synced(t, j)
	wantAll(t, j, 1, 3)
}
