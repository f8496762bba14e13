package shipper

import (
	"iter"
	"strconv"
	"time"
)

// Numbers returns a quiet stream with a burst behind it, as the generator script of the well-known demo writes it into
// the watched file: the numbers 1 to 100, one a second, then 101 to 200, one each 10 ms. Each number comes with how
// long to wait before it; the first comes at once, and 101 a second after 100.
//
// speed divides the waits: 10 plays the stream in a tenth of the time. One that is not positive counts as 1. A rule
// looks at the time in the event, so who plays faster and wants the same alert adds wait * speed to the time of the
// event before.
func Numbers(speed float64) iter.Seq2[time.Duration, string] {
	const last, quiet = 200, 100
	const slow, fast = time.Second, 10 * time.Millisecond
	if !(speed > 0) { // and so for NaN
		speed = 1
	}
	return func(yield func(time.Duration, string) bool) {
		var wait time.Duration
		for number := 1; number <= last; number++ {
			if !yield(time.Duration(float64(wait)/speed), strconv.Itoa(number)) {
				return
			}
			wait = slow
			if number > quiet {
				wait = fast
			}
		}
	}
}
