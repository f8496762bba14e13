package sinktest

import (
	"fmt"
	"time"

	"github.com/logboom/logboom/window"
)

// Transitions returns count transitions numbered from first: episodes of one rule, each on and then off, with keys that
// take turns. The same number is always the same transition.
func Transitions(first uint64, count int) []window.Transition {
	transitions := make([]window.Transition, count)
	for i := range transitions {
		transitions[i] = Transition(first + uint64(i))
	}
	return transitions
}

// Transition returns the transition with this number, which counts from 1.
func Transition(number uint64) window.Transition {
	episode := (number - 1) / 2
	start := time.Date(2026, 11, 23, 19, 0, 0, 123e6, time.UTC).Add(time.Duration(episode) * time.Minute).UnixNano()
	t := window.Transition{
		Number: number, Rule: "too many lines", RuleID: "too-many-lines",
		Grouped: true, Key: fmt.Sprintf("web%d <a&b>", episode),
		Group: []window.Field{{Name: "host.name", Value: fmt.Sprintf("web%d <a&b>", episode)}},
		State: window.Active, Time: start, Start: start, Count: 5, Peak: 5, Threshold: 5, Window: time.Second,
		First:    []string{"101", "102 <x> & \"y\"", "103"},
		Received: start + 12e6,
	}
	if number%2 == 0 {
		t.State, t.Count, t.Peak = window.Inactive, 0, 100
		t.Time, t.End, t.Last = start+3e9, start+3e9, []string{"200"}
		t.Received = t.Time + 15e6
	}
	t.ID = window.TransitionID(t.Rule, []byte(t.Key), t.Start, t.State)
	t.Episode = window.TransitionID(t.Rule, []byte(t.Key), t.Start, window.Active)
	return t
}
