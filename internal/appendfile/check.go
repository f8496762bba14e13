package appendfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Check tells whether a file could be appended to. It writes nothing to it: where there is none, it makes another file beside
// it, and removes that again.
func Check(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err == nil {
		return file.Close()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open the file: %w", err)
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".logboom-check-*")
	if err != nil {
		return fmt.Errorf("make a file beside %s: %w", path, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
