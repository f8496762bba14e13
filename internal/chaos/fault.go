package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// fault is one thing that goes wrong. The faults of one lane come one after the other, those of several lanes at once.
type fault struct {
	// at is when it begins, counted from the beginning of the run.
	at   time.Duration
	lane string
	what string
	// strike makes it happen, and returns when it is over; at once where it has no duration. It ends when ctx does.
	strike func(ctx context.Context) error
}

// instants draws so many times within the duration, in order.
func instants(random *rand.Rand, count int, duration time.Duration) []time.Duration {
	times := make([]time.Duration, count)
	for i := range times {
		times[i] = time.Duration(random.Int64N(int64(duration)))
	}
	slices.Sort(times)
	return times
}

// between draws a duration.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}

// laneRandom returns the chance of a lane, so that a change in one leaves the others as they are.
func laneRandom(seed uint64, lane string) *rand.Rand {
	return rand.New(rand.NewPCG(seed, fingerprint(lane, ""))) //nolint:gosec // no secret
}

// strikeAll lets the faults of one lane happen, and returns when they are over or ctx has ended. A fault that comes late,
// because the one before took long, comes all the same.
func strikeAll(ctx context.Context, begin time.Time, faults []fault, steps *journal) {
	for _, f := range faults {
		if waitUntil(ctx, begin.Add(f.at)) != nil {
			return
		}
		steps.began(f.lane, f.what)
		if err := f.strike(ctx); err != nil && ctx.Err() == nil {
			steps.failed(f.lane, f.what, err)
		}
	}
}
