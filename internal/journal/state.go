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
	"sync/atomic"
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
	// compactFailed is when the file could not be compacted last.
	compactFailed time.Time
	// inUse is how many bytes of the file are not free, as of the last commit. It may be read without mu.
	inUse atomic.Int64
	// salvaged is what was lost when the file was opened last with damage.
	salvaged *StateSalvage
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
	defer f.Close() //nolint:errcheck // it was only read
	damage, err := s.check(f)
	if err != nil {
		return fmt.Errorf("check state: %w", err)
	}
	if damage != nil || s.suspect || s.stuck {
		if err := s.rewrite(f, damage, keep); err != nil {
			return fmt.Errorf("rewrite state: %w", err)
		}
	}
	if err := s.openChecked(); err != nil {
		return err
	}
	return s.tidy()
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
	s.measure()
	return nil
}

func openBolt(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o640, &bbolt.Options{
		Timeout: stateLockTimeout, FreelistType: bbolt.FreelistMapType, InitialMmapSize: stateMapped,
	})
	if err == nil {
		db.AllocSize = stateGrowth
	}
	return db, err
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
	s.measure()
	// What was to be stored is stored. If the file cannot be opened now, the next transaction tries, and says so.
	_ = s.tidy()
	return nil
}

// rollback ends a transaction that was not committed. bbolt says that it is over already otherwise.
func (s *state) rollback(bolt *bbolt.Tx) {
	if s.stuck || s.db == nil {
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
