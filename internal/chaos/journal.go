package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// journal is the file in which a run notes what it does, with times to compare with logboom's log.
type journal struct {
	mutex sync.Mutex
	file  *os.File
	total map[string]int
	// failures are the faults that could not be made.
	failures []string
}

func newJournal(folder string) (*journal, error) {
	file, err := os.Create(filepath.Join(folder, "steps.log"))
	if err != nil {
		return nil, fmt.Errorf("make journal of steps: %w", err)
	}
	return &journal{file: file, total: map[string]int{}}, nil
}

// note writes a line. What cannot be written is not worth ending a run for.
func (j *journal) note(who, format string, values ...any) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	_, _ = fmt.Fprintf(j.file, "%s %s: %s\n", clock(time.Now()), who, fmt.Sprintf(format, values...))
}

// began notes that a fault begins, and counts it.
func (j *journal) began(lane, what string) {
	j.note(lane, "%s", what)
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.total[lane]++
}

// failed notes that a fault could not be made.
func (j *journal) failed(lane, what string, err error) {
	j.note(lane, "FAILED: %s: %v", what, err)
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.failures = append(j.failures, fmt.Sprintf("this fault could not be made: %s: %s: %v", lane, what, err))
}

// counts returns how many faults there were of each kind.
func (j *journal) counts() map[string]int {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	counts := map[string]int{}
	for lane, n := range j.total {
		counts[lane] = n
	}
	return counts
}

func (j *journal) close() error { return j.file.Close() }
