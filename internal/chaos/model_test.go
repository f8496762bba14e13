package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
)

// The model, which knows nothing of windows that slide, says what logboom's rules say.
func TestModelAgreesWithRules(t *testing.T) {
	streams := streamsOfTest()
	for _, r := range rulesFor(50) {
		want := modelOf([]rule{r}, streams)
		if len(want) == 0 || want[len(want)-1].active {
			t.Fatalf("%s: the model has %d changes, and the last one must be an end", r.name, len(want))
		}
		counted, err := compareAlerts("rules", []rule{r}, want, documentsOf(t, r, streams))
		if err != nil || counted.Violated() || counted.Stored != len(want) {
			t.Errorf("%+v, %v", counted, err)
		}
	}
}

// documentsOf returns the alerts that logboom's engine makes of streams.
func documentsOf(t *testing.T, r rule, streams []*stream) (documents [][]byte) {
	t.Helper()
	own := rules.Rule{Name: r.name, Window: r.window, Threshold: uint64(r.threshold)} //nolint:gosec // it is positive
	if r.grouped {
		own.GroupBy = []string{"host.name"}
	}
	if r.host != "" {
		own.Where = fmt.Sprintf("host.name == %q", r.host)
	}
	set, err := rules.Compile([]rules.Rule{own})
	if err != nil {
		t.Fatal(err)
	}
	engine := rules.NewEngine(rules.Options{})
	if _, err := engine.Change(set, 0); err != nil {
		t.Fatal(err)
	}
	batch := set.NewBatch()
	batch.Reset(beginOfTest.Add(time.Hour).UnixNano())
	for _, s := range streams {
		agent := s.agent()
		for number, line := range s.lines {
			event := agent.AppendEvent(nil, line.time(), s.path, line.offset, s.message(number))
			if _, err := batch.Add(event); err != nil {
				t.Fatal(err)
			}
		}
	}
	outcome, err := engine.Observe(batch, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, transition := range outcome.Transitions {
		documents = append(documents, sinks.Document(transition))
	}
	return documents
}

// An alert that is missing, there twice, or another one is found.
func TestAlertsAreCompared(t *testing.T) {
	streams := streamsOfTest()
	r := rulesFor(50)[0]
	model, documents := modelOf([]rule{r}, streams), documentsOf(t, r, streams)
	for _, test := range []struct {
		name                  string
		documents             [][]byte
		lost, double, foreign int
	}{
		{"all", documents, 0, 0, 0},
		{"one lost", documents[1:], 1, 0, 0},
		{"one double", append(documents[:len(documents):len(documents)], documents[2]), 0, 1, 0},
		{"another", append(documents[1:len(documents):len(documents)], []byte(
			`{"alert":true,"event":{"id":"x","start":"2026-11-24T02:00:00Z"},"rule":{"name":"burst of a host"},"logboom":{}}`)), 1, 0, 1},
	} {
		c, err := compareAlerts("test", []rule{r}, model, test.documents)
		if err != nil || c.Lost != test.lost || c.Double != test.double || c.Foreign != test.foreign ||
			c.Violated() != (test.lost+test.double+test.foreign > 0) {
			t.Errorf("%s: %+v, %v", test.name, c, err)
		}
	}
}
