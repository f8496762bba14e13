package journal

import (
	"errors"
	"io/fs"
	"os"
)

// StateSalvage says what became of a damaged small state.
type StateSalvage struct {
	// Read and Missing count pairs of key and value. Missing is what is known to be missing: where a whole bucket is
	// lost with its count, it cannot be told.
	Read, Missing int
	// CheckpointLost says that there was a checkpoint that cannot be read in full, so that there is none now.
	CheckpointLost bool
	// Outdated says that the last update may be lost: one of the file's two roots is damaged.
	Outdated bool
	// Damage is what was found first.
	Damage string
}

// check reads the whole file. damage is nil where bbolt may open it.
func (s *state) check(f *os.File) (damage *StateSalvage, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	found := newPairs(false)
	return found.verdict(readPages(f, info.Size(), found.add)), nil
}

// create makes an empty file under its final name, whole or not at all.
func (s *state) create() error {
	if s.expected {
		s.salvaged = &StateSalvage{Damage: "the file is missing"}
	}
	return s.replace(newPairs(true))
}

// replace puts a new file with pairs in the place of the old one.
func (s *state) replace(pairs *pairs) error {
	if err := s.write(pairs); err != nil {
		return err
	}
	if err := s.files.Rename(s.path+freshSuffix, s.path); err != nil {
		return err
	}
	return s.files.SyncDirectory(s.directory)
}

// rewrite puts a new file with all pairs that can be read in the place of the old one, which is set aside if it is
// damaged.
func (s *state) rewrite(f *os.File, damage *StateSalvage, keep *aside) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	found := newPairs(true)
	readPages(f, info.Size(), found.add)
	if damage == nil {
		return s.replace(found)
	}
	damage.CheckpointLost = found.dropCheckpoint()
	if err := s.write(found); err != nil {
		return err
	}
	if err := keep.take(s.path); err != nil {
		return err
	}
	s.salvaged = damage
	if err := s.files.Rename(s.path+freshSuffix, s.path); err != nil {
		return err
	}
	return s.files.SyncDirectory(s.directory)
}

// write makes a file with pairs beside the real one.
func (s *state) write(pairs *pairs) error {
	path := s.path + freshSuffix
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := openBolt(path)
	if err != nil {
		return err
	}
	tx, err := db.Begin(true)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	err = pairs.store(&Tx{bolt: tx})
	if err == nil {
		err = s.files.Commit(tx)
	}
	_ = tx.Rollback()
	return errors.Join(err, db.Close())
}
