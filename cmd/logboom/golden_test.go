package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// goldenCase is one file of testdata/golden: events, and what the reference answered after each.
type goldenCase struct {
	Threshold       uint64
	DurationSeconds float64 `json:"duration_seconds"`
	Events          []json.RawMessage
	States          []goldenState
	// Batches are the events of each commit, in the one case in which the reference took more than one at a time.
	Batches [][]int
	// ExactDiffers are the answers of exact arithmetic where the reference's floating point is wrong.
	ExactDiffers []struct {
		AfterCommit int    `json:"after_commit"`
		Count       uint64 `json:"count_exact"`
		Active      bool   `json:"alert_exact"`
	} `json:"exact_differs"`
}

// goldenState is a pair [count, on].
type goldenState struct {
	Count  uint64
	Active bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *goldenState) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&s.Count, &s.Active})
}

// replayedState is a line of replay --states.
type replayedState struct {
	Rule      string
	Key       string
	Timestamp time.Time `json:"@timestamp"`
	Count     uint64
	Active    bool
}

// TestGoldenStates asks the binary for the state after every event of every golden case.
func TestGoldenStates(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/*.json")
	if err != nil || len(files) < 19 {
		t.Fatalf("%d golden cases, %v; want 19 or more", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			golden := readGolden(t, file)
			states := decodeLines[replayedState](t, golden.replay(t, "--states"))
			if len(states) != len(golden.Events) {
				t.Fatalf("%d states for %d events", len(states), len(golden.Events))
			}
			golden.compareStates(t, states)
			golden.compareAlerts(t, states)
		})
	}
}

func readGolden(t *testing.T, file string) *goldenCase {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var golden goldenCase
	if err := json.Unmarshal(content, &golden); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, differs := range golden.ExactDiffers {
		golden.States[differs.AfterCommit] = goldenState{differs.Count, differs.Active}
	}
	return &golden
}

// replay runs logboom replay over the events and returns what it printed.
func (g *goldenCase) replay(t *testing.T, flags ...string) []byte {
	t.Helper()
	folder := t.TempDir()
	length := time.Duration(math.Round(g.DurationSeconds * 1e9))
	config := fmt.Sprintf("rules: [{name: golden, window: %s, threshold: %d}]\n", length, g.Threshold)
	events := make([][]byte, len(g.Events))
	for i, event := range g.Events {
		var line bytes.Buffer
		if err := json.Compact(&line, event); err != nil {
			t.Fatal(err)
		}
		events[i] = line.Bytes()
	}
	write(t, filepath.Join(folder, "logboom.yml"), config)
	write(t, filepath.Join(folder, "events.ndjson"), string(bytes.Join(events, []byte("\n")))+"\n")
	command := exec.CommandContext(t.Context(), "logboom", append([]string{"replay", "events.ndjson"}, flags...)...)
	command.Dir = folder
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil || problems.Len() > 0 {
		t.Fatalf("%v: %v\n%s", command, err, &problems)
	}
	return out
}

// compareStates checks what --states printed against the reference.
func (g *goldenCase) compareStates(t *testing.T, states []replayedState) {
	t.Helper()
	for i, state := range states {
		if want := g.timestamp(t, i); state.Rule != "golden" || state.Key != "" || !state.Timestamp.Equal(want) {
			t.Errorf("line %d is %+v, want the time of event %d, %s", i, state, i, want)
		}
	}
	for i, want := range g.States {
		event := i
		if g.Batches != nil {
			// The reference shows one state a commit here: the one after its last event.
			event = g.Batches[i][len(g.Batches[i])-1]
		}
		if got := (goldenState{states[event].Count, states[event].Active}); got != want {
			t.Errorf("state after event %d is %v, want %v", event, got, want)
		}
	}
}

func (g *goldenCase) timestamp(t *testing.T, event int) time.Time {
	t.Helper()
	var document struct {
		Timestamp time.Time `json:"@timestamp"`
	}
	if err := json.Unmarshal(g.Events[event], &document); err != nil {
		t.Fatal(err)
	}
	return document.Timestamp
}

// compareAlerts checks that replay without --states prints a document for every change of the states, among them the
// short alert that the reference's batches hide.
func (g *goldenCase) compareAlerts(t *testing.T, states []replayedState) {
	t.Helper()
	want := changesOf(states)
	if g.Batches != nil && len(want) != 2 {
		t.Errorf("changes %+v, want the two that the batches hid", want)
	}
	got := decodeLines[goldenAlert](t, g.replay(t))
	if !slices.EqualFunc(got, want, goldenAlert.equal) {
		t.Errorf("alerts %+v, want %+v", got, want)
	}
}

// goldenAlert is what is compared of an alert document.
type goldenAlert struct {
	Timestamp time.Time `json:"@timestamp"`
	Alert     bool
	Logboom   struct{ Count uint64 }
}

func (a goldenAlert) equal(b goldenAlert) bool {
	return a.Timestamp.Equal(b.Timestamp) && a.Alert == b.Alert && a.Logboom == b.Logboom
}

// changesOf returns the alerts that states tell of. The time of a change is the greatest one so far.
func changesOf(states []replayedState) []goldenAlert {
	var changes []goldenAlert
	var latest time.Time
	active := false
	for _, state := range states {
		if state.Timestamp.After(latest) {
			latest = state.Timestamp
		}
		if state.Active == active {
			continue
		}
		active = state.Active
		change := goldenAlert{Timestamp: latest, Alert: active}
		change.Logboom.Count = state.Count
		changes = append(changes, change)
	}
	return changes
}

// decodeLines decodes JSON lines.
func decodeLines[T any](t testing.TB, text []byte) []T {
	t.Helper()
	var values []T
	for line := range bytes.Lines(text) {
		var value T
		if err := json.Unmarshal(line, &value); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		values = append(values, value)
	}
	return values
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
