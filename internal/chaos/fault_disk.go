package chaos

import (
	"context"
	"fmt"
	"time"
)

const diskLane = "disk full"

// longestFull is for how long a disk is full at the most.
const longestFull = 12 * time.Second

// diskFaults fill the disk of logboom's data to the last byte, and give the room back. All of it is within the run. noticed tells
// whether logboom says so.
func diskFaults(seed uint64, o Options, d *disk, steps *journal, noticed func(context.Context) bool) []fault {
	random := laneRandom(seed, diskLane)
	longest := min(longestFull, o.Duration/2)
	var faults []fault
	for _, at := range instants(random, max(1, int(o.Duration/(40*time.Second))), o.Duration-longest) {
		length := between(random, longest/4, longest)
		faults = append(faults, fault{at, diskLane, "", fmt.Sprintf("for %s", length), func(ctx context.Context) (int, error) {
			over, end := context.WithTimeout(ctx, length)
			defer end()
			said := make(chan int, 1)
			go func() { said <- waitForNotice(over, noticed) }()
			eaten, err := d.fill(over.Done())
			steps.note(diskLane, "%d bytes eaten, all given back", eaten)
			return <-said, err
		}})
	}
	return faults
}

// waitForNotice returns 1 once logboom has noticed, or 0 when ctx ends before.
func waitForNotice(ctx context.Context, noticed func(context.Context) bool) int {
	for ctx.Err() == nil {
		if noticed(ctx) {
			return 1
		}
		pause(ctx, 100*time.Millisecond)
	}
	return 0
}

// unnoticed says that the run proves nothing about a full disk, where that is so.
func unnoticed(faults map[FaultKind]FaultCount) []string {
	if count := faults[FaultKind{Lane: diskLane}]; count.Met == 0 {
		return []string{fmt.Sprintf("the disk was full %d times, and logboom did not notice once", count.Times)}
	}
	return nil
}
