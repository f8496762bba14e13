package chaos

import (
	"context"
	"time"
)

const killLane = "kill -9 logboom"

// killFaults kill logboom at random instants. It is started again at once, so two that are close together kill it while it
// starts. Where there is none, because it cannot start on a full disk, the next one is killed.
func killFaults(seed uint64, o Options, logboom *program) []fault {
	var faults []fault
	for _, at := range instants(laneRandom(seed, "kill"), o.Kills, o.Duration) {
		faults = append(faults, fault{at, killLane, "", "kill", func(ctx context.Context) (int, error) {
			killed := await(ctx, logboom.kill)
			pause(ctx, 20*time.Millisecond) // until there is another to kill
			return killed, nil
		}})
	}
	return faults
}
