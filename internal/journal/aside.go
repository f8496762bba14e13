package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// aside keeps damaged files, in a directory of their own that is made when the first is taken.
type aside struct {
	files     filesystem
	directory string
	now       func() time.Time
	// path is where damaged files went, empty where there were none.
	path string
}

// take moves a damaged file out of the journal. The new name is durable when it returns.
func (a *aside) take(path string) error {
	if err := a.make(); err != nil {
		return fmt.Errorf("set aside %s: %w", path, err)
	}
	if err := a.files.Rename(path, filepath.Join(a.path, filepath.Base(path))); err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	return a.files.SyncDirectory(a.path)
}

// make creates the directory, with a name that is not taken.
func (a *aside) make() error {
	if a.path != "" {
		return nil
	}
	name := filepath.Join(a.directory, damagedPrefix+a.now().UTC().Format("20060102T150405Z"))
	for try := 1; try < 1000; try++ {
		path := name
		if try > 1 {
			path = fmt.Sprintf("%s-%d", name, try)
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			if err := a.files.MakeDirectory(path); err != nil {
				return err
			}
			a.path = path
			return a.files.SyncDirectory(a.directory)
		}
	}
	return fmt.Errorf("no free name for %s", name)
}
