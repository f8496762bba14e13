package file

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/logboom/logboom/internal/appendfile"
)

// The names of files that were set aside: a number of at least six digits, and an ending where they are compressed, and
// another one while they are being compressed.
const (
	leastDigits      = 6
	compressed       = ".gz"
	beingCompressed  = ".gz.tmp"
	largestFileCount = 1 << 62
)

// asideName returns the name of a file's number when it is set aside.
func asideName(path string, number uint64) string {
	return fmt.Sprintf("%s.%0*d", path, leastDigits, number)
}

// aside is a file that was set aside.
type aside struct {
	number uint64
	// ending is behind the number: nothing, compressed or beingCompressed.
	ending string
}

func (a aside) name(path string) string { return asideName(path, a.number) + a.ending }

// listAside returns the files that were set aside, the oldest first, and of one number the bare one first.
func listAside(system appendfile.FileSystem, path string) ([]aside, error) {
	entries, err := system.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("list the file's folder: %w", err)
	}
	var list []aside
	for _, entry := range entries {
		rest, found := strings.CutPrefix(entry.Name(), filepath.Base(path)+".")
		if a, ok := parseAside(rest); found && ok && entry.Type().IsRegular() {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b aside) int {
		if a.number != b.number {
			return int(int64(a.number - b.number))
		}
		return strings.Compare(a.ending, b.ending)
	})
	return list, nil
}

// parseAside reads what stands behind the path and a dot.
func parseAside(text string) (aside, bool) {
	digits, ending := text, ""
	if dot := strings.IndexByte(text, '.'); dot >= 0 {
		digits, ending = text[:dot], text[dot:]
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	known := ending == "" || ending == compressed || ending == beingCompressed
	// Only names that we would make ourselves: logrotate's path.1 is none of them, and neither is a sign.
	if err != nil || !known || number == 0 || number >= largestFileCount || fmt.Sprintf("%0*d", leastDigits, number) != digits {
		return aside{}, false
	}
	return aside{number, ending}, true
}
