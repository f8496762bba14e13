package chaos

import (
	"cmp"
	"slices"
	"time"
)

// explanation tells which doubles of a receiver stem from batches that were in flight when logboom was killed, or had stopped while
// something else was broken, or when the receiver was killed.
//
// A batch is in flight from its first event's receipt until the cursor behind it is on disk. How long that takes depends: it
// is milliseconds, unless the receiver is busy, the disk is full and takes no cursor, or a batch before it has to be tried
// again. But meanwhile the output sends nothing new. So it is not the time until the kill that counts, but for how much of it
// the receiver went on to receive: whatever was behind the batch was in flight together with it. That is bounded by how long
// a receiver takes for all that an output has in flight.
type explanation struct {
	kills []kill
	heard []int64
}

// kill is when something was killed or had stopped, and how many doubles stem from that.
type kill struct {
	at, heard int64 // nanoseconds; heard is the last receipt before it
	doubles   int
}

const (
	// inFlight is how long a receiver may take for all that an output has in flight, on a machine that is busy.
	inFlight = 2 * time.Second
	// afterlife is for how long after a kill a receiver may still receive what had been sent before.
	afterlife = time.Second
)

// newExplanation takes the kills, and all instants at which something was received, in nanoseconds.
func newExplanation(kills []time.Time, heard []int64) *explanation {
	e := &explanation{heard: slices.Clone(heard)}
	slices.Sort(e.heard)
	for _, at := range kills {
		e.kills = append(e.kills, kill{at: at.UnixNano(), heard: e.lastHeard(at.UnixNano())})
	}
	slices.SortFunc(e.kills, func(a, b kill) int { return cmp.Compare(a.at, b.at) })
	return e
}

// lastHeard returns when something was last received up to an instant.
func (e *explanation) lastHeard(until int64) int64 {
	behind, _ := slices.BinarySearch(e.heard, until+1)
	if behind == 0 {
		return 0
	}
	return e.heard[behind-1]
}

// explain tells whether an event that was received twice was in flight at a kill between the two, and for how long the receiver
// had gone on to receive by then. It is put down to the first kill behind the first receipt, or else to the last one before it.
func (e *explanation) explain(first, again time.Time) (after time.Duration, found bool) {
	at := first.UnixNano()
	behind, _ := slices.BinarySearchFunc(e.kills, at, func(k kill, at int64) int { return cmp.Compare(k.at, at) })
	if behind < len(e.kills) && e.kills[behind].at <= again.UnixNano() {
		k := &e.kills[behind]
		if after = time.Duration(k.heard - at); after <= inFlight {
			k.doubles++
			return max(0, after), true
		}
	}
	if behind > 0 && at-e.kills[behind-1].at <= int64(afterlife) {
		e.kills[behind-1].doubles++
		return 0, true
	}
	return 0, false
}

// most returns how many doubles stem from one kill at the most.
func (e *explanation) most() int {
	most := 0
	for _, k := range e.kills {
		most = max(most, k.doubles)
	}
	return most
}
