package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// networkFaults make the network before a server bad, about every four seconds: cut, slow, half-open, reset.
func networkFaults(seed uint64, o Options, lane string, p *proxy) []fault {
	random := laneRandom(seed, lane)
	var faults []fault
	for _, at := range instants(random, int(o.Duration/(5*time.Second)), o.Duration) {
		trouble := drawTrouble(random, p)
		length := between(random, 200*time.Millisecond, 4*time.Second)
		faults = append(faults, fault{at, lane, fmt.Sprintf("%s for %s", trouble.what, length), func(ctx context.Context) error {
			if err := trouble.begin(); err != nil {
				return err
			}
			pause(ctx, length)
			return trouble.end()
		}})
	}
	return faults
}

// trouble is one way in which a network is bad.
type trouble struct {
	what       string
	begin, end func() error
}

func drawTrouble(random *rand.Rand, p *proxy) trouble {
	direction := []string{"upstream", "downstream"}[random.IntN(2)]
	poison := func(kind string, attributes map[string]any) trouble {
		t := toxic{Type: kind, Stream: direction, Attributes: attributes}
		return trouble{
			fmt.Sprintf("%s %s %v", kind, direction, attributes),
			func() error { return p.add(t) },
			func() error { p.heal(); return nil },
		}
	}
	switch random.IntN(8) {
	case 0, 1:
		return trouble{"cut", func() error { p.cut(); return nil }, p.mend}
	case 2:
		return poison("latency", map[string]any{"latency": random.IntN(1500), "jitter": random.IntN(500)})
	case 3:
		return poison("bandwidth", map[string]any{"rate": 1 + random.IntN(100)})
	case 4:
		return poison("slicer", map[string]any{"average_size": 1 + random.IntN(300), "size_variation": 1, "delay": random.IntN(2000)})
	case 5: // half-open: what one side sends vanishes, and nobody closes
		return poison("timeout", map[string]any{"timeout": 0})
	case 6:
		return poison("reset_peer", map[string]any{"timeout": random.IntN(500)})
	default:
		return poison("limit_data", map[string]any{"bytes": random.IntN(200_000)})
	}
}
