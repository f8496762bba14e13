package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/logboom/logboom/internal/appendfile"
)

// Restore opens the file and, where the state says so, takes away what was written later than it. It fails where the file
// cannot be opened, or made.
func (o *Output) Restore(text []byte) error {
	list, err := listAside(o.system, o.options.Path)
	if err != nil {
		return err
	}
	o.number = 1
	if len(list) > 0 {
		o.number = list[len(list)-1].number + 1
	}
	stored, found := parseState(text)
	if found {
		if err := o.undo(stored, list); err != nil {
			return err
		}
	}
	if err := o.file.Restore(stored.Place, o.again); err != nil {
		return err
	}
	o.told = o.number
	o.tidy.upTo(o.told)
	return nil
}

// undo puts back the file that has the stored place, if it was set aside since, and removes the later ones. The number is
// that of the file at the path from here on.
func (o *Output) undo(stored state, list []aside) error {
	list = slices.DeleteFunc(list, func(a aside) bool { return a.number < stored.File || a.ending != "" })
	o.number = max(o.number, stored.File)
	for i, a := range list {
		has, lines, err := o.holds(a.name(o.options.Path), stored.Place)
		if err != nil {
			return err
		}
		if !has {
			continue // somebody else's
		}
		if ours, err := o.areOurs(list[i+1:], lines); err != nil || !ours {
			return err
		}
		if err := o.putBack(a, list[i+1:]); err != nil {
			return err
		}
		o.number = a.number
		return nil
	}
	return nil
}

// areOurs tells whether there are only lines of ours in files that were set aside, and in the one at the path, if there is one; and no
// more of them, with so many lines before these files, than will be written again.
func (o *Output) areOurs(list []aside, lines int) (bool, error) {
	names := []string{o.options.Path}
	for _, a := range list {
		names = append(names, a.name(o.options.Path))
	}
	for _, name := range names {
		ours, more, err := o.holds(name, appendfile.Start())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		if lines += more; !ours {
			o.options.Logger.Warn().Str("path", name).
				Msg("somebody else has written to the file: it is left as it is, although its events will come again")
			return false, nil
		}
	}
	if o.again != nil && lines > o.again() {
		o.options.Logger.Warn().Str("path", o.options.Path).Int("lines", lines).
			Msg("there is more in the file, and in those that were set aside, than will be written again, as where the data folder is an older " +
				"copy: it is left as it is, although its last events may come again")
		return false, nil
	}
	return true, nil
}

// holds tells whether a file has a place, and only lines of ours behind it, and how many these are.
func (o *Output) holds(name string, place appendfile.Place) (is bool, lines int, err error) {
	file, err := o.system.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return false, 0, fmt.Errorf("open what was set aside: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil {
		return false, 0, fmt.Errorf("stat what was set aside: %w", err)
	}
	if !place.IsIn(file, info.Size()) {
		return false, 0, nil
	}
	is, lines, err = appendfile.Judge(appendfile.LinesThatBegin(ours), io.NewSectionReader(file, place.Length, info.Size()-place.Length))
	if err != nil {
		return false, 0, fmt.Errorf("read what was set aside: %w", err)
	}
	return is, lines, nil
}

// putBack removes what is later than a file and gives it its first name back, in the place of the file that is there now,
// which is the latest. The removals last before the file is put back: afterwards nothing tells that they are due.
func (o *Output) putBack(a aside, later []aside) error {
	path := o.options.Path
	for _, l := range later {
		if err := o.system.Remove(l.name(path)); err != nil {
			return fmt.Errorf("remove what will be written again: %w", err)
		}
	}
	if err := o.file.SyncFolder(); err != nil {
		return err
	}
	if err := o.system.Rename(a.name(path), path); err != nil {
		return fmt.Errorf("put back what was set aside: %w", err)
	}
	return o.file.SyncFolder()
}
