//go:build diskfull

package journal

import (
	"io/fs"
	"os"
	"syscall"

	"go.etcd.io/bbolt"
)

// operatingSystem is the filesystem of a journal whose options name no other: in a build with the tag diskfull one that is full
// while the file is there that LOGBOOM_DISK_FULL names. make chaos needs it where it may not mount a small disk.
func operatingSystem() filesystem { return fullable{mark: os.Getenv("LOGBOOM_DISK_FULL")} }

type fullable struct {
	disk
	mark string
}

// check returns what a full disk answers.
func (f fullable) check() error {
	if _, err := os.Stat(f.mark); err != nil {
		return nil
	}
	return syscall.ENOSPC
}

func (f fullable) OpenFile(name string, flag int, mode fs.FileMode) (file, error) {
	if _, err := os.Stat(name); err != nil && flag&os.O_CREATE != 0 {
		if err := f.check(); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	opened, err := f.disk.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return fullableFile{opened, f}, nil
}

func (f fullable) Usage(directory string) (total, free int64, err error) {
	total, free, err = f.disk.Usage(directory)
	if f.check() != nil {
		free = 0
	}
	return total, free, err
}

func (f fullable) Commit(tx *bbolt.Tx) error {
	if err := f.check(); err != nil {
		return err
	}
	return f.disk.Commit(tx)
}

func (f fullable) Compact(to, from *bbolt.DB) error {
	if err := f.check(); err != nil {
		return err
	}
	return f.disk.Compact(to, from)
}

type fullableFile struct {
	file
	on fullable
}

func (f fullableFile) Preallocate(size int64) error {
	if err := f.on.check(); err != nil {
		return err
	}
	return f.file.Preallocate(size)
}

// WriteAt writes half of it, as where the room ends in the middle.
func (f fullableFile) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.on.check(); err != nil {
		n, _ := f.file.WriteAt(p[:len(p)/2], offset)
		return n, err
	}
	return f.file.WriteAt(p, offset)
}
