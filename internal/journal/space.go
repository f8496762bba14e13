package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Space says how much room there is. All but Full and Reason are bytes.
type Space struct {
	// Used is what the log and the small state take; what was set aside is not counted, nor what is free in the file of
	// the small state: the next checkpoint is written there, beside the one before, so that the file takes about twice
	// what is counted.
	Used, Budget int64
	// State is the part of Used that the small state takes. What it needs grows and shrinks with the checkpoint.
	State int64
	// Free is what the filesystem has left for this user.
	Free, Reserve int64
	// Full says that no more events should be taken. Once it is set, it stays until there is some room to spare, so
	// that it does not flap: a twentieth of the budget, and a quarter above the reserve.
	Full bool
	// Reason says which limit was met, and the remedy. It is empty unless Full.
	Reason string
}

// spaceWatch remembers whether the journal was full.
type spaceWatch struct {
	mu   sync.Mutex
	full bool
}

// Space measures how much room there is. It costs a few system calls. It only tells; stopping in time is the caller's
// part, since what to refuse is its affair. There is no room in a journal whose files somebody removed: what is written to them goes
// when the process does.
func (j *Journal) Space() (Space, error) {
	state := j.state.inUse.Load()
	space := Space{Used: state + j.logged(), Budget: j.options.Budget, State: state, Reserve: j.options.Reserve}
	if removed := j.removed(); removed != "" {
		space.Full = true
		space.Reason = removed + " was removed while logboom runs, and what is written to it would be lost; stop logboom, " +
			"bring the journal back if there is a copy, and start it again"
		return space, nil
	}
	_, free, err := j.files.Usage(j.options.Directory)
	if err != nil {
		return Space{}, fmt.Errorf("measure space: %w", err)
	}
	space.Free = free
	j.space.judge(&space, j.options.Directory)
	return space, nil
}

// removed returns a file of the journal that is not where it was made, and else nothing.
func (j *Journal) removed() string {
	inUse := func() (paths []string) {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.failure != nil || j.closed {
			return nil
		}
		for _, s := range j.segments {
			paths = append(paths, s.path)
		}
		return append(paths, filepath.Join(j.options.Directory, stateName))
	}
	for _, path := range inUse() {
		f, err := j.files.OpenFile(path, os.O_RDONLY, 0)
		if err == nil {
			_ = f.Close() // it was only opened
		}
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(inUse(), path) { // the journal itself removes segments
			return path
		}
	}
	return ""
}

// Budget returns how many bytes the log and the small state should take, which was chosen by Open where Options did not say.
func (j *Journal) Budget() int64 { return j.options.Budget }

// logged returns the bytes of the log, without what is only preallocated.
func (j *Journal) logged() (logged int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.segments {
		logged += s.end
	}
	return logged
}

// Behind returns how many bytes the records behind a sequence take in the log, durable or not, give or take some tens of
// KiB.
func (j *Journal) Behind(sequence uint64) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	var behind int64
	for i := len(j.segments) - 1; i >= 0; i-- {
		s := j.segments[i]
		if s.last <= sequence {
			break
		}
		behind += s.end - s.seek(sequence+1)
	}
	return behind
}

// LeavesNoLog says that the small state alone takes so much of the budget that a full journal stays full even when its
// log is empty: nothing but a larger budget or less state helps.
func (s Space) LeavesNoLog() bool { return s.Budget > 0 && s.State >= s.Budget-s.Budget/20 }

// isFull returns what was judged last.
func (w *spaceWatch) isFull() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.full
}

func (w *spaceWatch) judge(space *Space, directory string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	budget, reserve := space.Budget, space.Reserve
	if w.full {
		budget, reserve = budget-budget/20, reserve+reserve/4
	}
	switch {
	case space.Used >= budget && space.LeavesNoLog():
		space.Reason = fmt.Sprintf("the state alone, mostly the windows of the rules, takes %d bytes of the journal's budget "+
			"of %d and leaves no room for events, whatever is dropped; raise journal.budget to at least %d, or let the "+
			"rules keep less: shorter windows, fewer keys", space.State, space.Budget, 2*space.State)
	case space.Used >= budget:
		space.Reason = fmt.Sprintf("the journal takes %d bytes of its budget of %d; an output is behind, or the budget "+
			"is too small", space.Used, space.Budget)
	case space.Free < reserve:
		space.Reason = fmt.Sprintf("the filesystem of %s has %d bytes free, %d are kept in reserve; make room there",
			directory, space.Free, space.Reserve)
	}
	space.Full = space.Reason != ""
	w.full = space.Full
}
