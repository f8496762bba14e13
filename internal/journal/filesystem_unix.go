//go:build unix && !linux

package journal

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Preallocate is not available: segments grow as they are written.
func (diskFile) Preallocate(int64) error { return errors.ErrUnsupported }

// Usage is statfs.
func (disk) Usage(directory string) (total, free int64, err error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(directory, &stat); err != nil {
		return 0, 0, fmt.Errorf("statfs %s: %w", directory, err)
	}
	return int64(stat.Blocks) * int64(stat.Bsize), int64(stat.Bavail) * int64(stat.Bsize), nil
}
