package journal

import (
	"errors"
	"fmt"
	"os"
)

// repair does what was decided: it removes, rewrites and cuts segments. The result is durable.
func (a *assessment) repair(files filesystem, directory string, keep *aside) ([]*segment, error) {
	var segments []*segment
	for _, s := range a.segments {
		var err error
		switch {
		case s.remove:
			err = files.Remove(s.path)
		case s.rewrite && len(s.kept) == 0:
			err = keep.take(s.path)
		case s.rewrite:
			err = s.replace(files, directory, min(a.durable, s.base-1), keep)
		default:
			err = s.trim(files, a.durable)
		}
		if err != nil {
			return nil, fmt.Errorf("repair log: %w", err)
		}
		if len(s.kept) > 0 {
			segments = append(segments, s.segment())
		}
	}
	return segments, files.SyncDirectory(directory)
}

// replace writes a new segment with the frames that are kept and gaps for the missing ones, sets the damaged file
// aside, and gives its name to the new one.
func (s *surveyed) replace(files filesystem, directory string, durable uint64, keep *aside) error {
	fresh := s.path + freshSuffix
	from, err := files.OpenFile(s.path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // it was only read
	to, err := files.OpenFile(fresh, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	header := segmentHeader{version: formatVersion, salt: s.salt, base: s.base, durable: durable}
	_, err = to.WriteAt(header.encode(), 0)
	if err = errors.Join(err, s.copyKept(from, to), to.Sync(), to.Close()); err != nil {
		return fmt.Errorf("rewrite %s: %w", s.name(), err)
	}
	if err := keep.take(s.path); err != nil {
		return err
	}
	if err := files.Rename(fresh, s.path); err != nil {
		return err
	}
	return files.SyncDirectory(directory)
}

// copyKept copies the kept runs and writes gaps, and moves the runs to where they stand now.
func (s *surveyed) copyKept(from, to file) error {
	end := int64(segmentHeaderBytes)
	for i := range s.kept {
		r := &s.kept[i]
		shift := end - r.start
		if r.gap {
			header := make([]byte, frameHeaderBytes)
			gap := frame{gap: true, sequence: r.last, durable: r.first - 1}
			gap.encode(header, saltSum(s.salt))
			if _, err := to.WriteAt(header, end); err != nil {
				return err
			}
			r.end, r.marks = r.start+frameHeaderBytes, nil
		} else if err := copyBytes(to, end, from, r.start, r.end); err != nil {
			return err
		}
		r.start, r.end = r.start+shift, r.end+shift
		for k := range r.marks {
			r.marks[k].offset += shift
		}
		end = r.end
	}
	return nil
}

// copyBytes copies the bytes of a file from start to end to another place.
func copyBytes(to file, at int64, from file, start, end int64) error {
	buffer := make([]byte, min(scanBytes, end-start))
	for start < end {
		piece := buffer[:min(int64(len(buffer)), end-start)]
		if _, err := from.ReadAt(piece, start); err != nil {
			return err
		}
		if _, err := to.WriteAt(piece, at); err != nil {
			return err
		}
		start += int64(len(piece))
		at += int64(len(piece))
	}
	return nil
}

// trim cuts an intact segment at its end, and makes durable what is not known to be: its bytes are written once more,
// since after a failed fsync of the process before, the page cache could hold what the disk does not.
func (s *surveyed) trim(files filesystem, durable uint64) error {
	made := s.segment()
	if made.end == s.size && made.last <= durable {
		return nil
	}
	f, err := files.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Truncate(made.end)
	if err == nil && made.last > durable {
		start := made.seek(durable + 1)
		if start == segmentHeaderBytes {
			start = 0
		}
		err = copyBytes(f, start, f, start, made.end)
	}
	return errors.Join(err, f.Sync(), f.Close())
}
