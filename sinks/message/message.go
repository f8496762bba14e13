package message

import (
	"strings"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Message is what a template sees of a transition.
type Message struct {
	// Headline is the sentence that says what changed.
	Headline string
	// ID is the transition's, Episode is what its episode's start and end have in common.
	ID, Episode string
	// Rule and RuleID are the rule's name and identifier.
	Rule, RuleID string
	// Grouped says whether the rule has a window for each key, and Key which this is.
	Grouped bool
	Key     string
	// Active is the state after the change, State the word for it: ACTIVE or INACTIVE.
	Active bool
	State  string
	// Count and Peak are the events in the window now and the most in the episode; Approximate says that they are about
	// so many. Threshold and Window are the rule's.
	Count, Peak, Threshold uint64
	Approximate            bool
	Window                 string
	// Time is the event's, Start and End are the episode's, Received is when the deciding batch came, all as in the alert
	// document. End, Duration and Reason are empty while it is active, Reason also where an event made the change.
	Time, Start, End, Duration, Reason, Received string
	// Samples are log lines: those that made an episode that begins, the last ones of one that ends. There may be none.
	Samples []string
	// Document is the alert document, JSON.
	Document string
}

// Of returns what templates see of t.
func Of(t window.Transition) Message {
	m := Message{
		Headline: sinks.Headline(t), ID: Text(t.ID), Episode: EpisodeID(t), Rule: Text(t.Rule), RuleID: Text(t.RuleID),
		Grouped: t.Grouped, Key: Text(t.Key), Active: t.State == window.Active, State: strings.ToUpper(t.State.String()),
		Count: t.Count, Peak: t.Peak, Threshold: t.Threshold, Approximate: t.Approximate,
		Window: sinks.DurationText(t.Window), Time: sinks.Timestamp(t.Time), Start: sinks.Timestamp(t.Start),
		Received: sinks.Timestamp(t.Received), Reason: Text(t.Reason), Document: string(sinks.Document(t)),
	}
	if !m.Active {
		m.End = sinks.Timestamp(t.End)
		m.Duration = sinks.DurationText(sinks.EpisodeDuration(t))
	}
	for _, line := range t.Samples() {
		m.Samples = append(m.Samples, Text(line))
	}
	return m
}

// EpisodeID returns the identifier that the transitions of one episode have in common, 40 hexadecimal digits. A receiver
// that pairs a start with its end does so by it. It is made of the key as people see it, because an end knows no other:
// two keys that look the same and start at the same nanosecond share it.
func EpisodeID(t window.Transition) string {
	return window.TransitionID(t.Rule, []byte(t.Key), t.Start, window.Active)
}

// Text returns text as valid UTF-8.
func Text(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// Cut returns text with at most limit characters; what was cut off shows as an ellipsis.
func Cut(text string, limit int) string {
	if len(text) <= limit { // bytes are no fewer than characters
		return text
	}
	characters := 0
	end := 0 // behind the last character that leaves room for an ellipsis
	for i := range text {
		if characters == limit-1 {
			end = i
		}
		characters++
	}
	if characters <= limit {
		return text
	}
	return text[:end] + "…"
}
