package journal

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
)

func TestRecordsSurviveReopening(t *testing.T) {
	directory := t.TempDir()
	for range 5 {
		j := open(t, small(directory))
		first := j.Last() + 1
		fill(t, j, 40)
		synced(t, j)
		wantAll(t, j, 1, first+39)
		closed(t, j)
	}
	j := open(t, small(directory))
	if j.Salvage() != nil {
		t.Fatalf("salvaged: %+v", j.Salvage())
	}
	wantAll(t, j, 1, 200)
	if got, _ := read(t, j, 150); len(got) != 51 || got[0] != 150 {
		t.Fatalf("from 150: %v", got)
	}
	if got, _ := read(t, j, 201); len(got) != 0 {
		t.Fatalf("behind the end: %v", got)
	}
}

func TestOnlyDurableRecordsAreRead(t *testing.T) {
	j := open(t, small(t.TempDir()))
	fill(t, j, 30)
	if got, _ := read(t, j, 1); len(got) != 0 {
		t.Fatalf("read %v before any sync", got)
	}
	synced(t, j)
	fill(t, j, 30)
	wantAll(t, j, 1, 30)
	synced(t, j)
	wantAll(t, j, 1, 60)
}

func TestKilledWithoutClose(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	fill(t, j, 50)
	synced(t, j)
	fill(t, j, 7)
	copied := t.TempDir()
	copyDirectory(t, directory, copied)
	again := open(t, small(copied))
	// The page cache survives the death of a process, so even what was not synced is there.
	wantAll(t, again, 1, 57)
	if again.Salvage() != nil || again.Durable() != 57 {
		t.Fatalf("durable %d, salvage %+v", again.Durable(), again.Salvage())
	}
}

func TestRecordSizes(t *testing.T) {
	options := small(t.TempDir())
	options.SegmentBytes = 64 << 10
	j := open(t, options)
	sizes := []int{0, 1, 7, 8, 9, 64<<10 - 96, 64 << 10, 300 << 10, 5 << 20, 3}
	for _, size := range sizes {
		if _, err := j.Append(bytes.Repeat([]byte{byte(size)}, size)); err != nil {
			t.Fatal(err)
		}
	}
	synced(t, j)
	closed(t, j)
	j = open(t, options)
	i := 0
	for record, err := range j.Records(1) {
		if err != nil || len(record.Payload) != sizes[i] {
			t.Fatalf("record %d: %d bytes, %v", i, len(record.Payload), err)
		}
		i++
	}
	if i != len(sizes) {
		t.Fatalf("%d records", i)
	}
}

