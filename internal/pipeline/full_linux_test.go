package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/logboom/logboom/rules"
)

// smallDisk is a filesystem of 24 MiB. Where none can be mounted it is a folder, and full means that what is free is less
// than the reserve; a write that fails for want of space is then left to the journal's own tests, which inject it.
type smallDisk struct {
	folder  string
	mounted bool
}

func newSmallDisk(t *testing.T) smallDisk {
	t.Helper()
	d := smallDisk{folder: t.TempDir()}
	if err := unix.Mount("tmpfs", d.folder, "tmpfs", 0, "size=24m"); err != nil {
		t.Logf("no filesystem can be mounted here (%v)", err)
		return d
	}
	d.mounted = true
	t.Cleanup(func() {
		if err := unix.Unmount(d.folder, 0); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d smallDisk) free(t *testing.T) int64 {
	t.Helper()
	var stat unix.Statfs_t
	if err := unix.Statfs(d.folder, &stat); err != nil {
		t.Fatal(err)
	}
	return int64(stat.Bavail) * stat.Bsize
}

// fill takes space until only so much is left, or none is.
func (d smallDisk) fill(t *testing.T, leave int64) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(d.folder, "filler"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for piece := make([]byte, 4096); d.free(t) > leave; {
		if _, err := file.Write(piece); err != nil {
			return
		}
	}
}

func (d smallDisk) empty(t *testing.T) {
	t.Helper()
	if err := os.Remove(filepath.Join(d.folder, "filler")); err != nil {
		t.Fatal(err)
	}
}

func newHouseOn(t *testing.T, disk smallDisk, list ...rules.Rule) *house {
	t.Helper()
	h := &house{TB: t, folder: filepath.Join(disk.folder, "journal")}
	h.rules(list...)
	t.Cleanup(h.close)
	return h
}

func TestNothingIsTakenWhileTheDiskIsNearlyFull(t *testing.T) {
	disk := newSmallDisk(t)
	h := newHouseOn(t, disk, fiveInASecond())
	h.reserve = 8 << 20
	if !disk.mounted {
		h.reserve = disk.free(t) - 64<<20
	}
	h.open()
	disk.fill(t, h.reserve-1<<20)
	until(t, "the journal to be full", func() bool { return h.pipeline.Status().State == StateFull })
	if h.pipeline.Status().Reason == "" {
		t.Error("no reason is given")
	}

	// A sender that gives up takes its batch with it.
	cause := errors.New("connection lost")
	ctx, cancel := context.WithCancelCause(t.Context())
	given := make(chan error, 1)
	go func() { given <- h.pipeline.Handle(ctx, &Batch{Events: burst(time.Now(), 4)}) }()
	until(t, "the batch to wait", func() bool { return h.pipeline.Status().Waiting == 1 })
	cancel(cause)
	if err := <-given; !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}

	// One that stays is taken when there is room.
	taken := make(chan error, 1)
	go func() { taken <- h.pipeline.Handle(t.Context(), &Batch{Events: burst(time.Now(), 5)}) }()
	until(t, "another to wait", func() bool { return h.pipeline.Status().Waiting == 2 })
	select {
	case err := <-taken:
		t.Fatalf("taken on a full disk: %v", err)
	default:
	}
	disk.empty(t)
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	if first := h.next(0)[0]; first.Count != 5 {
		t.Errorf("count %d; the batch that was given up counts", first.Count)
	}
	if status := h.pipeline.Status(); status.State != StateOK {
		t.Errorf("%+v", status)
	}
}

// TestAFailedWriteLosesAndDoublesNothing fills the disk under the writer's feet, again and again, so that appends fail in
// the middle, and then counts.
func TestAFailedWriteLosesAndDoublesNothing(t *testing.T) {
	disk := newSmallDisk(t)
	if !disk.mounted {
		t.Log("covered by injected failures in the journal's tests")
		return
	}
	h := newHouseOn(t, disk, rules.Rule{Name: "all", Window: time.Hour, Threshold: 5})
	h.options.Checkpoint, h.options.Resends = 1<<30, true
	h.open()
	at := time.Now()
	var acknowledged, last atomic.Int64
	stop := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			documents := make([][]byte, 500)
			for i := range documents {
				// Distinct times make records large enough to fill the disk soon.
				offset := last.Add(7919)
				documents[i] = line("a", int(offset), at.Add(time.Duration(offset)), false)
			}
			for range 2 { // as a sender does that lost its connection: the second time counts nothing
				if err := h.pipeline.Handle(t.Context(), &Batch{Events: documents, MayComeAgain: true}); err != nil {
					ended <- err
					return
				}
			}
			acknowledged.Add(int64(len(documents)))
		}
	}()
	for round := range 3 {
		failures := h.pipeline.Stats().CommitFailures
		before := acknowledged.Load()
		until(t, "events to flow", func() bool { return acknowledged.Load() > before })
		disk.fill(t, 4096) // more than the reserve, so that the watcher sees nothing wrong
		until(t, fmt.Sprintf("failure %d, or the watcher to be faster", round), func() bool {
			return h.pipeline.Stats().CommitFailures > failures || h.pipeline.Status().State == StateFull
		})
		if status := h.pipeline.Status(); status.State == StateFailing && status.Reason == "" {
			t.Error("no reason is given")
		}
		disk.empty(t)
	}
	if h.pipeline.Stats().CommitFailures == 0 {
		t.Error("no write failed; the test shows nothing")
	}
	before := acknowledged.Load()
	until(t, "events to flow again", func() bool { return acknowledged.Load() > before })
	close(stop)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want := uint64(acknowledged.Load())
	h.crash()
	h.close()
	h.rules(rules.Rule{Name: "another", Window: time.Second, Threshold: 5})
	h.open() // ends the alert, and with it tells the count
	finish := h.next(1)[0]
	if finish.Count != want {
		t.Errorf("%d events are counted, %d were acknowledged", finish.Count, want)
	}
}
