package window

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// State is what an alert is: Inactive or Active.
type State uint8

// The states of an alert. The zero value is Inactive, so a key never seen is inactive.
const (
	Inactive State = iota
	Active
)

// String returns "inactive" or "active", the words of an alert document's event.action.
func (s State) String() string {
	if s == Active {
		return "active"
	}
	return "inactive"
}

// The reasons why an episode can end other than by an event that moved its window on. They are the values of an alert
// document's event.reason.
const (
	// ReasonIdle ends an episode because no matching event came for the rule's idle time.
	ReasonIdle = "idle"
	// ReasonEvicted ends an episode because its key had to make room for others.
	ReasonEvicted = "evicted"
	// ReasonRuleChanged ends an episode because its rule was edited in what it evaluates, or removed.
	ReasonRuleChanged = "rule_changed"
	// ReasonStateLost ends an episode because damage to the journal lost its window.
	ReasonStateLost = "state_lost"
)

// Transition is one change of state of one key of one rule: the fact that is journaled, and all that an alert document
// is made of. It never changes after it was decided. All times are nanoseconds since 1970 in UTC.
type Transition struct {
	// Number counts the transitions of a journal from 1, without gaps. Sinks' cursors refer to it.
	Number uint64 `json:"number"`
	// ID is the document id: the same transition always has the same, two never share one. See TransitionID.
	ID string `json:"id"`
	// Episode is what the start and the end of an episode have in common, and no other transition has: the start's ID.
	Episode string `json:"episode"`
	// Rule is the rule's name, RuleID a short identifier made from it.
	Rule   string `json:"rule"`
	RuleID string `json:"rule_id"`
	// Grouped says whether the rule has one window a key, and Key which key this is, in the form shown to people.
	Grouped bool   `json:"grouped,omitempty"`
	Key     string `json:"key,omitempty"`
	// Group are the key's values by the fields that the rule groups by, in its order, as they were at the transition.
	Group []Field `json:"group,omitempty"`
	// State is the state after the change.
	State State `json:"state"`
	// Time is M, the greatest event time of the key, at the transition.
	Time int64 `json:"time"`
	// Start and End bound the episode. End is meaningful when State is Inactive, and never before Start.
	Start int64 `json:"start"`
	End   int64 `json:"end,omitempty"`
	// Count is the number of events in the window when it was judged, Peak the greatest such number in the episode.
	Count uint64 `json:"count"`
	Peak  uint64 `json:"peak"`
	// Approximate says that Count and Peak were taken from a window whose older part had to be merged.
	Approximate bool `json:"approximate,omitempty"`
	// Threshold and Window are the rule's, as they were at the transition.
	Threshold uint64        `json:"threshold"`
	Window    time.Duration `json:"window"`
	// First are the latest lines in the window when the episode started, Last the latest lines of the episode (only when
	// State is Inactive). At most five each, at most 500 characters a line.
	First []string `json:"first,omitempty"`
	Last  []string `json:"last,omitempty"`
	// Received is when the batch of the deciding event arrived.
	Received int64 `json:"received"`
	// Decided is when the writer had decided it, 0 where no clock was read, as in replay.
	Decided int64 `json:"decided,omitempty"`
	// Reason is one of the Reason constants, or empty where an event made the change.
	Reason string `json:"reason,omitempty"`
}

// Field is a field that a rule groups by, and its value in one key.
type Field struct {
	// Name is the field's path, as host.name.
	Name string `json:"name"`
	// Value is text, whatever it is in the events. It is empty where they lack the field.
	Value string `json:"value"`
}

// Samples returns the lines that an alert document shows: those that made the alert when it starts, the latest ones
// when it ends. The caller must not change them.
func (t *Transition) Samples() []string {
	if t.State == Active {
		return t.First
	}
	return t.Last
}

// TransitionID returns the identifier of a change: 40 hexadecimal digits of a SHA-256 over the rule's name, the key as
// the engine knows it, the episode's start and the new state. Each part is hashed with its length, so no two different
// changes can have the same input.
func TransitionID(rule string, key []byte, start int64, state State) string {
	hash := sha256.New()
	var number [8]byte
	part := func(bytes []byte) {
		binary.BigEndian.PutUint64(number[:], uint64(len(bytes)))
		hash.Write(number[:])
		hash.Write(bytes)
	}
	part([]byte(rule))
	part(key)
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(start))
	part(at[:])
	part([]byte(state.String()))
	return hex.EncodeToString(hash.Sum(nil)[:20])
}
