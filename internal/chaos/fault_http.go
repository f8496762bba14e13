package chaos

import (
	"context"
	"fmt"
	"time"
)

const httpLane = "HTTP receiver refuses"

// httpFaults make the HTTP receiver refuse.
func httpFaults(seed uint64, o Options, r *httpReceiver) []fault {
	random := laneRandom(seed, httpLane)
	times := instants(random, max(4, int(o.Duration/(20*time.Second))), o.Duration)
	statuses := deck(random, []int32{429, 500, 502, 503}, len(times))
	var faults []fault
	for i, at := range times {
		status := statuses[i]
		length := between(random, 100*time.Millisecond, 3*time.Second)
		faults = append(faults, fault{at, httpLane, fmt.Sprint(status), fmt.Sprintf("for %s", length), func(ctx context.Context) (int, error) {
			before := r.refused.Load()
			r.refusal.Store(status)
			defer r.refusal.Store(0)
			return last(ctx, length, func() int { return int(r.refused.Load() - before) }), nil
		}})
	}
	return faults
}
