package alertmanager

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/window"
)

// The labels that are always set.
const (
	labelAlert = "alertname"
	labelRule  = "rule"
	labelKey   = "key"
)

// longestSamples is how many characters of log lines an annotation holds.
const longestSamples = 1000

// endsAfter is how many repeats later an active alert ends when nobody repeats it.
const endsAfter = 4

// alert is what is known of one alert, in the form in which it is kept: without what the configuration adds.
type alert struct {
	Rule    string `json:"rule"`
	RuleID  string `json:"rule_id"`
	Grouped bool   `json:"grouped,omitempty"`
	Key     string `json:"key,omitempty"`
	// Group has the fields of the key.
	Group []window.Field `json:"group,omitempty"`
	// Start and End are in nanoseconds since 1970. End is meaningful when Ended is not 0.
	Start int64 `json:"start"`
	End   int64 `json:"end,omitempty"`
	// Ended is when the end was sent first, in seconds since 1970, and 0 while the alert is active.
	Ended       int64  `json:"ended,omitempty"`
	Summary     string `json:"summary"`
	Description string `json:"description"`
	Samples     string `json:"samples,omitempty"`
}

// identity is what makes an alert another one for Alertmanager.
type identity struct {
	rule, ruleID string
	grouped      bool
	key, group   string
}

func (a *alert) identity() identity {
	return identity{a.Rule, a.RuleID, a.Grouped, a.Key, fmt.Sprintf("%q", a.Group)}
}

func alertOf(t window.Transition, now time.Time) *alert {
	m := message.Of(t)
	a := &alert{
		Rule: m.Rule, RuleID: m.RuleID, Grouped: m.Grouped, Key: m.Key, Group: t.Group, Start: t.Start,
		Summary: m.Headline, Description: descriptionOf(m), Samples: message.Cut(strings.Join(m.Samples, "\n"), longestSamples),
	}
	if !m.Active {
		a.End, a.Ended = t.End, max(1, now.Unix())
	}
	return a
}

// descriptionOf returns a sentence with the numbers.
func descriptionOf(m message.Message) string {
	about := ""
	if m.Approximate {
		about = "about "
	}
	if m.Active {
		return fmt.Sprintf("%s%d events%s, threshold %d.", about, m.Count, sinks.InWindow(m.Window), m.Threshold)
	}
	return fmt.Sprintf("Lasted %s, with %s%d events%s at its peak, threshold %d.", m.Duration, about, m.Peak, sinks.InWindow(m.Window),
		m.Threshold)
}

// posted is an alert as API v2 takes it.
type posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// posted returns the alert as it is sent now. Clocks of log lines can be fast, but what is in the future for Alertmanager has
// not happened: no start and no end is later than now.
func (s *Sink) posted(a *alert, now time.Time) posted {
	labels := map[string]string{labelAlert: a.Rule, labelRule: a.RuleID}
	maps.Copy(labels, s.options.Labels)
	maps.Copy(labels, sinks.Labels(a.Group, s.reserved...))
	if a.Grouped {
		labels[labelKey] = a.Key
	}
	annotations := map[string]string{"summary": a.Summary, "description": a.Description}
	if a.Samples != "" {
		annotations["samples"] = a.Samples
	}
	end := now.Add(endsAfter * s.options.Resend).UnixNano()
	if a.Ended != 0 {
		end = min(a.End, now.UnixNano())
	}
	return posted{
		Labels: labels, Annotations: annotations, GeneratorURL: s.options.GeneratorURL,
		StartsAt: sinks.Timestamp(min(a.Start, now.UnixNano())), EndsAt: sinks.Timestamp(end),
	}
}

// encode returns the body of a request with the alerts.
func (s *Sink) encode(alerts []*alert) []byte {
	now := s.options.Now()
	list := make([]posted, len(alerts))
	for i, a := range alerts {
		list[i] = s.posted(a, now)
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(list); err != nil {
		panic(fmt.Sprintf("alertmanager: encode alerts: %v", err)) // texts always encode
	}
	return buffer.Bytes()
}
