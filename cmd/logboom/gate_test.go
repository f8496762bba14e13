package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// elasticsearchGate stands before an Elasticsearch, passes everything on, and springs traps when bulk requests go through.
type elasticsearchGate struct {
	url, index string
	backend    elasticsearchBackend
	trap       *trap
	// conflicts counts the documents that were there already.
	conflicts atomic.Int64
}

// elasticsearchBackend is an Elasticsearch, real or not.
type elasticsearchBackend struct {
	handler http.Handler
	index   string
	// documents returns what the index holds.
	documents func(t *testing.T) [][]byte
	// mapping returns the mapping of its fields.
	mapping func(t *testing.T) []byte
}

func newElasticsearchGate(t *testing.T, trap *trap) *elasticsearchGate {
	t.Helper()
	gate := &elasticsearchGate{backend: newElasticsearchBackend(t), trap: trap}
	server := httptest.NewServer(gate)
	t.Cleanup(server.Close)
	gate.url, gate.index = server.URL, gate.backend.index
	return gate
}

// ServeHTTP implements http.Handler.
func (g *elasticsearchGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bulk := strings.HasSuffix(r.URL.Path, "/_bulk")
	if bulk {
		g.trap.at(bulkArrived)
	}
	r.Header.Del("Accept-Encoding") // so that the answer can be read here
	answer := httptest.NewRecorder()
	g.backend.handler.ServeHTTP(answer, r)
	if bulk {
		g.conflicts.Add(int64(bytes.Count(answer.Body.Bytes(), []byte(`"status":409`))))
		g.trap.at(bulkDone)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // a client that was killed does not read it
}

// documents returns the alerts in the index in the order of their numbers, as far as that can be known: by the greatest
// time of their key, and an active one before an inactive one.
func (g *elasticsearchGate) documents(t *testing.T) []alert {
	t.Helper()
	alerts := parseAlerts(t, g.backend.documents(t))
	slices.SortStableFunc(alerts, func(a, b alert) int {
		if order := a.Timestamp.Compare(b.Timestamp); order != 0 {
			return order
		}
		return strings.Compare(a.Event.Action, b.Event.Action)
	})
	return alerts
}

// waitForDelivery waits until so many alerts were decided since the data folder was new, and sinks have delivered them
// all.
func waitForDelivery(t *testing.T, p *process, alerts uint64, sinks ...string) {
	t.Helper()
	delivered := func() bool {
		health, err := healthOf(t.Context(), p)
		if err != nil || slices.ContainsFunc(sinks, func(name string) bool { return health.waiting(name) != 0 }) {
			return false
		}
		_, metrics, err := get(t.Context(), "http://"+p.http+"/metrics")
		if err != nil {
			return false
		}
		return !slices.ContainsFunc(sinks, func(name string) bool {
			return metricOf(metrics, fmt.Sprintf("logboom_sink_cursor_transition{sink=%q}", name)) < float64(alerts)
		})
	}
	if !eventually(delivered) {
		_, body, err := get(context.Background(), "http://"+p.http+"/healthz")
		t.Errorf("%d alerts were not delivered within %s; /healthz says %s %v", alerts, patience, body, err)
	}
}

// metricOf returns the value of a metric, -1 where it is missing.
func metricOf(metrics, name string) float64 {
	for line := range strings.Lines(metrics) {
		if text, found := strings.CutPrefix(line, name+" "); found {
			if value, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
				return value
			}
		}
	}
	return -1
}

// health is what /healthz tells, as far as tests look at it.
type health struct {
	Status string
	Sinks  []struct {
		Name, State        string
		Waiting, Delivered int64
	}
}

func healthOf(ctx context.Context, p *process) (health, error) {
	var found health
	_, body, err := get(ctx, "http://"+p.http+"/healthz")
	if err == nil {
		err = json.Unmarshal([]byte(body), &found)
	}
	return found, err
}

// waiting returns how many alerts a sink has not delivered, -1 where there is no such sink.
func (h health) waiting(name string) int64 {
	for _, sink := range h.Sinks {
		if sink.Name == name {
			return sink.Waiting
		}
	}
	return -1
}
