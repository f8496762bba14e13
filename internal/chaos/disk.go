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

// disk is where logboom keeps its data and writes files. It can be full.
type disk struct {
	folder string
	// how says what kind of disk it is, and how it is full, for the report.
	how     string
	mounted bool
	// mark is a file while which is there the disk is full in the eyes of a logboom that was built with tag; empty where the disk
	// is filled indeed.
	mark string
	// full says that it is, and freed when it was no more, in nanoseconds since 1970.
	full  atomic.Bool
	freed atomic.Int64
}

const (
	// mountedSize is the size of a disk that is made for the run, reserve what logboom leaves free on it.
	mountedSize = 320 << 20
	reserve     = 8 << 20
	// diskTag builds a logboom whose disk can be full although it is not, markVariable names the file that makes it so: see
	// internal/journal/filesystem_full.go.
	diskTag      = "diskfull"
	markVariable = "LOGBOOM_DISK_FULL"
)

// newDisk mounts a small tmpfs. Where that is refused, or is not to be tried, the disk is the one that the folder is on, and
// logboom is told that it is full.
func newDisk(folder string, inject bool) (*disk, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make folder of the disk: %w", err)
	}
	why := "as asked for"
	if !inject {
		refused := syscall.Mount("chaos", folder, "tmpfs", 0, fmt.Sprintf("size=%d", mountedSize))
		if refused == nil {
			return &disk{folder: folder, mounted: true, how: fmt.Sprintf("tmpfs of %d MiB, filled to its last byte", mountedSize>>20)}, nil
		}
		why = fmt.Sprintf("to mount a tmpfs: %v", refused)
	}
	return &disk{
		folder: folder, mark: folder + ".full",
		how: fmt.Sprintf("the disk of the folder, where the journal gets injected ENOSPC (%s)", why),
	}, nil
}

// tags are what logboom has to be built with.
func (d *disk) tags() string {
	if d.mark == "" {
		return ""
	}
	return diskTag
}

// environment is what logboom has to be started with.
func (d *disk) environment() []string {
	if d.mark == "" {
		return nil
	}
	return []string{markVariable + "=" + d.mark}
}

// fill makes the disk full until the time is over: by a file that takes all room, and again where others gave some back.
func (d *disk) fill(until <-chan struct{}) (int64, error) {
	path := filepath.Join(d.folder, "eater")
	if d.mark != "" {
		path = d.mark
	}
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

// eat writes until there is no room, down to the last byte.
func (d *disk) eat(file *os.File) (int64, error) {
	if d.mark != "" {
		return 0, nil // that the file is there is enough
	}
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
