package pagerduty

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/window"
)

// longestSummary and longestSource are PagerDuty's limits, in characters. That of the source is not documented; it is the one
// of dedup_key.
const (
	longestSummary = 1024
	longestSource  = 255
)

// event is an event of the Events API v2. A resolve has no payload.
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"`
	DedupKey   string   `json:"dedup_key"`
	Payload    *payload `json:"payload,omitempty"`
	Client     string   `json:"client,omitempty"`
	ClientURL  string   `json:"client_url,omitempty"`
}

type payload struct {
	Summary   string  `json:"summary"`
	Source    string  `json:"source"`
	Severity  string  `json:"severity"`
	Timestamp string  `json:"timestamp"`
	Class     string  `json:"class"`
	Details   details `json:"custom_details"`
}

// details are what people see of the alert in the incident.
type details struct {
	ID          string            `json:"id"`
	Rule        string            `json:"rule"`
	Key         string            `json:"key,omitempty"`
	Group       map[string]string `json:"group,omitempty"`
	Count       uint64            `json:"count"`
	Threshold   uint64            `json:"threshold"`
	Window      string            `json:"window"`
	Approximate bool              `json:"approximate,omitempty"`
	Start       string            `json:"start"`
	Received    string            `json:"received"`
	Samples     []string          `json:"samples,omitempty"`
}

// event returns the event for a transition.
func (s *Sink) event(t window.Transition) event {
	m := message.Of(t)
	e := event{RoutingKey: s.options.RoutingKey, Action: "resolve", DedupKey: m.Episode}
	if !m.Active {
		return e
	}
	e.Action, e.Client, e.ClientURL = "trigger", "logboom", s.options.ClientURL
	source := s.options.Source
	if m.Grouped && m.Key != "" {
		source = message.Cut(m.Key, longestSource)
	}
	e.Payload = &payload{
		Summary: message.Cut(m.Headline, longestSummary), Source: source, Severity: s.options.Severity,
		Timestamp: m.Time, Class: m.Rule,
		Details: details{
			ID: m.ID, Rule: m.Rule, Key: m.Key, Group: m.Group, Count: m.Count, Threshold: m.Threshold, Window: m.Window,
			Approximate: m.Approximate, Start: m.Start, Received: m.Received, Samples: m.Samples,
		},
	}
	return e
}

func (e event) encode() []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		panic(fmt.Sprintf("pagerduty: encode an event: %v", err)) // texts and numbers always encode
	}
	return buffer.Bytes()
}
