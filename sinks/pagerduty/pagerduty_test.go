package pagerduty

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

func newSink(t *testing.T, options Options) *Sink {
	t.Helper()
	sink, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return sink
}

func to(server *sinktest.PagerDuty) Options {
	return Options{RoutingKey: sinktest.RoutingKey, URL: server.URL}
}

// deliver delivers one transition and returns its outcome.
func deliver(t *testing.T, sink *Sink, transition window.Transition) error {
	t.Helper()
	outcomes, err := sink.Deliver(t.Context(), []window.Transition{transition})
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("got %v, %v", outcomes, err)
	}
	return outcomes[0]
}

// actions are the words for states.
var actions = map[window.State]string{window.Active: "trigger", window.Inactive: "resolve"}

func TestConforms(t *testing.T) {
	for name, failure := range sinktest.Failures() {
		t.Run(name, func(t *testing.T) {
			sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
				server := sinktest.NewPagerDuty(t)
				return sinktest.Fixture{
					Open:     func(t *testing.T) sinks.Sink { return newSink(t, to(server)) },
					Received: func(*testing.T) [][]byte { return received(server) },
					Expected: func(t window.Transition) []byte {
						return []byte(actions[t.State] + " " + t.Episode)
					},
					Fail:   func(*testing.T) { server.Answer(failure) },
					Mend:   func(*testing.T) { server.Answer(nil) },
					Refuse: func(t window.Transition) { server.Refuse(actions[t.State], t.Episode) },
					Hang: func(t *testing.T) func() bool {
						answer, reached := sinktest.Hang(t)
						server.Answer(answer)
						return reached
					},
				}
			})
		})
	}
}

func received(server *sinktest.PagerDuty) (lines [][]byte) {
	for _, event := range server.Events() {
		lines = append(lines, []byte(event.Action+" "+event.DedupKey))
	}
	return lines
}

func TestTriggerAndResolveAreOneIncident(t *testing.T) {
	server := sinktest.NewPagerDuty(t)
	sink := newSink(t, to(server))
	for i, want := range []struct{ all, open int }{{1, 1}, {1, 1}, {1, 0}, {1, 0}} {
		transition := sinktest.Transition(uint64(1 + i/2)) // each twice, as after a crash
		if err := deliver(t, sink, transition); err != nil {
			t.Fatal(err)
		}
		if all, open := server.Incidents(); all != want.all || open != want.open {
			t.Errorf("after %d events there are %d incidents, %d of them open", i+1, all, open)
		}
	}
}

