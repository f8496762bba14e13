package journal

import (
	"errors"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
)

// filesystem is what the journal asks of the operating system. Tests put one in its place that runs full, fails to
// sync, writes half, or loses what was not synced.
type filesystem interface {
	OpenFile(name string, flag int, mode fs.FileMode) (file, error)
	ReadDirectory(name string) ([]fs.DirEntry, error)
	MakeDirectory(name string) error
	Rename(from, to string) error
	Remove(name string) error
	// SyncDirectory makes names that were created, renamed and removed in a directory durable.
	SyncDirectory(name string) error
	// Usage returns the size of the filesystem that holds a directory, and what this user may still write, in bytes.
	Usage(directory string) (total, free int64, err error)
	// Commit commits a transaction of the small state.
	Commit(tx *bbolt.Tx) error
	// Compact copies all of a small state into an empty one, and makes that durable.
	Compact(to, from *bbolt.DB) error
}

// file is an open file of a filesystem.
type file interface {
	ReadAt(p []byte, offset int64) (int, error)
	WriteAt(p []byte, offset int64) (int, error)
	Truncate(size int64) error
	// Sync makes the contents and the size durable.
	Sync() error
	// Preallocate takes room for size bytes, which read as zeros, and sets the size. It returns errors.ErrUnsupported
	// where the filesystem cannot.
	Preallocate(size int64) error
	Size() (int64, error)
	Close() error
}

// disk is the filesystem of the operating system.
type disk struct{}

func (disk) OpenFile(name string, flag int, mode fs.FileMode) (file, error) {
	f, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) ReadDirectory(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

func (disk) MakeDirectory(name string) error { return os.MkdirAll(name, 0o750) }

func (disk) Rename(from, to string) error { return os.Rename(from, to) }

func (disk) Remove(name string) error { return os.Remove(name) }

func (disk) SyncDirectory(name string) error {
	directory, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

func (disk) Commit(tx *bbolt.Tx) error { return tx.Commit() }

// diskFile is a file of the operating system.
type diskFile struct{ *os.File }

func (f diskFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
