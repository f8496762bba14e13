package chaos

import (
	"context"
	"time"
)

// killFaults kill logboom at random instants. It is started again at once, so two that are close together kill it while it
// starts.
func killFaults(seed uint64, o Options, logboom *program) []fault {
	var faults []fault
	for _, at := range instants(laneRandom(seed, "kill"), o.Kills, o.Duration) {
		faults = append(faults, fault{at, "kill -9 logboom", "kill", func(ctx context.Context) error {
			logboom.kill()
			pause(ctx, 20*time.Millisecond) // until there is another to kill
			return nil
		}})
	}
	return faults
}
