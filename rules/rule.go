package rules

import (
	"time"

	"github.com/logboom/logboom/window"
)

// Rule is what a person writes: alert when Threshold or more events that match Where come within Window, counted over
// all of them or for each key of GroupBy.
type Rule struct {
	// Name is shown in every alert and must be unique. It is part of every document id, so a renamed rule is a new one.
	Name string `json:"name,omitempty"`
	// Where is an expr condition over the event's fields; empty matches every event.
	Where string `json:"where,omitempty"`
	// GroupBy lists fields by path (host.name); each combination of their values has a window of its own. Empty: one
	// window for all.
	GroupBy []string `json:"group_by,omitempty"`
	// Window is the length D of the window; an event exactly D older than the newest still counts.
	Window time.Duration `json:"window,omitempty"`
	// Threshold is the count T from which on the alert is active.
	Threshold uint64 `json:"threshold,omitempty"`
	// Idle is how long no matching event may come before the window is judged by the clock; 0 means never.
	Idle time.Duration `json:"idle,omitempty"`
	// MaxKeys is how many keys are kept at once; 0 stands for DefaultMaxKeys.
	MaxKeys int `json:"max_keys,omitempty"`
}

// DefaultIdle and DefaultMaxKeys are what a rule gets that does not say.
const (
	DefaultIdle    = 5 * time.Second
	DefaultMaxKeys = 10_000
)

// group returns the values of a key of the rule by their fields, nil where it has none.
func (r *Rule) group(key string) []window.Field {
	values := keyValues([]byte(key))
	if len(r.GroupBy) == 0 || len(values) != len(r.GroupBy) {
		return nil
	}
	group := make([]window.Field, len(values))
	for i, value := range values {
		group[i] = window.Field{Name: r.GroupBy[i], Value: value}
	}
	return group
}
