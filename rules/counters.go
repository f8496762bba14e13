package rules

import "sync/atomic"

// Counters count what an engine did with the events of one rule since the process began. They may be read at any time
// from any goroutine.
type Counters struct {
	// Matched counts events that matched, Late those of them that were older than the window and ignored, Clamped those
	// whose time was too far in the future and was replaced.
	Matched, Late, Clamped atomic.Uint64
	// ConditionErrors counts events for which the condition could not be evaluated though no field was missing.
	ConditionErrors atomic.Uint64
	// Transitions counts changes of state, Evictions keys that had to make room, Compactions windows that were merged
	// to stay within the budget.
	Transitions, Evictions, Compactions atomic.Uint64
	// Keys and Active are the number of keys in memory, and of those with an open episode.
	Keys, Active atomic.Int64
	// Runs is the number of distinct times in all windows of the rule, at 16 bytes each.
	Runs atomic.Int64
}
