package shipper

import (
	"math/rand/v2"
	"time"
)

// retry decides whether and when to try again.
type retry struct {
	backoff  Backoff
	attempts int // 0 is no limit

	failures  int           // in a row
	pace      time.Duration // of the latest wait, without chance
	delivered int64         // windows, at the latest failure
}

// next learns of a failure, with the number of windows delivered until then, and returns how long to wait, or false
// where there shall be no other try.
func (r *retry) next(delivered int64) (time.Duration, bool) {
	if delivered > r.delivered {
		r.delivered, r.failures, r.pace = delivered, 0, 0
	}
	r.failures++
	if r.attempts > 0 && r.failures >= r.attempts {
		return 0, false
	}
	r.pace = min(max(r.backoff.Initial, 2*r.pace), r.backoff.Most)
	return min(r.pace+rand.N(r.pace), r.backoff.Most), true
}
