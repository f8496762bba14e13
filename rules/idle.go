package rules

import (
	"container/heap"
	"math"

	"github.com/logboom/logboom/window"
)

// deadlines is a heap of the keys with an open episode, by the reading of the idle clock at which each has to be judged.
// A matching event moves a deadline without touching the heap: the key is put right when its old deadline comes.
type deadlines []deadline

type deadline struct {
	at  int64
	key *keyState
}

// Len implements heap.Interface.
func (d deadlines) Len() int { return len(d) }

// Less implements heap.Interface.
func (d deadlines) Less(i, j int) bool { return d[i].at < d[j].at }

// Swap implements heap.Interface.
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].key.heapIndex, d[j].key.heapIndex = int32(i), int32(j)
}

// Push implements heap.Interface.
func (d *deadlines) Push(pushed any) {
	last := pushed.(deadline) //nolint:forcetypeassert // only this file pushes
	last.key.heapIndex = int32(len(*d))
	*d = append(*d, last)
}

// Pop implements heap.Interface.
func (d *deadlines) Pop() any {
	last := (*d)[len(*d)-1]
	(*d)[len(*d)-1] = deadline{}
	*d = (*d)[:len(*d)-1]
	last.key.heapIndex = -1
	return last
}

func (d *deadlines) remove(key *keyState) {
	if key.heapIndex >= 0 {
		heap.Remove(d, int(key.heapIndex))
	}
}

// schedule puts a key with an open episode where it belongs, if its rule has an idle time.
func (e *Engine) schedule(key *keyState) {
	e.deadlines.remove(key)
	if key.rule.Idle > 0 {
		heap.Push(&e.deadlines, deadline{later(key.lastMatch, int64(key.rule.Idle)), key})
	}
}

// NextDeadline returns the reading of the idle clock at which Tick may have something to do, and false where it has
// nothing to wait for.
func (e *Engine) NextDeadline() (int64, bool) {
	if len(e.deadlines) == 0 {
		return 0, false
	}
	return e.deadlines[0].at, true
}

// Tick judges the keys with an open episode that saw no matching event for their rule's idle time, each at M plus the
// time that passed by the idle clock. That ends an episode but never moves M and drops nothing. received is the time in
// nanoseconds since 1970 that the transitions carry.
func (e *Engine) Tick(clock, received int64) (Outcome, error) {
	e.begin(clock)
	e.recorder.beginAt(received)
	for len(e.deadlines) > 0 && e.deadlines[0].at <= e.clock {
		key := e.deadlines[0].key
		elapsed := key.silenceNeeded()
		if due := later(key.lastMatch, elapsed); due > e.clock {
			e.deadlines[0].at = due
			heap.Fix(&e.deadlines, 0)
			continue
		}
		e.finishIdle(key, later(key.window.Max(), elapsed), received)
	}
	return e.finish()
}

// silenceNeeded returns how long after its latest match the key's episode ends if nothing more comes: the idle time, or
// longer while the window would still hold enough.
func (k *keyState) silenceNeeded() int64 {
	falls, at := k.window.FallsBelow(k.rule.Threshold), k.window.Max()
	if at < 0 && falls > math.MaxInt64+at {
		return math.MaxInt64
	}
	return max(int64(k.rule.Idle), falls-at)
}

func (e *Engine) finishIdle(key *keyState, at, received int64) {
	e.recorder.finish(key, at)
	key.alert.Finish(at)
	e.changed(key, at, nil, 0, window.ReasonIdle, received)
}

// Rest starts the idle times of all keys anew, with a grace on top: after a start, senders may need that long to come
// back, and silence before they do means nothing.
func (e *Engine) Rest(clock, grace int64) {
	e.clock = max(e.clock, clock)
	for _, rule := range e.rules {
		rule.each(func(key *keyState) {
			key.lastMatch = later(e.clock, grace)
			if key.heapIndex >= 0 {
				e.schedule(key)
			}
		})
	}
}

// later adds a span to a time and stays at the greatest time where that would go beyond.
func later(at, span int64) int64 {
	if span > 0 && at > math.MaxInt64-span {
		return math.MaxInt64
	}
	return at + span
}