func TestTooLargeRecordLeavesTheJournalUsable(t *testing.T) {
	j := open(t, small(t.TempDir()))
	if _, err := j.Append(make([]byte, MaxRecordBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("got %v", err)
	}
	fill(t, j, 3)
	synced(t, j)
	wantAll(t, j, 1, 3)
}

func TestClosedJournal(t *testing.T) {
	j := open(t, small(t.TempDir()))
	closed(t, j)
	closed(t, j)
	_, appendError := j.Append(nil)
	_, syncError := j.Sync()
	for name, err := range map[string]error{
		"append": appendError, "sync": syncError, "cut": j.CutFront(1), "recover": j.Recover(),
		"update": j.Update(func(*Tx) error { return nil }), "view": j.View(func(*Tx) error { return nil }),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	options := small(t.TempDir())
	options.SegmentBytes = 16 << 20
	j := open(t, options)
	record := make([]byte, 2000)
	count := testing.AllocsPerRun(1000, func() {
		if _, err := j.Append(record); err != nil {
			t.Fatal(err)
		}
	})
	if count != 0 {
		t.Fatalf("%v allocations a record", count)
	}
}

// TestEverythingAtOnce appends, syncs and reads at the same time: every record is read once, in order.
func TestEverythingAtOnce(t *testing.T) {
	const total = 20000
	j := open(t, small(t.TempDir()))
	var group sync.WaitGroup
	failed := make(chan error, 10)
	done := make(chan struct{})
	for range 3 {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := j.Sync(); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for range 2 {
		group.Go(func() {
			next := uint64(1)
			for next <= total && len(failed) == 0 {
				for record, err := range j.Records(next) {
					if err != nil || record.Sequence != next || !bytes.Equal(record.Payload, payload(next)) {
						failed <- fmt.Errorf("record %d instead of %d: %w", record.Sequence, next, err)
						return
					}
					next++
				}
				runtime.Gosched()
			}
		})
	}
	fill(t, j, total)
	synced(t, j)
	close(done)
	group.Wait()
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
}

// TestCutUnderLoad cuts right behind a reader while records are appended and synced.
func TestCutUnderLoad(t *testing.T) {
	const total = 20000
	directory := t.TempDir()
	j := open(t, small(directory))
	var group sync.WaitGroup
	var failure error
	group.Go(func() {
		next := uint64(1)
		for next <= total && failure == nil {
			for record, err := range j.Records(next) {
				if err != nil || record.Sequence != next {
					failure = fmt.Errorf("record %d instead of %d: %w", record.Sequence, next, err)
					return
				}
				next++
			}
			if failure = j.CutFront(next); failure != nil {
				return
			}
		}
	})
	// A second reader is far behind, so records are cut away under it: it may skip, and must not fail or go back.
	group.Go(func() {
		last := uint64(0)
		for last < total {
			for record, err := range j.Records(last + 1) {
				if err != nil || record.Sequence <= last || !bytes.Equal(record.Payload, payload(record.Sequence)) {
					t.Errorf("record %d after %d: %v", record.Sequence, last, err)
					return
				}
				last = record.Sequence
				runtime.Gosched()
			}
		}
	})
	for i := range total {
		fill(t, j, 1)
		if i%10 == 9 {
			synced(t, j)
		}
	}
	group.Wait()
	if failure != nil {
		t.Fatal(failure)
	}
	if files := segmentFiles(t, directory); len(files) > 2 {
		t.Fatalf("%d segments are left", len(files))
	}
	first := j.First()
	closed(t, j)
	j = open(t, small(directory))
	if j.First() != first || j.Last() != total || j.Salvage() != nil {
		t.Fatalf("first %d, want %d; last %d; salvage %+v", j.First(), first, j.Last(), j.Salvage())
	}
	wantAll(t, j, first, total)
}

func TestCutFrontKeepsWhatIsAsked(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	fill(t, j, 200)
	synced(t, j)
	for _, before := range []uint64{0, 1, 50, 51, 120, 10} {
		if err := j.CutFront(before); err != nil {
			t.Fatal(err)
		}
		if j.First() > max(before, 1) && j.First() > 120 {
			t.Fatalf("cut before %d, first is %d", before, j.First())
		}
		wantAll(t, j, j.First(), 200)
	}
	if j.First() < 100 {
		t.Fatalf("first is %d: nothing was cut", j.First())
	}
	// Even when everything may go, the sequences go on after a restart.
	if err := j.CutFront(1000); err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	j = open(t, small(directory))
	fill(t, j, 1)
	if j.Last() != 201 {
		t.Fatalf("last is %d", j.Last())
	}
}

func TestStats(t *testing.T) {
	j := open(t, small(t.TempDir()))
	fill(t, j, 100)
	synced(t, j)
	if err := j.CutFront(60); err != nil {
		t.Fatal(err)
	}
	stats := j.Stats()
	if stats.Appended != 100 || stats.Syncs != 1 || stats.SegmentsCut == 0 || stats.Durable != 100 ||
		stats.First != j.First() || stats.SyncTime <= 0 || stats.AppendedBytes == 0 || stats.Failed {
		t.Fatalf("%+v", stats)
	}
}
