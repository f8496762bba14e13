package chaos

import (
	"context"
	"time"
)

const agentLane = "shipper restarted"

// agentFaults restart shippers: what was not acknowledged is read from the file again, and encoded anew.
func agentFaults(seed uint64, o Options, agents []*agent) []fault {
	random := laneRandom(seed, agentLane)
	var faults []fault
	for _, at := range instants(random, max(1, int(o.Duration/(15*time.Second))), o.Duration) {
		a := agents[random.IntN(len(agents))]
		faults = append(faults, fault{at, agentLane, "", a.stream.host, func(context.Context) (int, error) {
			return a.endLife(), nil
		}})
	}
	return faults
}
