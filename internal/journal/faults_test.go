package journal

import (
	"errors"
	"io/fs"
	"sync/atomic"
	"syscall"

	"go.etcd.io/bbolt"
)

// faults is the disk with faults that can be switched on.
type faults struct {
	disk
	// limited says that room bytes more may be written.
	limited atomic.Bool
	room    atomic.Int64
	// failSync makes the next fsyncs fail, failCommit the next commits of the small state; after says that the commit
	// happens all the same.
	failSync, failCommit, after atomic.Bool
	writes                      atomic.Int64
}

func (f *faults) OpenFile(name string, flag int, mode fs.FileMode) (file, error) {
	opened, err := f.disk.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return &faultFile{opened, f}, nil
}

func (f *faults) Commit(tx *bbolt.Tx) error {
	if !f.failCommit.Load() {
		return tx.Commit()
	}
	if f.after.Load() {
		return errors.Join(tx.Commit(), syscall.EIO)
	}
	return syscall.ENOSPC
}

type faultFile struct {
	file
	faults *faults
}

// Preallocate looks for room and takes none, so that writes run full.
func (f *faultFile) Preallocate(size int64) error {
	if f.faults.limited.Load() && f.faults.room.Load() < size {
		return syscall.ENOSPC
	}
	return errors.ErrUnsupported
}

// WriteAt writes what there is room for.
func (f *faultFile) WriteAt(p []byte, offset int64) (int, error) {
	f.faults.writes.Add(1)
	if !f.faults.limited.Load() {
		return f.file.WriteAt(p, offset)
	}
	left := f.faults.room.Add(-int64(len(p)))
	if left >= 0 {
		return f.file.WriteAt(p, offset)
	}
	n, _ := f.file.WriteAt(p[:max(0, int64(len(p))+left)], offset)
	f.faults.room.Store(0)
	return n, syscall.ENOSPC
}

func (f *faultFile) Sync() error {
	if f.faults.failSync.Load() {
		return syscall.EIO
	}
	return f.file.Sync()
}
