package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// bbolt never gives room back: a file stays as large as it ever was. Each checkpoint is written beside the one before, so
// about half of the file is free for the next one as a rule. More than that is left by a checkpoint that was larger.
const (
	// wastefulShare is how many times what is in use a file may take before it is compacted, and wastefulBytes how much
	// of it must be free.
	wastefulShare = 3
	wastefulBytes = 8 << 20
	// compactRetry is how long a file that could not be compacted is left as it is.
	compactRetry = time.Minute
	// compactTransaction is how many bytes are copied at a time.
	compactTransaction = 4 << 20
	// stateGrowth is how much bbolt lengthens its file by beyond what it needs; its own default is 16 MiB.
	stateGrowth = 1 << 20
	// stateMapped is how much of its file bbolt maps ahead. When that is too little for a transaction, bbolt copies all that the
	// transaction has stored so far, again with each doubling: a checkpoint several times over.
	stateMapped = 256 << 20
)

// Compact copies all pairs. Only the end is synced: until then nobody needs the copy.
func (disk) Compact(to, from *bbolt.DB) error {
	to.NoSync = true
	if err := bbolt.Compact(to, from, compactTransaction); err != nil {
		return err
	}
	return to.Sync()
}

// measure notes how much of the file is in use. Pages that are pending are free, since nobody reads while another
// transaction begins. The caller holds mu.
func (s *state) measure() {
	err := guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			stats := s.db.Stats()
			free := int64(stats.FreePageN+stats.PendingPageN) * int64(s.db.Info().PageSize)
			s.inUse.Store(tx.Size() - free)
			return nil
		})
	})
	if err != nil {
		s.fail(err)
	}
}

// tidy compacts the file if much of it is free. It fails only where there is no file to go on with; otherwise what did
// not work is tried again later, since a large file does its work as well. The caller holds mu.
func (s *state) tidy() error {
	inUse, size := s.inUse.Load(), s.size()
	if s.broken || size < wastefulShare*inUse || size-inUse < wastefulBytes || time.Since(s.compactFailed) < compactRetry {
		return nil
	}
	if err := s.copyBeside(); err != nil {
		s.compactFailed = time.Now()
		_ = s.files.Remove(s.path + freshSuffix)
		return nil
	}
	return s.exchange()
}

// copyBeside writes a compacted copy of the open file beside it, and reads it whole: what was lost on the way, or was
// damaged before, must not take the place of the file.
func (s *state) copyBeside() error {
	path := s.path + freshSuffix
	if err := s.files.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	to, err := openBolt(path)
	if err != nil {
		return err
	}
	err = guard(func() error { return s.files.Compact(to, s.db) })
	if errors.Is(err, ErrStateDamaged) {
		s.fail(err)
		return err // bbolt may hold a lock that Close waits for
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	damage, err := s.check(f)
	if err == nil && damage != nil {
		err = fmt.Errorf("%w: %s", ErrStateDamaged, damage.Damage)
		s.fail(err)
	}
	return err
}

// exchange gives the copy the file's name and opens it. Nothing is stored in it before its name is durable: otherwise the
// file of before could come back without that.
func (s *state) exchange() error {
	s.release()
	if err := s.files.Rename(s.path+freshSuffix, s.path); err != nil {
		s.compactFailed = time.Now()
		_ = s.files.Remove(s.path + freshSuffix)
	}
	if err := s.files.SyncDirectory(s.directory); err != nil {
		s.broken, s.suspect = true, true
		return fmt.Errorf("compact state: %w", err)
	}
	return s.openChecked()
}
