package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// The networks.
const (
	toLogboomLane       = "network before logboom"
	toElasticsearchLane = "network before Elasticsearch"
)

// networkFaults make the network before a server bad, about every five seconds: cut, slow, half-open, reset.
func networkFaults(seed uint64, o Options, lane string, p *proxy) []fault {
	random := laneRandom(seed, lane)
	times := instants(random, max(len(troubles), int(o.Duration/(5*time.Second))), o.Duration)
	kinds := deck(random, troubles, len(times))
	var faults []fault
	for i, at := range times {
		t := kinds[i](random, p)
		faults = append(faults, fault{at, lane, t.kind, fmt.Sprintf("%s for %s", t.what, t.length), func(ctx context.Context) (int, error) {
			before := await(ctx, p.connections)
			if err := t.begin(); err != nil {
				return 0, err
			}
			pause(ctx, t.length)
			met := max(before, p.connections()) // also those that were made meanwhile
			return met, t.end()
		}})
	}
	return faults
}

// trouble is one way in which a network is bad.
type trouble struct {
	kind, what string
	length     time.Duration
	begin, end func() error
}

// troubles draw one each.
var troubles = []func(random *rand.Rand, p *proxy) trouble{
	drawCut,
	toxicDrawer("slow", "latency", func(random *rand.Rand) map[string]any {
		return map[string]any{"latency": random.IntN(1500), "jitter": random.IntN(500)}
	}),
	toxicDrawer("narrow", "bandwidth", func(random *rand.Rand) map[string]any { return map[string]any{"rate": 1 + random.IntN(100)} }),
	toxicDrawer("in slices", "slicer", func(random *rand.Rand) map[string]any {
		return map[string]any{"average_size": 1 + random.IntN(300), "size_variation": 1, "delay": random.IntN(2000)}
	}),
	drawHalfOpen,
	toxicDrawer("reset", "reset_peer", func(random *rand.Rand) map[string]any { return map[string]any{"timeout": random.IntN(500)} }),
	toxicDrawer("cut in the middle", "limit_data", func(random *rand.Rand) map[string]any {
		return map[string]any{"bytes": random.IntN(200_000)}
	}),
}

// drawCut closes all connections and refuses new ones.
func drawCut(random *rand.Rand, p *proxy) trouble {
	return trouble{"cut", "cut", drawLength(random), func() error { p.cut(); return nil }, p.mend}
}

// drawHalfOpen lets vanish what one side sends, and nobody closes the connection: often until the other side loses patience.
func drawHalfOpen(random *rand.Rand, p *proxy) trouble {
	t := toxicDrawer("half-open", "timeout", func(*rand.Rand) map[string]any { return map[string]any{"timeout": 0} })(random, p)
	t.length = between(random, shipperTimeout/2, 2*shipperTimeout)
	return t
}

func drawLength(random *rand.Rand) time.Duration {
	return between(random, 200*time.Millisecond, 4*time.Second)
}

// toxicDrawer draws what one of toxiproxy's toxics does in one direction.
func toxicDrawer(kind, of string, attributes func(*rand.Rand) map[string]any) func(random *rand.Rand, p *proxy) trouble {
	return func(random *rand.Rand, p *proxy) trouble {
		t := toxic{Type: of, Stream: []string{"upstream", "downstream"}[random.IntN(2)], Attributes: attributes(random)}
		return trouble{
			kind, fmt.Sprintf("%s %s %v", of, t.Stream, t.Attributes), drawLength(random),
			func() error { return p.add(t) },
			func() error { p.heal(); return nil },
		}
	}
}
