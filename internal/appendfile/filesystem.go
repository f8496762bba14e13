package appendfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// FileSystem is what is asked of the operating system. Tests put one in its place that fails, or ends in the middle.
type FileSystem interface {
	OpenFile(name string, flag int, mode fs.FileMode) (Handle, error)
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncFolder makes names that were created, renamed and removed in a folder durable.
	SyncFolder(name string) error
}

// Handle is an open file of a FileSystem.
type Handle interface {
	io.ReadWriteCloser
	io.ReaderAt
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	// Sync makes what was written durable, and how long the file is.
	Sync() error
	// Uncache says that what stands in the file up to a place will not be read soon. It does not matter whether that helps.
	Uncache(upTo int64)
	// SetWriteDeadline ends a Write that blocks, as to a pipe that nobody reads.
	SetWriteDeadline(at time.Time) error
}

// Disk is the FileSystem of the operating system.
type Disk struct{}

// OpenFile opens a file as os.OpenFile does.
func (Disk) OpenFile(name string, flag int, mode fs.FileMode) (Handle, error) {
	file, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err // a nil *os.File must not become a Handle that is not nil
	}
	return diskFile{file}, nil
}

// diskFile is a file of the operating system.
type diskFile struct{ *os.File }

// Stat tells about a file as os.Stat does.
func (Disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// ReadDir lists a folder as os.ReadDir does.
func (Disk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Rename renames a file as os.Rename does.
func (Disk) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file as os.Remove does.
func (Disk) Remove(name string) error { return os.Remove(name) }

// SyncFolder fsyncs a folder.
func (Disk) SyncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
