package chaos

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// journal is the file in which a run notes what it does, with times to compare with logboom's log.
type journal struct {
	mutex sync.Mutex
	file  *os.File
	total map[FaultKind]FaultCount
	// failures are the faults that could not be made.
	failures []string
}

func newJournal(folder string) (*journal, error) {
	file, err := os.Create(filepath.Join(folder, "steps.log"))
	if err != nil {
		return nil, fmt.Errorf("make journal of steps: %w", err)
	}
	return &journal{file: file, total: map[FaultKind]FaultCount{}}, nil
}

// note writes a line. What cannot be written is not worth ending a run for.
func (j *journal) note(who, format string, values ...any) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	_, _ = fmt.Fprintf(j.file, "%s %s: %s\n", clock(time.Now()), who, fmt.Sprintf(format, values...))
}

// FaultKind is a lane of faults, and what it is that goes wrong, empty where that is clear.
type FaultKind struct{ Lane, Kind string }

func (k FaultKind) String() string {
	if k.Kind == "" {
		return k.Lane
	}
	return k.Lane + ": " + k.Kind
}

// FaultCount is how often there was a fault of a kind, and how many of what it is about it met, all times together.
type FaultCount struct{ Times, Met int }

func (f fault) of() FaultKind { return FaultKind{f.lane, f.kind} }

// began notes that a fault begins, and counts it.
func (j *journal) began(f fault) {
	j.note(f.lane, "%s %s", f.kind, f.what)
	j.count(f, FaultCount{Times: 1})
}

// met notes what a fault met that is over.
func (j *journal) met(f fault, met int) {
	j.note(f.lane, "%s met %d", f.kind, met)
	j.count(f, FaultCount{Met: met})
}

func (j *journal) count(f fault, more FaultCount) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	count := j.total[f.of()]
	j.total[f.of()] = FaultCount{count.Times + more.Times, count.Met + more.Met}
}

// failed notes that a fault could not be made.
func (j *journal) failed(f fault, err error) {
	j.note(f.lane, "FAILED: %s %s: %v", f.kind, f.what, err)
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.failures = append(j.failures, fmt.Sprintf("this fault could not be made: %s: %s %s: %v", f.lane, f.kind, f.what, err))
}

// counts returns how many faults there were of each kind.
func (j *journal) counts() map[FaultKind]FaultCount {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return maps.Clone(j.total)
}

func (j *journal) close() error { return j.file.Close() }
