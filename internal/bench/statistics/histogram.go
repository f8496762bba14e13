package statistics

import (
	"math/bits"
	"time"
)

// precision is how many bits of a duration are kept: one bucket is at most 1/128 of its value wide.
const precision = 7

// Histogram counts durations, each with an error of less than 1 %, in 57 kB whatever their number. The zero value is empty. It
// is not safe for concurrent use; goroutines fill one each, and Add puts them together.
type Histogram struct {
	counts  [(64 - precision) << precision]uint64
	total   uint64
	longest time.Duration
}

// Record counts a duration; a negative one counts as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(0, d)
	h.counts[bucketOf(uint64(d))]++
	h.total++
	h.longest = max(h.longest, d)
}

// Add counts what another histogram has counted.
func (h *Histogram) Add(other *Histogram) {
	for i, count := range other.counts {
		h.counts[i] += count
	}
	h.total += other.total
	h.longest = max(h.longest, other.longest)
}

// Count returns how many durations were counted.
func (h *Histogram) Count() uint64 { return h.total }

// Max returns the longest duration, exactly; 0 where there is none.
func (h *Histogram) Max() time.Duration { return h.longest }

// Quantile returns the least duration that is not exceeded by so large a share of them, within 0 and 1: 0.5 is the median.
// It is 0 where there are none.
func (h *Histogram) Quantile(share float64) time.Duration {
	rank := max(1, uint64(share*float64(h.total)+0.999999))
	var seen uint64
	for i, count := range h.counts {
		if seen += count; seen >= rank {
			return min(h.longest, time.Duration(upperEnd(i)))
		}
	}
	return h.longest
}

// bucketOf returns the bucket of a value: those below 2^precision have one each, and each doubling above has as many again.
func bucketOf(value uint64) int {
	doublings := max(0, bits.Len64(value)-precision-1)
	return doublings<<precision + int(value>>doublings)
}

// upperEnd returns the largest value of a bucket.
func upperEnd(bucket int) uint64 {
	doublings := max(0, bucket>>precision-1)
	mantissa := uint64(bucket - doublings<<precision)
	return (mantissa+1)<<doublings - 1
}
