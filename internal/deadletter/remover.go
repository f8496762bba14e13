package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Remover marks letters as replayed, dropped or refused again, and removes segments of which no letter is left. It may be
// used while a Store writes to the folder. It is not safe for concurrent use.
type Remover struct {
	folder string
	turn   *os.File

	// marks are those of the segment that was marked last: nobody else changes them.
	marks  marks
	marked uint64
}

// OpenRemover takes the turn to remove letters of a folder until Close. It fails with ErrBusy where another has it, and
// where the folder cannot be changed.
func OpenRemover(folder string) (*Remover, error) {
	turn, err := tryLock(folder, removerLock)
	if err != nil {
		return nil, fmt.Errorf("lock the folder of dead letters: %w", err)
	}
	if turn == nil {
		return nil, ErrBusy
	}
	return &Remover{folder: folder, turn: turn}, nil
}

// Close lets others have their turn.
func (r *Remover) Close() error { return r.turn.Close() }

// Marked is a letter with what was done with it.
type Marked struct {
	Letter Stored
	Mark   Mark
}

// Mark returns after the letters are marked on disk. Those that are gone already need no mark. After an error some of them
// may be marked.
func (r *Remover) Mark(ctx context.Context, letters ...Marked) error {
	bySegment := map[uint64][]markLine{}
	for _, letter := range letters {
		mark, number := letter.Mark, letter.Letter.Number
		mark.Time, mark.To, mark.Reason = mark.Time.UTC(), short(mark.To), short(mark.Reason)
		bySegment[number.Segment] = append(bySegment[number.Segment], markLine{number.Line, sumText(letter.Letter.sum), mark})
	}
	return r.change(ctx, func() error {
		for number, added := range bySegment {
			if err := r.markSegment(segment{number: number}, added); err != nil {
				return fmt.Errorf("mark dead letters: %w", err)
			}
		}
		return nil
	})
}

// change does something with the lock that every change needs.
func (r *Remover) change(ctx context.Context, do func() error) error {
	lock, err := lockForChange(ctx, r.folder)
	if err != nil {
		return fmt.Errorf("lock the folder of dead letters: %w", err)
	}
	return errors.Join(do(), lock.Close())
}

func (r *Remover) markSegment(s segment, added []markLine) error {
	if _, err := os.Stat(s.path(r.folder)); errors.Is(err, fs.ErrNotExist) {
		return nil // the store was full
	}
	if r.marks == nil || r.marked != s.number {
		there, err := readMarks(s.marksPath(r.folder))
		if err != nil {
			return err
		}
		r.marks, r.marked = there, s.number
	}
	isNew := len(r.marks) == 0
	if err := r.marks.add(s.marksPath(r.folder), added); err != nil {
		r.marks = nil // what is on disk is not known
		return err
	}
	if isNew {
		return syncFolder(r.folder)
	}
	return nil
}

// Sweep removes the segments of which no letter is left, and returns how many bytes that freed.
func (r *Remover) Sweep(ctx context.Context) (freed int64, err error) {
	segments, err := listSegments(r.folder)
	if err != nil {
		return 0, err
	}
	for i, s := range segments {
		newest := i == len(segments)-1
		if newest && s.size == 0 {
			break // where the next letter goes
		}
		if empty, err := r.isEmpty(s, newest); err != nil || !empty {
			if err != nil {
				return freed, err
			}
			continue
		}
		size, err := r.removeEmpty(ctx, s.number)
		freed += size
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// isEmpty tells whether no letter of a segment is left. A line that is damaged is a letter.
func (r *Remover) isEmpty(s segment, newest bool) (bool, error) {
	marks, err := readMarks(s.marksPath(r.folder))
	if err != nil {
		return false, err
	}
	for stored, err := range linesOf(r.folder, s, newest) {
		if err != nil {
			return false, err
		}
		if mark, marked := marks.of(stored.Number.Line, stored.sum); !marked || !mark.gone() {
			return false, nil
		}
	}
	return true, nil
}

// removeEmpty removes a segment if no letter is left in it, now that nobody writes.
func (r *Remover) removeEmpty(ctx context.Context, number uint64) (freed int64, err error) {
	err = r.change(ctx, func() error {
		segments, err := listSegments(r.folder)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(segments, func(s segment) bool { return s.number == number })
		if i < 0 {
			return nil
		}
		newest := i == len(segments)-1
		if empty, err := r.isEmpty(segments[i], newest); err != nil || !empty {
			return err
		}
		if newest {
			next, err := makeSegment(r.folder, segment{number: number + 1})
			if err != nil {
				return err
			}
			if err := next.Close(); err != nil {
				return err
			}
		}
		if err := removeSegment(r.folder, segments[i]); err != nil {
			return err
		}
		freed = segments[i].size + segments[i].marks
		return syncFolder(r.folder)
	})
	if err != nil {
		return freed, fmt.Errorf("remove dead letters: %w", err)
	}
	return freed, nil
}

// ForgetRemoval forgets what was removed because the store was full.
func (r *Remover) ForgetRemoval(ctx context.Context) error {
	return r.change(ctx, func() error { return forgetRemoval(r.folder) })
}
