package sinktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// RoutingKey is the integration key that a PagerDuty here knows.
const RoutingKey = "0123456789abcdef0123456789abcdef"

// Event is an event as a PagerDuty here took it.
type Event struct {
	RoutingKey string        `json:"routing_key"`
	Action     string        `json:"event_action"`
	DedupKey   string        `json:"dedup_key"`
	Payload    *EventPayload `json:"payload"`
	Client     string        `json:"client"`
	ClientURL  string        `json:"client_url"`
}

// EventPayload is what an event tells.
type EventPayload struct {
	Summary   string         `json:"summary"`
	Source    string         `json:"source"`
	Severity  string         `json:"severity"`
	Timestamp string         `json:"timestamp"`
	Class     string         `json:"class"`
	Details   map[string]any `json:"custom_details"`
}

// PagerDuty is a server that speaks the Events API v2, with its limits. As there, triggers with a dedup_key that is open belong
// to the incident that is there, one behind a resolve opens a new one, and a resolve of what is not open is dropped. It is safe
// for concurrent use.
type PagerDuty struct {
	receiver

	// URL is up to where /v2/enqueue begins.
	URL string

	events    []Event
	open      map[string]bool
	incidents int
	refused   map[string]bool
}

// NewPagerDuty starts a server that ends with the test.
func NewPagerDuty(t testing.TB) *PagerDuty {
	p := &PagerDuty{open: map[string]bool{}, refused: map[string]bool{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Refuse makes an event with this action and dedup_key an invalid one.
func (p *PagerDuty) Refuse(action, dedupKey string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.refused[action+" "+dedupKey] = true
}

// Events returns the events that were accepted, in order.
func (p *PagerDuty) Events() []Event {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.events)
}

// Incidents returns how many incidents there were, and how many of them are open.
func (p *PagerDuty) Incidents() (all, open int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.incidents, len(p.open)
}

// ServeHTTP implements http.Handler.
func (p *PagerDuty) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.serve(w, r, p.usual) }

func (p *PagerDuty) usual(w http.ResponseWriter, r Request) {
	if r.Path != "/v2/enqueue" || r.Method != http.MethodPost {
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	var event Event
	problem := ""
	if err := json.Unmarshal(r.Body, &event); err != nil {
		problem = "JSON is invalid"
	} else {
		problem = p.problem(event, len(r.Body))
	}
	if problem != "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"status":"invalid event","message":"Event object is invalid","errors":[%q]}`, problem)
		return
	}
	p.take(event)
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, `{"status":"success","message":"Event processed","dedup_key":%q}`, event.DedupKey)
}

// problem returns what is wrong with an event.
func (p *PagerDuty) problem(event Event, size int) string {
	switch {
	case event.RoutingKey != RoutingKey:
		return "Invalid routing key"
	case size > 512<<10:
		return "event is larger than 512 KB"
	case !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, event.Action):
		return "'event_action' must be one of trigger, acknowledge, resolve"
	case utf8.RuneCountInString(event.DedupKey) > 255 || event.DedupKey == "" && event.Action != "trigger":
		return "'dedup_key' is missing or too long"
	case p.refused[event.Action+" "+event.DedupKey]:
		return "'payload' is not wanted"
	case event.Action == "trigger":
		return event.Payload.problem()
	}
	return ""
}

func (p *EventPayload) problem() string {
	switch {
	case p == nil:
		return "'payload' is missing or blank"
	case p.Summary == "" || utf8.RuneCountInString(p.Summary) > 1024:
		return "'payload.summary' is missing or too long"
	case strings.TrimSpace(p.Source) == "":
		return "'payload.source' is missing or blank"
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity):
		return "'payload.severity' is invalid"
	}
	if _, err := time.Parse(time.RFC3339Nano, p.Timestamp); err != nil {
		return "'payload.timestamp' is invalid"
	}
	return ""
}

func (p *PagerDuty) take(event Event) {
	p.events = append(p.events, event)
	switch {
	case event.Action == "resolve":
		delete(p.open, event.DedupKey)
	case !p.open[event.DedupKey]:
		p.open[event.DedupKey] = true
		p.incidents++
	}
}
