package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Open opens the journal in a directory or makes a new one. It reads the whole log and checks every sum. Damage is not
// an error: see Salvage. Errors: ErrLocked, ErrForeign, ErrNewerFormat, and those of the operating system; the
// directory is as it was before.
func Open(options Options) (*Journal, error) {
	if options.Directory == "" {
		return nil, errors.New("open journal: no directory is named")
	}
	files := options.files
	if files == nil {
		files = operatingSystem()
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
