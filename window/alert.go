package window

import "math"

// Alert is the state machine of one key of one rule: Active while a window's count is at least the threshold. Each stay
// in Active is an episode, from its Start to its End. The zero value is an inactive alert that never was active.
type Alert struct {
	start       int64
	end         int64
	peak        uint64
	state       State
	approximate bool
	ended       bool
}

// Judge compares a count at the instant now with the threshold and changes the state where they disagree. It returns
// whether it did. An episode starts at now, or just after the previous one's end where that is later: a late event can
// open a new episode but never share the start of one that is over.
func (a *Alert) Judge(now int64, count, threshold uint64, approximate bool) bool {
	on := count >= threshold
	switch {
	case on && a.state == Active:
		a.raise(count, approximate)
		return false
	case on:
		a.state, a.start, a.peak, a.approximate = Active, now, count, approximate
		if a.ended && a.start <= a.end {
			a.start = add(a.end, 1)
		}
		return true
	case a.state == Active:
		a.Finish(now)
		return true
	}
	return false
}

func (a *Alert) raise(count uint64, approximate bool) {
	if count > a.peak {
		a.peak = count
		a.approximate = a.approximate || approximate
	}
}

// Finish ends the open episode at the given instant, or at its start where that is later. It panics when there is none,
// which is a mistake of the caller.
func (a *Alert) Finish(at int64) {
	if a.state != Active {
		panic("window: Finish of an alert that is not active")
	}
	a.state, a.end, a.ended = Inactive, max(at, a.start), true
}

// State returns the present state.
func (a *Alert) State() State { return a.state }

// Start returns the start of the open episode, or of the last one where none is open.
func (a *Alert) Start() int64 { return a.start }

// Peak returns the greatest count of that episode, and whether it is approximate.
func (a *Alert) Peak() (count uint64, approximate bool) { return a.peak, a.approximate }

// End returns the end of the last episode that is over, and false where there is none.
func (a *Alert) End() (int64, bool) {
	if !a.ended {
		return math.MinInt64, false
	}
	return a.end, true
}

// RestoreEnd tells a new alert when its key's last episode ended, which was before the key had been forgotten.
func (a *Alert) RestoreEnd(end int64) { a.end, a.ended = end, true }
