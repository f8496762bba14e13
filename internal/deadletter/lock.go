//go:build unix

package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// The locks of a folder. The files stay behind: removing one would let two processes lock two files of one name.
const (
	changeLock  = "lock"
	removerLock = "remover.lock"
)

const (
	// lockPatience is how long a change waits for the lock, which is held for moments only.
	lockPatience = 5 * time.Second
	// lockInterval is how often it is tried.
	lockInterval = 2 * time.Millisecond
)

// ErrBusy is returned by OpenRemover where another process removes or replays letters of the same folder.
var ErrBusy = errors.New("another process replays or drops dead letters now; wait until it has ended")

// errLocked says that somebody held the lock for longer than any change takes.
var errLocked = fmt.Errorf("the folder of dead letters has been locked by another process for %s", lockPatience)

// tryLock takes a lock of a folder until the file is closed or the process ends, however it ends. It returns a nil file
// where somebody else has it.
func tryLock(folder, name string) (*os.File, error) {
	path := filepath.Join(folder, name)
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, permissions)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, file.Close()
		}
		if err != nil {
			return nil, errors.Join(&fs.PathError{Op: "lock", Path: path, Err: err}, file.Close())
		}
		if isNamed(file, path) {
			return file, nil
		}
		if err := file.Close(); err != nil { // somebody cleared the folder in between
			return nil, err
		}
	}
}

// isNamed tells whether an open file still is what its path names.
func isNamed(file *os.File, path string) bool {
	open, openErr := file.Stat()
	named, namedErr := os.Stat(path)
	return openErr == nil && namedErr == nil && os.SameFile(open, named)
}

// cannotLock tells whether a filesystem knows no locks.
func cannotLock(err error) bool {
	return errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOLCK)
}

// lockForChange takes the lock that every change of the folder needs. It is let go of by closing the file.
func lockForChange(ctx context.Context, folder string) (*os.File, error) {
	for deadline := time.Now().Add(lockPatience); ; {
		file, err := tryLock(folder, changeLock)
		if file != nil || err != nil {
			return file, err
		}
		if time.Now().After(deadline) {
			return nil, errLocked
		}
		timer := time.NewTimer(lockInterval)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}
