package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
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
	defer func() { o.left = math.MaxInt }() // later on it takes away what it wrote itself
	if o.left = o.again; found {
		if err := o.undo(stored, list); err != nil {
			return err
		}
	}
	o.left = o.again
	if err := o.file.Restore(stored.Place); err != nil {
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
		o.left = math.MaxInt // how much there is behind the place is judged below
		has, err := o.holds(a.name(o.options.Path), stored.Place)
		if err != nil {
			return err
		}
		if !has {
			continue // somebody else's
		}
		o.left = o.again
		if ours, err := o.areOurs(a, stored.Place, list[i+1:]); err != nil || !ours {
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

// areOurs tells whether there are only lines of ours, and no more than will come again, behind a place in a file that was set aside, in
// the later ones, and in the one at the path, if there is one.
func (o *Output) areOurs(first aside, place appendfile.Place, later []aside) (bool, error) {
	type part struct {
		name string
		from appendfile.Place
	}
	parts := []part{{first.name(o.options.Path), place}, {o.options.Path, appendfile.Start()}}
	for _, a := range later {
		parts = append(parts, part{a.name(o.options.Path), appendfile.Start()})
	}
	for _, p := range parts {
		name := p.name
		ours, err := o.holds(name, p.from)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		if !ours {
			o.options.Logger.Warn().Str("path", name).
				Msg("somebody else has written to the file, or there is more in it than will be written again, as where the data folder is " +
					"an older copy: it is left as it is, although its events may come again")
			return false, nil
		}
	}
	return true, nil
}

// holds tells whether a file has a place, and only lines of ours behind it.
func (o *Output) holds(name string, place appendfile.Place) (bool, error) {
	file, err := o.system.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return false, fmt.Errorf("open what was set aside: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("stat what was set aside: %w", err)
	}
	if !place.IsIn(file, info.Size()) {
		return false, nil
	}
	behind, err := o.ours()(io.NewSectionReader(file, place.Length, info.Size()-place.Length))
	if err != nil {
		return false, fmt.Errorf("read what was set aside: %w", err)
	}
	return behind, nil
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
