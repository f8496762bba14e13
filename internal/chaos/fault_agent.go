package chaos

import (
	"context"
	"time"
)

// agentFaults restart shippers: what was not acknowledged is read from the file again, and encoded anew.
func agentFaults(seed uint64, o Options, agents []*agent) []fault {
	const lane = "shipper restarted"
	random := laneRandom(seed, lane)
	var faults []fault
	for _, at := range instants(random, max(1, int(o.Duration/(15*time.Second))), o.Duration) {
		a := agents[random.IntN(len(agents))]
		faults = append(faults, fault{at, lane, a.stream.host, func(context.Context) error {
			a.endLife()
			return nil
		}})
	}
	return faults
}
