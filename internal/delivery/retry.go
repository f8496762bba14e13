package delivery

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The shortest and the longest wait before a delivery is tried again.
const (
	DefaultRetryMin = 500 * time.Millisecond
	DefaultRetryMax = time.Minute
)

// The shortest and the longest wait before something is tried again that a person has to mend first.
const (
	blockedMin = time.Minute
	blockedMax = 5 * time.Minute
)

// longestRetryAfter bounds what a receiver may ask for: an answer of years, from a broken proxy, must not end alerting.
const longestRetryAfter = time.Hour

// The waits double, and each is off by up to a fifth, so that many senders do not come back at once.
const (
	retryFactor = 2
	retryJitter = 0.2
)

// Retry decides how long to wait before the next try, and waits. It is the only place where a delivery sleeps between
// tries. It is not safe for concurrent use.
type Retry struct {
	shortest time.Duration
	backoff  backoff.ExponentialBackOff
	blocked  backoff.ExponentialBackOff
}

// NewRetry returns a Retry whose waits, jitter included, lie between shortest and longest, or between blockedMin and
// blockedMax for what is Blocked.
func NewRetry(shortest, longest time.Duration) *Retry {
	return &Retry{shortest: shortest, backoff: newBackoff(shortest, longest), blocked: newBackoff(blockedMin, blockedMax)}
}

func newBackoff(shortest, longest time.Duration) backoff.ExponentialBackOff {
	b := backoff.ExponentialBackOff{
		InitialInterval:     time.Duration(float64(shortest) / (1 - retryJitter)),
		MaxInterval:         time.Duration(float64(longest) / (1 + retryJitter)),
		Multiplier:          retryFactor,
		RandomizationFactor: retryJitter,
	}
	b.InitialInterval = min(b.InitialInterval, b.MaxInterval)
	b.Reset()
	return b
}

// Succeeded makes the next wait the shortest again.
func (r *Retry) Succeeded() {
	r.backoff.Reset()
	r.blocked.Reset()
}

// Wait sleeps until the next try after the failures. What a receiver asked for with RetryAfter counts more than the
// own backoff. It returns ctx's error when ctx ends first.
func (r *Retry) Wait(ctx context.Context, failures []error) error {
	timer := time.NewTimer(r.delay(failures))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Retry) delay(failures []error) time.Duration {
	asked, found := longestAsked(failures)
	switch {
	case slices.ContainsFunc(failures, IsBlocked):
		return max(r.blocked.NextBackOff(), min(asked, longestRetryAfter))
	case !found:
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
