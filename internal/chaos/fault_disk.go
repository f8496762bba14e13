package chaos

import (
	"context"
	"fmt"
	"time"
)

// diskFaults fill the disk of logboom's data to the last byte, and give the room back.
func diskFaults(seed uint64, o Options, d *disk, steps *journal) []fault {
	const lane = "disk full"
	random := laneRandom(seed, lane)
	var faults []fault
	for _, at := range instants(random, max(1, int(o.Duration/(75*time.Second))), o.Duration) {
		length := between(random, time.Second, 12*time.Second)
		faults = append(faults, fault{at, lane, fmt.Sprintf("for %s", length), func(ctx context.Context) error {
			over, end := context.WithTimeout(ctx, length)
			defer end()
			eaten, err := d.fill(over.Done())
			steps.note(lane, "%d bytes eaten, all given back", eaten)
			return err
		}})
	}
	return faults
}
