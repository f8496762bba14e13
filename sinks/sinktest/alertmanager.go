package sinktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// PostedAlert is an alert as an Alertmanager here was sent it.
type PostedAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// Alertmanager is a server that speaks as much of Alertmanager's API v2 as a sender of alerts uses, with its validation. As
// there, alerts with the same labels are one, it is firing until endsAt, and of a request with some invalid alerts the others
// are taken. It is safe for concurrent use.
type Alertmanager struct {
	receiver

	// URL is up to where /api begins.
	URL string

	now     func() time.Time
	alerts  map[string]PostedAlert
	changes []PostedAlert
	refused map[string]bool
}

// NewAlertmanager starts a server with this clock that ends with the test.
func NewAlertmanager(t testing.TB, now func() time.Time) *Alertmanager {
	a := &Alertmanager{now: now, alerts: map[string]PostedAlert{}, refused: map[string]bool{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// Refuse makes alerts with this summary invalid.
func (a *Alertmanager) Refuse(summary string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.refused[summary] = true
}

// Changes returns the alerts that began or ended by being sent, in order: what people would be told of. An alert that is sent
// again as it was is none.
func (a *Alertmanager) Changes() []PostedAlert {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return slices.Clone(a.changes)
}

// Firing returns how many alerts are firing now.
func (a *Alertmanager) Firing() int {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	firing := 0
	for alert := range maps.Values(a.alerts) {
		if a.now().Before(alert.EndsAt) {
			firing++
		}
	}
	return firing
}

// ServeHTTP implements http.Handler.
func (a *Alertmanager) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.serve(w, r, a.usual) }

func (a *Alertmanager) usual(w http.ResponseWriter, r Request) {
	switch {
	case r.Method == http.MethodGet && r.Path == "/api/v2/status":
		fmt.Fprint(w, `{"cluster":{"status":"ready"},"uptime":"2026-11-24T00:00:00.000Z","versionInfo":{"version":"0.28.0"}}`)
	case r.Method != http.MethodPost || r.Path != "/api/v2/alerts":
		http.Error(w, "404 page not found", http.StatusNotFound)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		w.WriteHeader(http.StatusUnsupportedMediaType)
		fmt.Fprint(w, `{"code":415,"message":"unsupported media type \"\", only [application/json] are allowed"}`)
	default:
		a.post(w, r)
	}
}

func (a *Alertmanager) post(w http.ResponseWriter, r Request) {
	var alerts []PostedAlert
	if err := json.Unmarshal(r.Body, &alerts); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"code":400,"message":"parsing alerts body from \"\" failed, because %s"}`, err)
		return
	}
	var problems []string
	for _, alert := range alerts {
		if problem := a.problem(alert); problem != "" {
			problems = append(problems, problem)
			continue
		}
		a.take(alert)
	}
	if len(problems) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "%q", strings.Join(problems, "; "))
	}
}

var alertLabel = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// problem returns what is wrong with an alert, in Alertmanager's words.
func (a *Alertmanager) problem(alert PostedAlert) string {
	maps.DeleteFunc(alert.Labels, func(_, value string) bool { return value == "" })
	switch {
	case len(alert.Labels) == 0:
		return "at least one label pair required"
	case !alert.EndsAt.IsZero() && alert.EndsAt.Before(alert.StartsAt):
		return "start time must be before end time"
	case a.refused[alert.Annotations["summary"]]:
		return "invalid label set: this one is not wanted"
	}
	for name := range alert.Labels {
		if !alertLabel.MatchString(name) {
			return fmt.Sprintf("invalid label set: invalid name %q", name)
		}
	}
	return ""
}

func (a *Alertmanager) take(alert PostedAlert) {
	identity, _ := json.Marshal(alert.Labels) // sorted by name, and texts always encode
	before, known := a.alerts[string(identity)]
	firing := a.now().Before(alert.EndsAt)
	if !known || firing != a.now().Before(before.EndsAt) || !alert.StartsAt.Equal(before.StartsAt) {
		a.changes = append(a.changes, alert)
	}
	a.alerts[string(identity)] = alert
}
