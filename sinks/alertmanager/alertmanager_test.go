package alertmanager

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

// clock is a clock that tests move. It begins after all transitions of sinktest.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func newSink(t *testing.T, options Options) *Sink {
	t.Helper()
	sink, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return sink
}

// open returns a server with a clock, and a sink on it.
func open(t *testing.T) (*sinktest.Alertmanager, *Sink, *clock) {
	t.Helper()
	clock := newClock()
	server := sinktest.NewAlertmanager(t, clock.now)
	return server, newSink(t, Options{URLs: []string{server.URL}, Now: clock.now}), clock
}

// deliver delivers transitions and fails the test unless all are taken.
func deliver(t *testing.T, sink *Sink, transitions ...window.Transition) {
	t.Helper()
	outcomes, err := sink.Deliver(t.Context(), transitions)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Fatal(err)
	}
}

func TestConforms(t *testing.T) {
	for name, failure := range sinktest.Failures() {
		t.Run(name, func(t *testing.T) {
			sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
				clock := newClock()
				server := sinktest.NewAlertmanager(t, clock.now)
				return sinktest.Fixture{
					Open: func(t *testing.T) sinks.Sink {
						return newSink(t, Options{URLs: []string{server.URL}, Now: clock.now})
					},
					Received: func(*testing.T) [][]byte { return changes(server, clock) },
					Expected: wanted,
					Fail:     func(*testing.T) { server.Answer(failure) },
					Mend:     func(*testing.T) { server.Answer(nil) },
					Refuse:   func(transition window.Transition) { server.Refuse(sinks.Headline(transition)) },
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

// changes are what a server was told, in the form of wanted.
func changes(server *sinktest.Alertmanager, clock *clock) (lines [][]byte) {
	for _, change := range server.Changes() {
		state, end := "inactive", sinks.Timestamp(change.EndsAt.UnixNano())
		if change.EndsAt.After(clock.now()) {
			state, end = "active", ""
		}
		lines = append(lines, fmt.Appendf(nil, "%s %s %s %s %s", change.Labels["alertname"], change.Labels["key"], state,
			sinks.Timestamp(change.StartsAt.UnixNano()), end))
	}
	return lines
}

func wanted(t window.Transition) []byte {
	end := ""
	if t.State == window.Inactive {
		end = sinks.Timestamp(t.End)
	}
	return fmt.Appendf(nil, "%s %s %s %s %s", t.Rule, t.Key, t.State, sinks.Timestamp(t.Start), end)
}

func TestAlert(t *testing.T) {
	clock := newClock()
	server := sinktest.NewAlertmanager(t, clock.now)
	sink := newSink(t, Options{
		URLs: []string{server.URL + "/"}, Labels: map[string]string{"severity": "critical"}, Now: clock.now,
		GeneratorURL: "http://logboom:9600",
	})
	deliver(t, sink, sinktest.Transition(1), sinktest.Transition(2))
	labels := map[string]string{
		"alertname": "too many lines", "rule": "too-many-lines", "key": "web0 <a&b>", "host_name": "web0 <a&b>",
		"severity": "critical",
	}
	for i, want := range []sinktest.PostedAlert{{
		Annotations: map[string]string{
			"summary":     "Alert 'too many lines' for web0 <a&b> changed state to ACTIVE",
			"description": "5 events in 1s, threshold 5.", "samples": "101\n102 <x> & \"y\"\n103",
		},
		StartsAt: time.Date(2026, 11, 23, 19, 0, 0, 123e6, time.UTC), EndsAt: clock.now().Add(4 * time.Minute),
	}, {
		Annotations: map[string]string{
			"summary":     "Alert 'too many lines' for web0 <a&b> changed state to INACTIVE",
			"description": "Lasted 3s, with 100 events in 1s at its peak, threshold 5.", "samples": "200",
		},
		StartsAt: time.Date(2026, 11, 23, 19, 0, 0, 123e6, time.UTC), EndsAt: time.Date(2026, 11, 23, 19, 0, 3, 123e6, time.UTC),
	}} {
		got := server.Changes()[i]
		if !maps.Equal(got.Labels, labels) || !maps.Equal(got.Annotations, want.Annotations) ||
			!got.StartsAt.Equal(want.StartsAt) || !got.EndsAt.Equal(want.EndsAt) || got.GeneratorURL != "http://logboom:9600" {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestFieldsTakeThePlaceOfNoOtherLabel(t *testing.T) {
	clock := newClock()
	server := sinktest.NewAlertmanager(t, clock.now)
	sink := newSink(t, Options{URLs: []string{server.URL}, Labels: map[string]string{"severity": "critical"}, Now: clock.now})
	transition := sinktest.Transition(1)
	transition.Key, transition.Group = "a, b, c, (none)", []window.Field{
		{Name: "key", Value: "a"}, {Name: "severity", Value: "b"}, {Name: "url.path", Value: "c"}, {Name: "host.name"},
	}
	deliver(t, sink, transition)
	want := map[string]string{
		"alertname": "too many lines", "rule": "too-many-lines", "key": "a, b, c, (none)", "severity": "critical",
		"key_": "a", "severity_": "b", "url_path": "c",
	}
	if got := server.Changes()[0].Labels; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestKeysThatLookTheSame have other labels, so both are active, and each is repeated, also after a restart.
func TestKeysThatLookTheSame(t *testing.T) {
	server, sink, clock := open(t)
	one, other := sinktest.Transition(1), sinktest.Transition(3)
	one.Key, one.Group = "x, y, z", []window.Field{{Name: "a", Value: "x, y"}, {Name: "b", Value: "z"}}
	other.Key, other.Group = "x, y, z", []window.Field{{Name: "a", Value: "x"}, {Name: "b", Value: "y, z"}}
	deliver(t, sink, one, other)
	again := newSink(t, Options{URLs: []string{server.URL}, Now: clock.now})
	if err := again.Restore(sink.State()); err != nil {
		t.Fatal(err)
	}
	clock.at = clock.at.Add(5 * time.Minute)
	if server.Firing() != 0 {
		t.Fatalf("%d firing although nobody repeats them", server.Firing())
	}
	deliver(t, again)
	if server.Firing() != 2 {
		t.Errorf("%d firing, want both", server.Firing())
	}
}

// TestAlertsOfTheFuture come from a host whose clock is fast.
func TestAlertsOfTheFuture(t *testing.T) {
	server, sink, clock := open(t)
	transition := window.Transition{Rule: "r", RuleID: "r", State: window.Active, Start: clock.at.Add(time.Hour).UnixNano()}
	deliver(t, sink, transition)
	transition.State, transition.End = window.Inactive, transition.Start+1e9
	deliver(t, sink, transition)
	changes := server.Changes()
	if len(changes) != 2 || changes[0].StartsAt.After(clock.at) || changes[1].EndsAt.After(clock.at) || server.Firing() != 0 {
		t.Errorf("got %+v", changes)
	}
}

func TestActiveAlertsAreRepeated(t *testing.T) {
	server, sink, clock := open(t)
	if due := sink.Due(); !due.IsZero() {
		t.Errorf("without alerts it is due at %s", due)
	}
	deliver(t, sink, sinktest.Transition(1))
	for range 20 {
		if due := sink.Due(); due != clock.at.Add(time.Minute) {
			t.Fatalf("at %s it is due at %s", clock.at, due)
		}
		clock.at = sink.Due()
		deliver(t, sink)
		if server.Firing() != 1 {
			t.Fatal("the alert is not firing any more")
		}
	}
	if got := len(server.Changes()); got != 1 {
		t.Errorf("%d changes", got)
	}
	// Not before it is due.
	before := len(server.Requests())
	clock.at = clock.at.Add(59 * time.Second)
	deliver(t, sink)
	if got := len(server.Requests()); got != before {
		t.Errorf("%d requests too many", got-before)
	}
	// And without repeats it ends, four minutes after the last one.
	clock.at = clock.at.Add(3*time.Minute + 2*time.Second)
	if server.Firing() != 0 {
		t.Error("the alert is firing although nobody repeats it")
	}
}

func TestEndedAlertsAreRepeatedForAWhile(t *testing.T) {
	server, sink, clock := open(t)
	deliver(t, sink, sinktest.Transitions(1, 2)...)
	away := sinktest.NewAlertmanager(t, clock.now)
	sink.options.URLs = []string{away.URL} // one that was away, and knows nothing
	for clock.at = sink.Due(); !sink.Due().IsZero(); clock.at = clock.at.Add(time.Minute) {
		deliver(t, sink)
	}
	if got := clock.at.Sub(newClock().at); got < 16*time.Minute || got > 18*time.Minute {
		t.Errorf("repeated for %s", got)
	}
	if len(away.Changes()) != 1 || away.Firing() != 0 || len(server.Changes()) != 2 {
		t.Errorf("got %v and %v", away.Changes(), server.Changes())
	}
}

func TestRestartGoesOnRepeating(t *testing.T) {
	server, sink, clock := open(t)
	deliver(t, sink, sinktest.Transitions(1, 3)...)
	state := sink.State()
	clock.at = clock.at.Add(3 * time.Minute)
	again := newSink(t, sink.options)
	if err := again.Restore(state); err != nil {
		t.Fatal(err)
	}
	if due := again.Due(); due != clock.at {
		t.Errorf("after a restart it is due at %s, not at once", due)
	}
	if !bytes.Equal(again.State(), state) {
		t.Errorf("the state became\n%s, it was\n%s", again.State(), state)
	}
	deliver(t, again)
	clock.at = clock.at.Add(3 * time.Minute)
	if server.Firing() != 1 || len(server.Changes()) != 3 {
		t.Errorf("%d are firing, %d changes", server.Firing(), len(server.Changes()))
	}
	deliver(t, again, sinktest.Transition(4))
	if server.Firing() != 0 {
		t.Error("an alert did not end")
	}
}

func TestRestoreRefusesWhatItDidNotWrite(t *testing.T) {
	_, sink, _ := open(t)
	if err := sink.Restore([]byte("{")); err == nil {
		t.Error("no error")
	}
	if err := sink.Restore([]byte("[null]")); err != nil || !sink.Due().IsZero() {
		t.Errorf("got %v", err)
	}
}

// TestRepeatThatFails is told of, tried again, and holds no transition back.
func TestRepeatThatFails(t *testing.T) {
	server, sink, clock := open(t)
	deliver(t, sink, sinktest.Transition(1))
	clock.at = sink.Due()
	server.Answer(sinktest.With(http.StatusInternalServerError, nil, "sorry"))
	if _, err := sink.Deliver(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "repeat") {
		t.Errorf("got %v", err)
	}
	if sink.Due().After(clock.at) {
		t.Error("it is not due any more")
	}
	server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		// The first alert is not wanted any more, so repeating fails.
		return strings.Contains(string(r.Body), "web0") && sinktest.With(http.StatusBadRequest, nil, "no")(w, r)
	})
	outcomes, err := sink.Deliver(t.Context(), []window.Transition{sinktest.Transition(3)})
	if err != nil || outcomes[0] != nil {
		t.Errorf("got %v, %v", outcomes, err)
	}
}

func TestClusterNeedsOne(t *testing.T) {
	clock := newClock()
	one, other := sinktest.NewAlertmanager(t, clock.now), sinktest.NewAlertmanager(t, clock.now)
	sink := newSink(t, Options{URLs: []string{one.URL, other.URL}, Now: clock.now})
	deliver(t, sink, sinktest.Transition(1))
	if len(one.Changes()) != 1 || len(other.Changes()) != 1 || sink.Notice() != "" {
		t.Errorf("not all were told; %q", sink.Notice())
	}
	one.Answer(sinktest.With(http.StatusServiceUnavailable, nil, "starting"))
	deliver(t, sink, sinktest.Transition(2))
	if got := sink.Notice(); !strings.Contains(got, "1 of 2") || !strings.Contains(got, one.URL+": status 503: starting") {
		t.Errorf("the notice is %q", got)
	}
	one.Answer(nil)
	deliver(t, sink, sinktest.Transition(3))
	if got := sink.Notice(); got != "" {
		t.Errorf("the notice is %q", got)
	}
}

func TestVerdictOfACluster(t *testing.T) {
	refused := sinktest.With(http.StatusBadRequest, nil, "no")
	locked := sinktest.With(http.StatusUnauthorized, nil, "who are you")
	passing := sinktest.With(http.StatusServiceUnavailable, http.Header{"Retry-After": {"7"}}, "later")
	for name, test := range map[string]struct {
		one, other         sinktest.Answer
		permanent, blocked bool
		delay              time.Duration
	}{
		"both refuse":              {refused, refused, true, false, 0},
		"one refuses, one is down": {refused, passing, false, false, 7 * time.Second},
		"one is down, one refuses": {passing, refused, false, false, 7 * time.Second},
		"one is locked, one down":  {locked, passing, false, false, 7 * time.Second},
		"one refuses, one locked":  {refused, locked, false, true, 0},
		"both are locked":          {locked, locked, false, true, 0},
	} {
		clock := newClock()
		one, other := sinktest.NewAlertmanager(t, clock.now), sinktest.NewAlertmanager(t, clock.now)
		one.Answer(test.one)
		other.Answer(test.other)
		sink := newSink(t, Options{URLs: []string{one.URL, other.URL}, Now: clock.now})
		outcomes, _ := sink.Deliver(t.Context(), []window.Transition{sinktest.Transition(1)})
		err := outcomes[0]
		var after *sinks.RetryAfter
		if err == nil || sinks.IsPermanent(err) != test.permanent || sinks.IsBlocked(err) != test.blocked ||
			errors.As(err, &after) != (test.delay > 0) || after != nil && after.Delay != test.delay {
			t.Errorf("%s: got %v", name, err)
		}
		if !strings.Contains(err.Error(), one.URL) || !strings.Contains(err.Error(), other.URL) {
			t.Errorf("%s: %v does not name both", name, err)
		}
	}
}

func TestMostKept(t *testing.T) {
	k := newKept()
	alertOf := func(i int, ended int64) *alert {
		return &alert{Rule: "r", Grouped: true, Key: fmt.Sprint(i), Ended: ended}
	}
	for i := range mostKept {
		k.put(alertOf(i, 0))
	}
	k.put(alertOf(5, 1)) // in the place of the one that it is
	if len(k.alerts) != mostKept || k.dropped != 0 {
		t.Fatalf("%d alerts, %d dropped", len(k.alerts), k.dropped)
	}
	k.put(alertOf(mostKept, 0)) // in the place of the ended one
	if len(k.alerts) != mostKept || k.dropped != 0 || k.places[alertOf(5, 0).identity()] != nil {
		t.Errorf("%d alerts, %d dropped", len(k.alerts), k.dropped)
	}
	k.put(alertOf(mostKept+1, 0)) // in the place of the oldest
	if len(k.alerts) != mostKept || k.dropped != 1 || k.places[alertOf(0, 0).identity()] != nil || len(k.places) != mostKept {
		t.Errorf("%d alerts, %d dropped", len(k.alerts), k.dropped)
	}
	sink := &Sink{kept: k}
	if got := sink.noticeOf(nil); !strings.Contains(got, "more than 10000 alerts are active") {
		t.Errorf("the notice is %q", got)
	}
}

func TestManyAlertsAreRepeatedInParts(t *testing.T) {
	server, sink, clock := open(t)
	for i := range mostRepeated + 1 {
		sink.kept.put(&alert{Rule: "r", RuleID: "r", Grouped: true, Key: fmt.Sprint(i), Start: 1})
	}
	sink.repeatAt = clock.at
	deliver(t, sink)
	if len(server.Requests()) != 2 || server.Firing() != mostRepeated+1 {
		t.Errorf("%d requests, %d firing", len(server.Requests()), server.Firing())
	}
}

func TestCheck(t *testing.T) {
	server, sink, _ := open(t)
	if err := sink.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if request := server.Requests()[0]; request.Method != http.MethodGet || request.Path != "/api/v2/status" {
		t.Errorf("checking sent %s %s", request.Method, request.Path)
	}
	another := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer another.Close()
	for want, url := range map[string]string{"no Alertmanager": another.URL, "refused": "http://127.0.0.1:1", "status 404": server.URL + "/x"} {
		sink.options.URLs = []string{server.URL, url}
		if err := sink.Check(t.Context()); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), url) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	for want, options := range map[string]Options{
		"urls: at least one":      {},
		"urls[1]: not a URL":      {URLs: []string{"http://a", "hidden"}},
		"generator_url":           {URLs: []string{"http://a"}, GeneratorURL: "hidden"},
		`labels: "a-b" is not`:    {URLs: []string{"http://a"}, Labels: map[string]string{"a-b": "c"}},
		"labels: alertname is":    {URLs: []string{"http://a"}, Labels: map[string]string{"alertname": "c"}},
		"labels: severity has no": {URLs: []string{"http://a"}, Labels: map[string]string{"severity": ""}},
		"token: set either":       {URLs: []string{"http://a"}, Token: "hidden", Username: "a", Password: "hidden"},
		"ca: it holds":            {URLs: []string{"http://a"}, CA: []byte("hidden")},
	} {
		_, err := New(options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestNoSecretIsShown: neither by printing, nor in what a server sends back.
func TestNoSecretIsShown(t *testing.T) {
	server, _, _ := open(t)
	server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		return sinktest.With(http.StatusBadRequest, nil, r.Header.Get("Authorization"))(w, r)
	})
	for _, options := range []Options{{Token: "token-hidden"}, {Username: "me", Password: "hidden"}} {
		options.URLs = []string{server.URL}
		sink := newSink(t, options)
		outcomes, _ := sink.Deliver(t.Context(), []window.Transition{sinktest.Transition(1)})
		for _, printed := range []any{options, &options, sink.options, sink.client, sink.Check(t.Context()), outcomes[0]} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				text := fmt.Sprintf(verb, printed)
				if strings.Contains(text, "hidden") || strings.Contains(text, "bWU6aGlkZGVu") {
					t.Errorf("%s of %T shows a secret: %s", verb, printed, text)
				}
			}
		}
	}
}

// An end that Alertmanager refuses for good must not leave the alert firing for ever.
func TestRefusedEndIsAnEnd(t *testing.T) {
	server, sink, clock := open(t)
	deliver(t, sink, sinktest.Transition(1))
	end := sinktest.Transition(2)
	server.Refuse(sinks.Headline(end))
	if outcomes, err := sink.Deliver(t.Context(), []window.Transition{end}); err != nil || !sinks.IsPermanent(outcomes[0]) {
		t.Fatalf("outcomes %v, %v", outcomes, err)
	}
	for range 60 {
		clock.at = clock.at.Add(time.Minute)
		if _, err := sink.Deliver(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if firing := server.Firing(); firing != 0 {
		t.Errorf("%d alerts fire an hour after the end", firing)
	}
}
