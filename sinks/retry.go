package sinks

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The shortest and the longest wait before a delivery is tried again.
const (
	DefaultRetryMin = 500 * time.Millisecond
	DefaultRetryMax = time.Minute
)

// longestRetryAfter bounds what a receiver may ask for: an answer of years, from a broken proxy, must not end alerting.
const longestRetryAfter = time.Hour

// The waits double, and each is off by up to a fifth, so that many senders do not come back at once.
const (
	retryFactor = 2
	retryJitter = 0.2
)

// retry decides how long to wait before the next try, and waits. It is the only place where a delivery sleeps between
// tries.
type retry struct {
	shortest time.Duration
	backoff  backoff.ExponentialBackOff
}

// newRetry returns a retry whose waits, jitter included, lie between shortest and longest.
func newRetry(shortest, longest time.Duration) *retry {
	r := &retry{shortest: shortest, backoff: backoff.ExponentialBackOff{
		InitialInterval:     time.Duration(float64(shortest) / (1 - retryJitter)),
		MaxInterval:         time.Duration(float64(longest) / (1 + retryJitter)),
		Multiplier:          retryFactor,
		RandomizationFactor: retryJitter,
	}}
	r.backoff.InitialInterval = min(r.backoff.InitialInterval, r.backoff.MaxInterval)
	r.backoff.Reset()
	return r
}

// succeeded makes the next wait the shortest again.
func (r *retry) succeeded() { r.backoff.Reset() }

// wait sleeps until the next try after the failures. What a receiver asked for with RetryAfter counts more than the
// own backoff. It returns ctx's error when ctx ends first.
func (r *retry) wait(ctx context.Context, failures []error) error {
	timer := time.NewTimer(r.delay(failures))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *retry) delay(failures []error) time.Duration {
	asked, found := longestAsked(failures)
	if !found {
		return r.backoff.NextBackOff()
	}
	return min(max(asked, r.shortest), longestRetryAfter)
}

// longestAsked returns the longest delay that the failures carry, and false where none carries one.
func longestAsked(failures []error) (delay time.Duration, found bool) {
	for _, failure := range failures {
		var after *RetryAfter
		if errors.As(failure, &after) {
			delay, found = max(delay, after.Delay), true
		}
	}
	return delay, found
}
