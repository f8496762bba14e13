package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// Options say where a journal is and how large it may become.
type Options struct {
	// Directory is made if it is not there. It must be empty or a journal.
	Directory string
	// SegmentBytes is the size of a file of the log, the unit in which it is cut at the front. 0 is 64 MiB, or an eighth
	// of the budget where that is less, but at least 64 KiB.
	SegmentBytes int64
	// Budget is how many bytes the log and the small state should take; see Space. 0 is a tenth of the filesystem, at
	// most 10 GiB.
	Budget int64
	// Reserve is how many bytes should stay free on the filesystem; see Space. 0 is a twentieth of it, at most 256 MiB.
	Reserve int64
	// Logger gets one line where something was salvaged, cut back or recovered. It needs a component field.
	Logger zerolog.Logger

	// files is the operating system's if nil.
	files filesystem
}

const (
	defaultSegmentBytes = 64 << 20
	minSegmentBytes     = 64 << 10
	defaultBudget       = 10 << 30
	defaultReserve      = 256 << 20
)

// position is a place between two frames: what is before it was synced.
type position struct {
	sequence uint64
	segment  *segment
	offset   int64
}

// Journal is an open journal. One goroutine may append; everything else is safe for concurrent use with it and with
// itself.
type Journal struct {
	options Options
	files   filesystem
	lock    *os.File
	keep    *aside
	state   *state
	report  *SalvageReport

	// cutting is held by CutFront and Close, syncing by Sync, Recover and Close. The order is cutting, syncing, mu.
	cutting sync.Mutex
	syncing sync.Mutex
	// mu guards what follows. It is never held during an fsync.
	mu       sync.Mutex
	segments []*segment
	tail     *segment
	// unsynced are segments that are full and have yet to be synced; their writers are open.
	unsynced []*segment
	next     uint64
	synced   position
	failure  error
	// wanted is the room that the last new segment needed, so that Recover waits for as much.
	wanted int64
	closed bool
	// unnamed says that a segment was created whose name is not durable yet.
	unnamed bool

	// buffer holds the frame that Append writes. It belongs to the one goroutine that appends.
	buffer  []byte
	durable atomic.Uint64
	space   spaceWatch
	counts  counters
}

// Open opens the journal in a directory or makes a new one. It reads the whole log and checks every sum. Damage is not
// an error: see Salvage. Errors: ErrLocked, ErrForeign, ErrNewerFormat, and those of the operating system; the
// directory is as it was before.
func Open(options Options) (*Journal, error) {
	if options.Directory == "" {
		return nil, errors.New("open journal: no directory is named")
	}
	files := options.files
	if files == nil {
		files = disk{}
	}
	j := &Journal{options: options, files: files}
	j.keep = &aside{files: files, directory: options.Directory, now: time.Now}
	if err := j.open(); err != nil {
		if j.state != nil {
			j.state.close()
		}
		return nil, errors.Join(explain(options.Directory, err), j.unlock())
	}
	return j, nil
}

// explain adds the remedy to an error of Open.
func explain(directory string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("open journal in %s: %w; let user %d write there, or name another directory",
			directory, err, os.Getuid())
	case isFull(err):
		return fmt.Errorf("open journal in %s: %w; make room on that filesystem", directory, err)
	}
	return fmt.Errorf("open journal in %s: %w", directory, err)
}

func (j *Journal) open() error {
	directory := j.options.Directory
	if err := j.files.MakeDirectory(directory); err != nil {
		return err
	}
	// Once before the lock, so that a directory of somebody else gets no lock file, and once under it.
	if _, _, err := checkDirectory(j.files, directory); err != nil {
		return err
	}
	var err error
	if j.lock, err = lockDirectory(directory); err != nil {
		return err
	}
	fresh, intact, err := checkDirectory(j.files, directory)
	if err != nil {
		return err
	}
	if err := finishRewrites(j.files, directory, fresh); err != nil {
		return err
	}
	if err := j.setLimits(); err != nil {
		return err
	}
	j.state, err = openState(j.files, directory, j.keep, !fresh)
	if err != nil {
		return err
	}
	if err := j.openLog(); err != nil {
		return err
	}
	if !intact {
		if err := writeFormat(j.files, directory); err != nil {
			return err
		}
	}
	j.finishReport(!fresh && !intact)
	return nil
}

// openLog reads the log and repairs it.
func (j *Journal) openLog() error {
	first, durable, err := j.noted()
	if err != nil {
		return err
	}
	found, err := surveyLog(j.files, j.options.Directory)
	if err != nil {
		return err
	}
	verdict := assess(found, first, durable)
	if verdict.cut {
		j.options.Logger.Info().Uint64("last", verdict.next-1).Str("directory", j.options.Directory).
			Msg("the end of the journal was torn; what was never acknowledged is cut off")
	}
	if j.segments, err = verdict.repair(j.files, j.options.Directory, j.keep); err != nil {
		return err
	}
	j.report = verdict.report()
	j.next = verdict.next
	j.durable.Store(verdict.next - 1)
	j.synced = position{sequence: verdict.next - 1}
	if n := len(j.segments); n > 0 {
		last := j.segments[n-1]
		j.synced = position{last.last, last, last.end}
	}
	if err := j.noteFirst(); err != nil {
		// What it notes helps to notice damage later; a full disk must not keep a journal from being read.
		j.options.Logger.Warn().Err(err).Msg("the state of the journal could not be noted")
	}
	return nil
}

