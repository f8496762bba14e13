package chaos

import (
	"context"
	"fmt"
	"time"
)

// httpFaults make the HTTP receiver refuse.
func httpFaults(seed uint64, o Options, r *httpReceiver) []fault {
	const lane = "HTTP receiver refuses"
	random := laneRandom(seed, lane)
	var faults []fault
	for _, at := range instants(random, max(1, int(o.Duration/(20*time.Second))), o.Duration) {
		status := []int32{429, 500, 502, 503}[random.IntN(4)]
		length := between(random, 100*time.Millisecond, 3*time.Second)
		faults = append(faults, fault{at, lane, fmt.Sprintf("%d for %s", status, length), func(ctx context.Context) error {
			r.refusal.Store(status)
			pause(ctx, length)
			r.refusal.Store(0)
			return nil
		}})
	}
	return faults
}
