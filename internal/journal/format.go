package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// formatVersion is the version of the byte formats that this package writes, in FORMAT and in segment headers.
	formatVersion = 1
	formatName    = "FORMAT"
	formatText    = "logboom journal %d\n"
	damagedPrefix = "damaged-"
)

// checkDirectory tells whether a directory may be opened: it is a journal of a format that is understood, or there is
// nothing of anybody else's in it. It changes nothing. fresh says that it holds no journal yet, intact that its FORMAT
// can be read.
func checkDirectory(files filesystem, directory string) (fresh, intact bool, err error) {
	entries, err := files.ReadDirectory(directory)
	if err != nil {
		return false, false, fmt.Errorf("read directory: %w", err)
	}
	version, err := readFormat(directory)
	if err != nil {
		return false, false, err
	}
	if version > formatVersion {
		return false, false, newerFormat(directory, version)
	}
	if version > 0 {
		return false, true, nil
	}
	fresh = true
	for _, entry := range entries {
		switch name := entry.Name(); {
		case isSegmentName(name):
			fresh = false
			if newer := segmentVersion(files, filepath.Join(directory, name)); newer > formatVersion {
				return false, false, newerFormat(directory, newer)
			}
		case name == stateName:
			fresh = false
		case !isOurs(name):
			return false, false, fmt.Errorf("%w: %s holds %q, which is not the journal's; name an empty directory",
				ErrForeign, directory, name)
		}
	}
	return fresh, false, nil
}

func newerFormat(directory string, version int) error {
	return fmt.Errorf("%w: %s has version %d, this program writes version %d; run the version of logboom that wrote it, "+
		"or name another directory", ErrNewerFormat, directory, version, formatVersion)
}

// isOurs tells whether a name may stand in a directory that is to become a journal. What a filesystem or a person
// leaves in an otherwise empty volume is nobody's.
func isOurs(name string) bool {
	return name == lockName || name == formatName || name == "lost+found" || strings.HasPrefix(name, ".") ||
		strings.HasPrefix(name, damagedPrefix) || strings.HasPrefix(name, stateName) ||
		strings.HasSuffix(name, freshSuffix)
}

// readFormat returns the version in FORMAT, or 0 where there is none that can be understood.
func readFormat(directory string) (int, error) {
	text, err := os.ReadFile(filepath.Join(directory, formatName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read format: %w", err)
	}
	var version int
	if _, err := fmt.Sscanf(string(text), formatText, &version); err != nil || version < 1 {
		return 0, nil
	}
	return version, nil
}

// writeFormat writes FORMAT, whole or not at all.
func writeFormat(files filesystem, directory string) error {
	name := filepath.Join(directory, formatName)
	f, err := files.OpenFile(name+freshSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return fmt.Errorf("write format: %w", err)
	}
	_, err = f.WriteAt(fmt.Appendf(nil, formatText, formatVersion), 0)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write format: %w", err)
	}
	if err := files.Rename(name+freshSuffix, name); err != nil {
		return fmt.Errorf("write format: %w", err)
	}
	return files.SyncDirectory(directory)
}