// noted returns what the small state says about the log. first is 0 where it is not known.
func (j *Journal) noted() (first, durable uint64, err error) {
	err = j.View(func(tx *Tx) error {
		if first, err = tx.number(metaFirst); err != nil {
			return err
		}
		durable, err = tx.number(metaDurable)
		return err
	})
	if err == nil && first == 0 && j.state.salvaged == nil && durable > 0 {
		first = 1
	}
	return first, durable, err
}

// noteFirst stores where the log begins, and with it what is durable.
func (j *Journal) noteFirst() error {
	first := j.First()
	return j.Update(func(tx *Tx) error { return tx.put(bucketMeta, metaFirst, bigEndian(first)) })
}

// finishReport completes what Salvage returns, and logs it.
func (j *Journal) finishReport(format bool) {
	if j.report == nil && j.state.salvaged == nil && !format {
		return
	}
	if j.report == nil {
		j.report = &SalvageReport{}
		for _, s := range j.segments {
			j.report.Records += s.records
		}
	}
	j.report.Format = format
	line := j.options.Logger.Warn().Uint64("records", j.report.Records).Uint64("missing", j.report.Missing).
		Int64("bytes", j.report.Bytes).Str("kept", j.keep.path)
	if state := j.state.salvaged; state != nil {
		line = line.Int("state_read", state.Read).Int("state_missing", state.Missing).Str("state", state.Damage).
			Bool("checkpoint_lost", state.CheckpointLost)
	}
	line.Msg("the journal was damaged; what can be read was salvaged")
}

// Salvage returns what was damaged when the journal was opened, or when its small state had to be opened afresh later;
// nil where nothing was. The caller must not change it.
func (j *Journal) Salvage() *SalvageReport {
	j.state.mu.Lock()
	defer j.state.mu.Unlock()
	if j.report == nil && j.state.salvaged == nil {
		return nil
	}
	var report SalvageReport
	if j.report != nil {
		report = *j.report
	}
	report.State, report.Directory = j.state.salvaged, j.keep.path
	return &report
}

// Update runs do in a transaction on the small state, and returns after what it stored is on disk: all of it or, if it
// returns an error, nothing. After an error of the disk itself it can be either; then the next Update or View opens the
// small state afresh, so there is nothing to recover. The log is not touched. Transactions follow one another: do must
// not call Update, View or any method that does, such as CutFront.
func (j *Journal) Update(do func(*Tx) error) error {
	j.counts.updates.Add(1)
	err := j.state.transact(j.keep, j.durable.Load, true, do)
	if err != nil {
		j.counts.updateFailures.Add(1)
		return fmt.Errorf("update journal: %w", err)
	}
	return nil
}

// View runs do in a transaction that sees the small state as the last Update left it. What holds for Update's do holds
// for this one, and it must not store anything.
func (j *Journal) View(do func(*Tx) error) error {
	if err := j.state.transact(j.keep, j.durable.Load, false, do); err != nil {
		return fmt.Errorf("view journal: %w", err)
	}
	return nil
}

// Durable returns the highest sequence that is on disk, 0 in a new journal.
func (j *Journal) Durable() uint64 { return j.durable.Load() }

// First returns the sequence of the oldest record that is kept, or of the next one where there is none.
func (j *Journal) First() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.firstLocked()
}

func (j *Journal) firstLocked() uint64 {
	if len(j.segments) == 0 {
		return j.next
	}
	return j.segments[0].base
}

// Last returns the sequence of the newest record, durable or not; First() - 1 where there is none.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next - 1
}

// Close syncs what was appended, notes the last sequence, so that its loss would be noticed, and closes everything. A
// second call does nothing. A failed journal is closed as it is; opening it recovers it.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	failed := j.failure != nil
	j.mu.Unlock()
	var err error
	if !failed {
		_, err = j.Sync()
	}
	err = errors.Join(err, j.Update(func(*Tx) error { return nil }))
	j.cutting.Lock()
	defer j.cutting.Unlock()
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	if err == nil && j.tail != nil {
		err = j.tail.writer.Truncate(j.tail.end)
	}
	j.closeWriters()
	j.state.close()
	return errors.Join(err, j.unlock())
}

// closeWriters closes the files that are written to. Their errors say nothing that a sync did not say.
func (j *Journal) closeWriters() {
	for _, s := range append(j.unsynced, j.tail) {
		if s != nil && s.writer != nil {
			_ = s.writer.Close()
			s.writer = nil
		}
	}
	j.unsynced, j.tail = nil, nil
}

func (j *Journal) unlock() error {
	if j.lock == nil {
		return nil
	}
	return j.lock.Close()
}