func TestEvent(t *testing.T) {
	server := sinktest.NewPagerDuty(t)
	options := to(server)
	options.Severity, options.ClientURL = "critical", "http://logboom:9600"
	sink := newSink(t, options)
	for number := uint64(1); number <= 2; number++ {
		if err := deliver(t, sink, sinktest.Transition(number)); err != nil {
			t.Fatal(err)
		}
	}
	trigger, resolve := server.Events()[0], server.Events()[1]
	payload := trigger.Payload
	if payload.Summary != sinks.Headline(sinktest.Transition(1)) || payload.Source != "web0 <a&b>" || payload.Severity != "critical" ||
		payload.Timestamp != "2026-11-23T19:00:00.123Z" || payload.Class != "too many lines" || trigger.Client != "logboom" ||
		trigger.ClientURL != "http://logboom:9600" {
		t.Errorf("got %+v", trigger)
	}
	for name, want := range map[string]any{
		"id": sinktest.Transition(1).ID, "key": "web0 <a&b>", "group": map[string]any{"host.name": "web0 <a&b>"}, "count": 5.0, "window": "1s", "samples": []any{"101", `102 <x> & "y"`, "103"},
	} {
		if got := payload.Details[name]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if resolve.Payload != nil || resolve.DedupKey != trigger.DedupKey || trigger.DedupKey != sinktest.Transition(1).Episode {
		t.Errorf("got %+v", resolve)
	}
}

// TestLimits has a rule and a key of the greatest lengths, and lines of the greatest size.
func TestLimits(t *testing.T) {
	server := sinktest.NewPagerDuty(t)
	transition := window.Transition{
		ID: "1", Rule: strings.Repeat("ü", 2000), Grouped: true, Key: strings.Repeat("€", 20_000), State: window.Active,
	}
	for range 5 {
		transition.First = append(transition.First, strings.Repeat("\x01", 500))
	}
	if err := deliver(t, newSink(t, to(server)), transition); err != nil {
		t.Error(err)
	}
	if got := server.Events()[0].Payload; len([]rune(got.Summary)) != longestSummary || len([]rune(got.Source)) != longestSource {
		t.Errorf("the summary has %d characters, the source %d", len([]rune(got.Summary)), len([]rune(got.Source)))
	}
}

func TestWithoutAKeyTheSourceIsConfigured(t *testing.T) {
	server := sinktest.NewPagerDuty(t)
	options := to(server)
	options.Source = "shop"
	if err := deliver(t, newSink(t, options), window.Transition{Rule: "r", State: window.Active}); err != nil {
		t.Fatal(err)
	}
	if got := server.Events()[0].Payload.Source; got != "shop" {
		t.Errorf("the source is %q", got)
	}
}

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		status                   int
		body                     string
		done, permanent, blocked bool
	}{
		{202, `{"status":"success"}`, true, false, false},
		{200, "<html>log in to the hotel's network</html>", false, false, false},
		{400, `{"status":"invalid event","errors":["'payload.summary' is missing"]}`, false, true, false},
		{400, `{"status":"invalid event","errors":["Invalid routing key"]}`, false, false, true},
		{400, `{"status":"invalid event","errors":["'routing_key' is missing or blank"]}`, false, false, true},
		{403, "", false, false, true},
		{404, "", false, false, true},
		{413, "", false, true, false},
		{429, "", false, false, false},
		{500, "", false, false, false},
		{503, "", false, false, false},
	} {
		server := sinktest.NewPagerDuty(t)
		server.Answer(sinktest.With(test.status, nil, test.body))
		err := deliver(t, newSink(t, to(server)), sinktest.Transition(1))
		if (err == nil) != test.done || sinks.IsPermanent(err) != test.permanent || sinks.IsBlocked(err) != test.blocked {
			t.Errorf("%d %s gave %v", test.status, test.body, err)
		}
	}
}

func TestWrongKeyKeepsTheAlert(t *testing.T) {
	server := sinktest.NewPagerDuty(t)
	options := to(server)
	options.RoutingKey = "another"
	err := deliver(t, newSink(t, options), sinktest.Transition(1))
	if !sinks.IsBlocked(err) || !strings.Contains(err.Error(), "check the routing key") {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	server := sinktest.NewPagerDuty(t)
	if err := newSink(t, to(server)).Check(t.Context()); err != nil {
		t.Error(err)
	}
	if got := server.Requests()[0]; got.Method != http.MethodOptions || len(got.Body) > 0 || len(server.Events()) > 0 {
		t.Errorf("checking sent %s %s", got.Method, got.Body)
	}
	server.Answer(sinktest.With(http.StatusServiceUnavailable, nil, "later"))
	if err := newSink(t, to(server)).Check(t.Context()); err == nil {
		t.Error("no error although it is down")
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	for want, options := range map[string]Options{
		"routing_key: it is needed": {},
		"routing_key: it holds":     {RoutingKey: "hidden\n"},
		"url: not a URL":            {RoutingKey: "hidden", URL: "pagerduty"},
		"client_url: not a URL":     {RoutingKey: "hidden", ClientURL: "logboom"},
		"severity: not one of":      {RoutingKey: "hidden", Severity: "fatal"},
	} {
		_, err := New(options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestNoSecretIsShown: neither by printing, nor in what a server sends back.
func TestNoSecretIsShown(t *testing.T) {
	server := sinktest.NewPagerDuty(t)
	server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		return sinktest.With(http.StatusBadRequest, nil, "the routing_key in "+string(r.Body))(w, r)
	})
	for _, url := range []string{server.URL, "http://127.0.0.1:1"} {
		options := Options{RoutingKey: "key-hidden", URL: url}
		sink := newSink(t, options)
		for _, printed := range []any{
			options, &options, sink.options, sink.client, sink.Check(t.Context()), deliver(t, sink, sinktest.Transition(1)),
		} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(verb, printed); strings.Contains(text, "hidden") {
					t.Errorf("%s of %T shows a secret: %s", verb, printed, text)
				}
			}
		}
	}
}
