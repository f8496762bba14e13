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
	at time.Duration
	// lane and kind say what goes wrong, for the report; kind is empty where there is but one. what tells more of it.
	lane, kind, what string
	// strike makes it happen, and returns when it is over; at once where it has no duration. It ends when ctx does. It returns
	// how many of what the lane is about it met, such as connections: with none, nothing went wrong.
	strike func(ctx context.Context) (met int, err error)
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
		steps.began(f)
		met, err := f.strike(ctx)
		if err != nil && ctx.Err() == nil {
			steps.failed(f, err)
		}
		steps.met(f, met)
	}
}

// patience is for how long a fault waits for something that it could meet.
const patience = 10 * time.Second

// last waits for as long as a fault is to last, and longer where it has met nothing yet. It returns how many it has met.
func last(ctx context.Context, length time.Duration, met func() int) int {
	pause(ctx, length)
	return await(ctx, met)
}

// await waits until there is something to be met, but not without end, and returns how many.
func await(ctx context.Context, met func() int) int {
	deadline := time.Now().Add(patience)
	for {
		if n := met(); n > 0 || ctx.Err() != nil || time.Now().After(deadline) {
			return n
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// deck draws so many of the kinds that each comes as often as any other one, give or take one.
func deck[T any](random *rand.Rand, kinds []T, count int) []T {
	var drawn []T
	for len(drawn) < count {
		for _, i := range random.Perm(len(kinds)) {
			drawn = append(drawn, kinds[i])
		}
	}
	return drawn[:count]
}
