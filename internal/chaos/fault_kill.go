package chaos

import (
	"context"
	"time"
)

const (
	killLane = "kill -9 logboom"
	stopLane = "stop logboom"
)

// longestStop is a little more than logboom takes at most to end when it is asked to.
const longestStop = 30 * time.Second

// stopFaults ask logboom to end, whatever goes wrong at that moment, and start it again.
func stopFaults(seed uint64, o Options, logboom *program) []fault {
	var faults []fault
	for _, at := range instants(laneRandom(seed, stopLane), max(1, int(o.Duration/(30*time.Second))), o.Duration) {
		faults = append(faults, fault{at, stopLane, "", "SIGTERM", func(ctx context.Context) (int, error) {
			return await(ctx, func() int { return logboom.terminate(longestStop) }), nil
		}})
	}
	return faults
}

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
