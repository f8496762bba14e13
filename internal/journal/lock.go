//go:build unix

package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockName is the file that says who uses the journal. It stays behind: removing it would let two processes lock two
// files of one name.
const lockName = "LOCK"

// lockDirectory takes the journal's lock, which lasts until the file is closed or the process ends, however it ends.
func lockDirectory(directory string) (*os.File, error) {
	name := filepath.Join(directory, lockName)
	lock, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer lock.Close() //nolint:errcheck // there is another error to tell of
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s is locked by process %s; stop it, or use another directory",
				ErrLocked, directory, holder(lock))
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// The process id is for people only: on a full disk the lock holds without it.
	if lock.Truncate(0) == nil {
		_, _ = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return lock, nil
}

// holder returns the process id in a lock file, or "unknown".
func holder(lock *os.File) string {
	text := make([]byte, 20)
	n, _ := lock.ReadAt(text, 0)
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n]))); err == nil {
		return strconv.Itoa(pid)
	}
	return "unknown"
}
