package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

// alerts is the answer of /api/alerts.
type alerts struct {
	ActiveTotal int               `json:"active_total"`
	Active      []json.RawMessage `json:"active"`
	Recent      []json.RawMessage `json:"recent"`
}

func askAlerts(t *testing.T, from Pipeline, query string) alerts {
	t.Helper()
	answer := get(started(Options{Sources: Sources{Pipeline: from}}).Handler(loopback), "/api/alerts"+query)
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v %s", answer.Code, answer.Header(), answer.Body)
	}
	var list alerts
	if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	return list
}

// withAlerts is a pipeline with open episodes and a history of changes.
func withAlerts(open, latest int) *source {
	from := healthy()
	for i := range open {
		from.open = append(from.open, sinktest.Transition(uint64(2*i+1)))
	}
	from.latest = sinktest.Transitions(1, latest)
	slices.Reverse(from.latest)
	return from
}

// Each alert is the document that sinks get, byte for byte, behind its id.
func TestAlertsAreTheDocumentsOfSinks(t *testing.T) {
	from := withAlerts(2, 4)
	from.open[1].Key = "odd \xff \" <b>"
	list := askAlerts(t, from, "")
	check := func(got json.RawMessage, transition window.Transition) {
		t.Helper()
		want := fmt.Sprintf(`{"id":%q,%s`, transition.ID, sinks.Document(transition)[1:])
		if string(got) != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if list.ActiveTotal != 2 || len(list.Active) != 2 || len(list.Recent) != 4 {
		t.Fatalf("%+v", list)
	}
	check(list.Active[0], from.open[1])
	check(list.Active[1], from.open[0])
	for i, transition := range from.latest {
		check(list.Recent[i], transition)
	}
}

func TestNoAlerts(t *testing.T) {
	body := get(started(Options{}).Handler(loopback), "/api/alerts").Body.String()
	if body != `{"active_total":0,"active":[],"recent":[]}`+"\n" {
		t.Error(body)
	}
}

func TestLimitOfAlerts(t *testing.T) {
	from := withAlerts(maxAlerts+5, maxAlerts)
	for query, recent := range map[string]int{
		"": defaultAlerts, "?limit=1": 1, "?limit=999": 999, "?limit=1000": 1000, "?limit=007": 7, "?other=x": defaultAlerts,
	} {
		list := askAlerts(t, from, query)
		if len(list.Recent) != recent || len(list.Active) != maxAlerts || list.ActiveTotal != maxAlerts+5 {
			t.Errorf("%s: %d recent, %d of %d active", query, len(list.Recent), len(list.Active), list.ActiveTotal)
		}
		if !strings.Contains(string(list.Active[0]), from.open[maxAlerts+4].ID) {
			t.Errorf("%s: the newest is not the first", query)
		}
	}
	handler := started(Options{Sources: Sources{Pipeline: from}}).Handler(loopback)
	for _, query := range []string{
		"limit=0", "limit=1001", "limit=-1", "limit=%2B1", "limit=", "limit", "limit=1.5", "limit=1e2", "limit=ten",
		"limit=18446744073709551617", "limit=1&limit=2", "limit=1;x", "limit=%zz", "limit=%00",
	} {
		answer := get(handler, "/api/alerts?"+query)
		if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), "?limit=100") {
			t.Errorf("%s: %d %s", query, answer.Code, answer.Body)
		}
	}
}

func TestAlertsBeforeThePipeline(t *testing.T) {
	handler := New(Options{}).Handler(loopback)
	for _, path := range []string{"/api/alerts", "/api/rules"} {
		if answer := get(handler, path); answer.Code != http.StatusServiceUnavailable || answer.Body.String() != "starting\n" {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}

// FuzzLimit: whatever is asked, the limit is within its bounds, and is what was written.
func FuzzLimit(f *testing.F) {
	for _, query := range []string{
		"", "limit=1", "limit=1000", "limit=1001", "limit=+1", "limit=%31", "a=b&limit=3", "limit=\x00",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		limit, err := limitOf(query)
		if err != nil {
			if limit != 0 || !strings.Contains(err.Error(), "?limit=") {
				t.Errorf("%q: %d, %v", query, limit, err)
			}
			return
		}
		if limit < 1 || limit > maxAlerts {
			t.Errorf("%q: %d", query, limit)
		}
		if again, err := limitOf("limit=" + strconv.Itoa(limit)); err != nil || again != limit {
			t.Errorf("%q: %d, then %d, %v", query, limit, again, err)
		}
	})
}
