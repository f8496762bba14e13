package message

import (
	"maps"
	"slices"
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
	// Grouped says whether the rule has a window for each key, Key which this is, and Group the value of each field in it,
	// empty where events lack the field.
	Grouped bool
	Key     string
	Group   map[string]string
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
		Headline: sinks.Headline(t), ID: Text(t.ID), Episode: Text(t.Episode), Rule: Text(t.Rule), RuleID: Text(t.RuleID),
		Grouped: t.Grouped, Key: Text(t.Key), Group: GroupOf(t), Active: t.State == window.Active, State: strings.ToUpper(t.State.String()),
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

// GroupOf returns the values of t's key by the fields of its rule's group_by, nil where it has none.
func GroupOf(t window.Transition) map[string]string {
	if len(t.Group) == 0 {
		return nil
	}
	group := make(map[string]string, len(t.Group))
	for _, field := range t.Group {
		group[Text(field.Name)] = Text(field.Value)
	}
	return group
}

// Escaped returns m with all its texts as escape gives them back, for a receiver that gives some characters a meaning. The
// names of fields stay, so that a template finds their values.
func (m Message) Escaped(escape func(string) string) Message {
	for _, text := range []*string{&m.Headline, &m.ID, &m.Episode, &m.Rule, &m.RuleID, &m.Key, &m.Reason, &m.Document} {
		*text = escape(*text)
	}
	m.Group = maps.Clone(m.Group)
	for field, value := range m.Group {
		m.Group[field] = escape(value)
	}
	m.Samples = slices.Clone(m.Samples)
	for i, line := range m.Samples {
		m.Samples[i] = escape(line)
	}
	return m
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
