package sinks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/logboom/logboom/window"
)

// Document returns the alert document of t: one JSON object, without a newline at its end. It is a function of t alone,
// with a fixed order of keys, so a redelivery is the same byte for byte. Bytes that are not UTF-8 become U+FFFD, and
// nothing is escaped for HTML. The caller owns the result.
func Document(t window.Transition) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(documentOf(t)); err != nil {
		// Strings, integers and booleans always encode.
		panic(fmt.Sprintf("sinks: encode an alert document: %v", err))
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'})
}

// Headline returns the one sentence that says what changed: Alert 'x' changed state to ACTIVE. It is the document's
// message and the text of a chat message. Bytes that are not UTF-8 become U+FFFD.
func Headline(t window.Transition) string {
	state := strings.ToUpper(t.State.String())
	if t.Grouped {
		return validText(fmt.Sprintf("Alert '%s' for %s changed state to %s", t.Rule, t.Key, state))
	}
	return validText(fmt.Sprintf("Alert '%s' changed state to %s", t.Rule, state))
}

// Timestamp returns nanoseconds since 1970 in the form in which Logstash prints a time: UTC, with 3, 6 or 9 digits of
// fraction, the fewest that lose nothing. Every int64 lies in the years 1677 to 2262, so the year has four digits.
func Timestamp(nanoseconds int64) string {
	layout := "2006-01-02T15:04:05.000000000Z"
	switch {
	case nanoseconds%int64(time.Millisecond) == 0:
		layout = "2006-01-02T15:04:05.000Z"
	case nanoseconds%int64(time.Microsecond) == 0:
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return time.Unix(0, nanoseconds).UTC().Format(layout)
}

// DurationText returns d as Go writes it, less the units that are zero at its end: "1m", where Go says "1m0s".
func DurationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// EpisodeDuration returns how long the episode of an inactive transition lasted, never negative. Longer than 292 years
// is 292 years.
func EpisodeDuration(t window.Transition) time.Duration {
	switch {
	case t.End <= t.Start:
		return 0
	case t.End-t.Start < 0: // more than an int64 holds
		return math.MaxInt64
	default:
		return time.Duration(t.End - t.Start)
	}
}

// alertDocument is the document's form; its field order is the order of the keys.
type alertDocument struct {
	Timestamp string      `json:"@timestamp"`
	Alert     bool        `json:"alert"`
	Message   string      `json:"message"`
	Event     eventFields `json:"event"`
	Rule      ruleFields  `json:"rule"`
	// Labels are where the Elastic Common Schema has keys and values of one's own: flat, and keywords all. As fields in
	// their own places, such as host.name, a value could be of another type than the index has, and cost the alert.
	Labels  map[string]string `json:"labels,omitempty"`
	Logboom windowFields      `json:"logboom"`
}

// eventFields are the fields of the Elastic Common Schema that describe the change. A duration is in nanoseconds there.
type eventFields struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Action   string `json:"action"`
	Start    string `json:"start"`
	End      string `json:"end,omitempty"`
	Duration *int64 `json:"duration,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

type ruleFields struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// windowFields are what no common schema has a name for.
type windowFields struct {
	Episode     string   `json:"episode"`
	Key         *string  `json:"key,omitempty"`
	Count       uint64   `json:"count"`
	Peak        uint64   `json:"peak"`
	Approximate bool     `json:"approximate,omitempty"`
	Threshold   uint64   `json:"threshold"`
	Window      string   `json:"window"`
	Samples     []string `json:"samples"`
	Received    string   `json:"received"`
	Decided     string   `json:"decided,omitempty"`
}

func documentOf(t window.Transition) alertDocument {
	return alertDocument{
		Timestamp: Timestamp(t.Time),
		Alert:     t.State == window.Active,
		Message:   Headline(t),
		Event:     eventOf(t),
		Rule:      ruleFields{ID: validText(t.RuleID), Name: validText(t.Rule)},
		Labels:    Labels(t.Group),
		Logboom:   windowOf(t),
	}
}

func eventOf(t window.Transition) eventFields {
	fields := eventFields{
		ID:     validText(t.ID),
		Kind:   "alert",
		Action: t.State.String(),
		Start:  Timestamp(t.Start),
		Reason: validText(t.Reason),
	}
	if t.State == window.Inactive {
		duration := EpisodeDuration(t).Nanoseconds()
		fields.End, fields.Duration = Timestamp(t.End), &duration
	}
	return fields
}

func windowOf(t window.Transition) windowFields {
	fields := windowFields{
		Episode:     validText(t.Episode),
		Count:       t.Count,
		Peak:        t.Peak,
		Approximate: t.Approximate,
		Threshold:   t.Threshold,
		Window:      DurationText(t.Window),
		Samples:     make([]string, 0, len(t.Samples())),
		Received:    Timestamp(t.Received),
	}
	if t.Decided != 0 {
		fields.Decided = Timestamp(t.Decided)
	}
	if t.Grouped {
		key := validText(t.Key)
		fields.Key = &key
	}
	for _, line := range t.Samples() {
		fields.Samples = append(fields.Samples, validText(line))
	}
	return fields
}

// validText makes text valid UTF-8 here, so that the bytes of a document do not hang on how an encoder writes what is
// not.
func validText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// InWindow returns " in 1s" for the text of a window, and nothing for that of an alert which has none, as those that
// logboom raises about itself.
func InWindow(window string) string {
	if window == DurationText(0) {
		return ""
	}
	return " in " + window
}
