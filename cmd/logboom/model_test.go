package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
)

// alert is an alert document as far as tests look at it.
type alert struct {
	Timestamp time.Time `json:"@timestamp"`
	Alert     bool
	Message   string
	Event     struct {
		ID, Action, Reason string
		Start, End         time.Time
		Duration           int64
	}
	Rule    struct{ ID, Name string }
	Logboom struct {
		Key         string
		Count, Peak uint64
		Samples     []string
	}

	document []byte
}

// episodes names what an alert belongs to: the episodes of one key of one rule.
type episodes struct{ rule, key string }

func (a *alert) episodes() episodes { return episodes{a.Rule.Name, a.Logboom.Key} }

// sameFacts tells whether two documents say the same of an alert, apart from what depends on how often an event counted
// and when it arrived.
func (a *alert) sameFacts(b *alert) bool {
	return a.Event.ID == b.Event.ID && a.Event.Action == b.Event.Action && a.Event.Reason == b.Event.Reason &&
		a.Alert == b.Alert && a.Message == b.Message && a.episodes() == b.episodes() && a.Rule.ID == b.Rule.ID &&
		a.Timestamp.Equal(b.Timestamp) && a.Event.Start.Equal(b.Event.Start) && a.Event.End.Equal(b.Event.End) &&
		a.Event.Duration == b.Event.Duration && a.Logboom.Count == b.Logboom.Count
}

// parseAlerts reads alert documents.
func parseAlerts(t testing.TB, documents [][]byte) []alert {
	t.Helper()
	alerts := make([]alert, len(documents))
	for i, document := range documents {
		if err := json.Unmarshal(document, &alerts[i]); err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		alerts[i].document = document
	}
	return alerts
}

// readAlerts reads what the file sink wrote.
func readAlerts(t testing.TB, path string) []alert {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(content) > 0 && content[len(content)-1] != '\n' {
		t.Errorf("%s ends in the middle of a line", path)
	}
	var documents [][]byte
	for line := range bytes.Lines(content) {
		documents = append(documents, bytes.TrimSuffix(line, []byte("\n")))
	}
	return parseAlerts(t, documents)
}

// modelOf returns the alerts that the rules in a folder's configuration make of events, each taken once and in order.
// Keys are independent of each other, so the events of several senders may stand one sender behind the other.
func modelOf(t testing.TB, folder string, events [][]byte) []alert {
	t.Helper()
	loaded, err := config.Load(filepath.Join(folder, "logboom.yml"), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Compile(loaded.Rules)
	if err != nil {
		t.Fatal(err)
	}
	engine := rules.NewEngine(rules.Options{})
	if _, err := engine.Change(set, 0); err != nil {
		t.Fatal(err)
	}
	batch, documents := set.NewBatch(), [][]byte(nil)
	for chunk := range slices.Chunk(events, 1000) {
		batch.Reset(time.Now().UnixNano())
		for _, event := range chunk {
			if _, err := batch.Add(event); err != nil {
				t.Fatal(err)
			}
		}
		outcome, err := engine.Observe(batch, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, transition := range outcome.Transitions {
			documents = append(documents, sinks.Document(transition))
		}
	}
	return parseAlerts(t, documents)
}

// counting says how often an event may have counted.
type counting bool

const (
	countedOnce  counting = false
	countedAgain counting = true
)

// compareWithModel checks that what a sink got is what the model has: nothing missing, nothing twice, nothing else, and
// for each key in the same order, so that an inactive follows on each active.
func compareWithModel(t *testing.T, sink string, got, model []alert, counted counting) {
	t.Helper()
	if len(model) == 0 {
		t.Fatal("the model has no alert")
	}
	gotByKey, modelByKey := byEpisodes(got), byEpisodes(model)
	for key := range gotByKey {
		if modelByKey[key] == nil {
			t.Errorf("%s: alerts of %v, which the model does not have", sink, key)
		}
	}
	for key, want := range modelByKey {
		have := gotByKey[key]
		for i := range max(len(want), len(have)) {
			switch {
			case i >= len(have):
				t.Fatalf("%s: %d alerts of %v, want %d; missing from\n%s", sink, len(have), key, len(want), want[i].document)
			case i >= len(want):
				t.Fatalf("%s: %d alerts of %v, want %d; too many from\n%s", sink, len(have), key, len(want), have[i].document)
			case !have[i].sameFacts(want[i]):
				t.Fatalf("%s: alert %d of %v is\n%s\nwant\n%s", sink, i, key, have[i].document, want[i].document)
			case have[i].Logboom.Peak < want[i].Logboom.Peak:
				t.Errorf("%s: alert %d of %v has the peak %d, want %d: events are lost\n%s", sink, i, key,
					have[i].Logboom.Peak, want[i].Logboom.Peak, have[i].document)
			case have[i].Logboom.Peak > want[i].Logboom.Peak && counted == countedOnce:
				t.Errorf("%s: alert %d of %v has the peak %d, want %d: events counted twice\n%s", sink, i, key,
					have[i].Logboom.Peak, want[i].Logboom.Peak, have[i].document)
			}
		}
	}
}

func byEpisodes(alerts []alert) map[episodes][]*alert {
	found := make(map[episodes][]*alert)
	for i := range alerts {
		key := alerts[i].episodes()
		found[key] = append(found[key], &alerts[i])
	}
	return found
}

// compareDocuments checks that two sinks got the same documents, byte for byte, each id once.
func compareDocuments(t *testing.T, one, other []alert) {
	t.Helper()
	documents := make(map[string][]byte, len(one))
	for _, alert := range one {
		if documents[alert.Event.ID] != nil {
			t.Errorf("the id %s is there twice", alert.Event.ID)
		}
		documents[alert.Event.ID] = alert.document
	}
	seen := make(map[string]bool, len(other))
	for _, alert := range other {
		if seen[alert.Event.ID] {
			t.Errorf("the id %s is there twice", alert.Event.ID)
		}
		seen[alert.Event.ID] = true
		if !bytes.Equal(documents[alert.Event.ID], alert.document) {
			t.Errorf("the document %s is\n%s\nin one sink and\n%s\nin the other", alert.Event.ID,
				documents[alert.Event.ID], alert.document)
		}
	}
	if len(seen) != len(documents) {
		t.Errorf("%d documents in one sink and %d in the other", len(documents), len(seen))
	}
}
