package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

const (
	stateName = "state.db"
	// stateLockTimeout is how long another program may hold state.db, which ours cannot: they lock the directory first.
	stateLockTimeout = time.Second
)

// state is the small state: a bbolt file that is checked before it is opened, and opened afresh after a failed commit.
type state struct {
	files     filesystem
	directory string
	path      string
	// mu guards what follows. It is held during each transaction, reading ones too: bbolt keeps its locks when it
	// panics, and whoever waited for one of them would wait for ever.
	mu sync.Mutex
	db *bbolt.DB
	// broken asks for opening afresh: a commit failed, or damage was met.
	broken bool
	// suspect asks for a rewrite on top: the disk failed, so what the page cache holds may not be what is on disk.
	suspect bool
	// stuck says that bbolt panicked. Its Close could wait for ever, so its file stays open.
	stuck  bool
	closed bool
	// expected says that a missing file is damage.
	expected bool
	// salvaged is what was lost when the file was opened last with damage.
	salvaged *StateSalvage
}

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

// openState opens the small state, or makes a new one. Whatever is damaged is set aside with keep.
// expected says that the journal was there before, so that a missing file is damage, too.
func openState(files filesystem, directory string, keep *aside, expected bool) (*state, error) {
	s := &state{files: files, directory: directory, path: filepath.Join(directory, stateName), expected: expected}
	err := s.open(keep)
	s.expected = true
	return s, err
}

// open checks the file and gives it to bbolt, or a rewritten one. The caller holds mu or is alone.
func (s *state) open(keep *aside) error {
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.create(); err != nil {
			return fmt.Errorf("create state: %w", err)
		}
		return s.openChecked()
	}
	if err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	defer f.Close()
	damage, err := s.check(f)
	if err != nil {
		return fmt.Errorf("check state: %w", err)
	}
	if damage != nil || s.suspect || s.stuck {
		if err := s.rewrite(f, damage, keep); err != nil {
			return fmt.Errorf("rewrite state: %w", err)
		}
	}
	return s.openChecked()
}

// openChecked opens a file that was found intact.
func (s *state) openChecked() error {
	var db *bbolt.DB
	err := guard(func() (err error) {
		db, err = openBolt(s.path)
		return err
	})
	if err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	s.db = db
	s.broken, s.suspect, s.stuck = false, false, false
	return nil
}

func openBolt(path string) (*bbolt.DB, error) {
	return bbolt.Open(path, 0o640, &bbolt.Options{
		Timeout: stateLockTimeout, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
	})
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

// ready opens the file afresh if the last transaction broke it. The caller holds mu.
func (s *state) ready(keep *aside) error {
	switch {
	case s.closed:
		return ErrClosed
	case s.db != nil && !s.broken:
		return nil
	}
	s.release()
	return s.open(keep)
}

// release closes the file if it is open. What bbolt says about it does not matter any more.
func (s *state) release() {
	if s.db != nil && !s.stuck {
		_ = guard(s.db.Close)
	}
	s.db = nil
}

// close closes the file for good.
func (s *state) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.release()
}

// transact runs one transaction. A panic of do goes through to the caller, one of bbolt does not.
func (s *state) transact(keep *aside, durable func() uint64, write bool, do func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(keep); err != nil {
		return err
	}
	var bolt *bbolt.Tx
	err := guard(func() (err error) {
		bolt, err = s.db.Begin(write)
		return err
	})
	if err != nil {
		s.fail(err)
		return fmt.Errorf("begin: %w", err)
	}
	defer s.rollback(bolt)
	tx := &Tx{bolt: bolt, durable: durable}
	err = do(tx)
	if tx.damage != nil {
		s.fail(tx.damage)
		return tx.damage
	}
	if err != nil || !write {
		return err
	}
	if err := guard(func() error { return errors.Join(tx.finish(), tx.damage) }); err != nil {
		s.fail(err)
		return fmt.Errorf("commit: %w", err)
	}
	if err := guard(func() error { return s.files.Commit(bolt) }); err != nil {
		s.fail(err)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback ends a transaction that was not committed. bbolt says that it is over already otherwise.
func (s *state) rollback(bolt *bbolt.Tx) {
	if s.stuck {
		return
	}
	if err := guard(bolt.Rollback); errors.Is(err, ErrStateDamaged) {
		s.fail(err)
	}
}

// fail notes that the file must be opened afresh before the next transaction.
func (s *state) fail(err error) {
	s.broken = true
	s.suspect = s.suspect || !isFull(err)
	s.stuck = s.stuck || errors.Is(err, ErrStateDamaged)
}

// size returns the size of the file in bytes, 0 where there is none.
func (s *state) size() int64 {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// guard runs do, and turns a panic, and a fault of the mapped file, into ErrStateDamaged.
func guard(do func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: %v", ErrStateDamaged, reason)
		}
	}()
	return do()
}

// meta keys. See the package comment.
var (
	metaDurable    = []byte("durable")
	metaFirst      = []byte("first")
	metaTransition = []byte("transition")
)

const metaSum = "sum "

func bigEndian(value uint64) []byte { return binary.BigEndian.AppendUint64(nil, value) }
