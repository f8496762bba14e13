package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// disk is where logboom keeps its data. It can be filled.
type disk struct {
	folder string
	// how says what kind of disk it is, and how it is filled, for the report.
	how     string
	mounted bool
	// reserve is how many bytes logboom is told to leave free.
	reserve int64
	// share is what a file takes that fills a disk which others use, too; 0 where it takes all there is.
	share int64
	// full says that it is, and freed when it was no more, in nanoseconds since 1970.
	full  atomic.Bool
	freed atomic.Int64
}

const (
	// mountedSize is the size of a disk that is made for the run, mountedReserve what logboom leaves free on it.
	mountedSize    = 192 << 20
	mountedReserve = 8 << 20
	// sharedMargin is how much others may write to a disk, or free, without changing what a run sees.
	sharedMargin = 1 << 30
)

// newDisk mounts a small tmpfs. Where that is refused, the disk is the one that the folder is on, and logboom is told to leave
// most of it free, so that a file makes it full in logboom's eyes and nobody else's.
func newDisk(folder string) (*disk, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make folder of data: %w", err)
	}
	refused := syscall.Mount("chaos", folder, "tmpfs", 0, fmt.Sprintf("size=%d", mountedSize))
	if refused == nil {
		return &disk{
			folder: folder, mounted: true, reserve: mountedReserve,
			how: fmt.Sprintf("tmpfs of %d MiB, filled to its last byte", mountedSize>>20),
		}, nil
	}
	var there syscall.Statfs_t
	if err := syscall.Statfs(folder, &there); err != nil {
		return nil, fmt.Errorf("find the room on the disk: %w", err)
	}
	free := int64(there.Bavail) * there.Bsize //nolint:gosec // no disk is so large
	if free < 4*sharedMargin {
		return nil, fmt.Errorf("mount tmpfs for logboom's data: %w; and without it %d bytes free are needed, there are %d",
			refused, 4*sharedMargin, free)
	}
	return sharedDisk(folder, free, refused), nil
}

// sharedDisk chooses the reserve so that logboom goes on once the file is gone: it does when a quarter more than the reserve is
// free.
func sharedDisk(folder string, free int64, refused error) *disk {
	reserve := (free - sharedMargin) / 5 * 4
	share := free - reserve + sharedMargin
	return &disk{
		folder: folder, reserve: reserve, share: share,
		how: fmt.Sprintf("the disk of the folder (a tmpfs: %v), which a file of %d MiB fills beyond the journal's reserve",
			refused, share>>20),
	}
}

// fill writes a file that takes all room, and again where others gave some back, until the time is over.
func (d *disk) fill(until <-chan struct{}) (int64, error) {
	path := filepath.Join(d.folder, "eater")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return 0, fmt.Errorf("fill disk: %w", err)
	}
	d.full.Store(true)
	eaten := int64(0)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for done := false; !done; {
		n, err := d.eat(file)
		eaten += n
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			return eaten, errors.Join(fmt.Errorf("fill disk: %w", err), d.free(file, path))
		}
		select {
		case <-ticker.C:
		case <-until:
			done = true
		}
	}
	return eaten, d.free(file, path)
}

func (d *disk) free(file *os.File, path string) error {
	err := errors.Join(file.Close(), os.Remove(path))
	d.freed.Store(time.Now().UnixNano())
	d.full.Store(false)
	return err
}

// eat writes until there is no room, down to the last byte, or takes its share.
func (d *disk) eat(file *os.File) (int64, error) {
	if d.share > 0 {
		return 0, syscall.Fallocate(int(file.Fd()), 0, 0, d.share) //nolint:gosec // it fits
	}
	return eatAll(file)
}

func eatAll(file *os.File) (int64, error) {
	eaten := int64(0)
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		piece := make([]byte, size)
		for {
			n, err := file.Write(piece)
			eaten += int64(n)
			if err != nil && size == 1 {
				return eaten, err
			}
			if err != nil {
				break
			}
		}
	}
	return eaten, nil
}

// wasFull tells whether the disk is full, or was a moment ago.
func (d *disk) wasFull() bool {
	return d.full.Load() || time.Since(time.Unix(0, d.freed.Load())) < 5*time.Second
}

func (d *disk) unmount() error {
	if !d.mounted {
		return nil
	}
	if err := syscall.Unmount(d.folder, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", d.folder, err)
	}
	return nil
}
