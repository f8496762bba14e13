package sinks

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/logboom/logboom/window"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shapes are the forms that an alert document can have, by the names of their golden files.
func shapes() map[string]window.Transition {
	at := func(seconds float64) int64 {
		return time.Date(2026, 11, 23, 19, 26, 27, 123e6, time.UTC).UnixNano() + int64(seconds*1e9)
	}
	active := window.Transition{
		Number: 1, Rule: "too many lines", RuleID: "too-many-lines", State: window.Active,
		Time: at(0), Start: at(0), Count: 5, Peak: 5, Threshold: 5, Window: time.Second,
		First:    []string{"101", "102", "103", "104", "105"},
		Received: at(0.012),
	}
	inactive := active
	inactive.Number, inactive.State, inactive.Time, inactive.End = 2, window.Inactive, at(10), at(10)
	inactive.Count, inactive.Peak, inactive.Last, inactive.Received = 1, 87, []string{"199", "200"}, at(10.0012345)
	grouped := active
	grouped.Grouped, grouped.Key, grouped.Window = true, "web1, /index.html", 90*time.Minute
	grouped.Group = []window.Field{{Name: "host.name", Value: "web1"}, {Name: "url.path", Value: "/index.html"}}
	idle := inactive
	idle.Reason, idle.Count, idle.Last = window.ReasonIdle, 0, nil
	decided := active
	decided.Decided = at(0.0125)
	evicted := grouped
	evicted.State, evicted.End, evicted.Reason = window.Inactive, at(0.000000001), window.ReasonEvicted
	changed := inactive
	changed.Reason = window.ReasonRuleChanged
	approximate := inactive
	approximate.Approximate, approximate.Count, approximate.Peak = true, 1<<53+1, math.MaxUint64
	odd := grouped
	odd.Rule, odd.Key = "it's \"<b>&amp;\" \u2028 ü 😀", "a\xffb\nc\x00\x7f"
	odd.Group = []window.Field{{Name: "größe \"<b>\"", Value: odd.Key}}
	odd.First = []string{"", "\xed\xa0\x80 lone surrogate", "\\ / \t"}
	odd.Time, odd.Start = math.MinInt64, math.MinInt64
	emptyKey := grouped
	emptyKey.Key, emptyKey.First, emptyKey.Group = "", nil, []window.Field{{Name: "host.name"}}
	all := map[string]window.Transition{
		"active": active, "inactive": inactive, "grouped": grouped, "idle": idle, "evicted": evicted,
		"rule_changed": changed, "decided": decided, "approximate": approximate, "odd_characters": odd, "empty_key": emptyKey,
	}
	for name, transition := range all {
		transition.ID = window.TransitionID(transition.Rule, []byte(transition.Key), transition.Start, transition.State)
		transition.Episode = window.TransitionID(transition.Rule, []byte(transition.Key), transition.Start, window.Active)
		all[name] = transition
	}
	return all
}

func TestDocumentIsAsInItsGoldenFile(t *testing.T) {
	for name, transition := range shapes() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".json")
			got := append(Document(transition), '\n')
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if !bytes.Equal(append(Document(transition), '\n'), got) {
				t.Error("the same transition gave two documents")
			}
		})
	}
}

// The document that README.md shows has the fields of a real one.
func TestDocumentInReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(readme, []byte("```json\n"))
	shown, _, _ := bytes.Cut(rest, []byte("```"))
	got, want := fieldsOf(t, shown), fieldsOf(t, Document(shapes()["decided"]))
	if !slices.Equal(got, want) {
		t.Errorf("README.md shows the fields %v, documents have %v", got, want)
	}
}

// fieldsOf returns the paths of all fields of a document, sorted.
func fieldsOf(t *testing.T, document []byte) (paths []string) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(document, &fields); err != nil {
		t.Fatalf("%v of %s", err, document)
	}
	var visit func(path string, fields map[string]any)
	visit = func(path string, fields map[string]any) {
		for name, value := range fields {
			paths = append(paths, path+name)
			if below, is := value.(map[string]any); is {
				visit(path+name+".", below)
			}
		}
	}
	visit("", fields)
	slices.Sort(paths)
	return paths
}

func TestHeadline(t *testing.T) {
	all := shapes()
	for name, want := range map[string]string{
		"active":   "Alert 'too many lines' changed state to ACTIVE",
		"inactive": "Alert 'too many lines' changed state to INACTIVE",
		"grouped":  "Alert 'too many lines' for web1, /index.html changed state to ACTIVE",
		"evicted":  "Alert 'too many lines' for web1, /index.html changed state to INACTIVE",
	} {
		if got := Headline(all[name]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for nanoseconds, want := range map[int64]string{
		0:             "1970-01-01T00:00:00.000Z",
		120e6:         "1970-01-01T00:00:00.120Z",
		120_001_000:   "1970-01-01T00:00:00.120001Z",
		1:             "1970-01-01T00:00:00.000000001Z",
		-1e6:          "1969-12-31T23:59:59.999Z",
		-1:            "1969-12-31T23:59:59.999999999Z",
		math.MaxInt64: "2262-04-11T23:47:16.854775807Z",
		math.MinInt64: "1677-09-21T00:12:43.145224192Z",
	} {
		if got := Timestamp(nanoseconds); got != want {
			t.Errorf("%d is %s, want %s", nanoseconds, got, want)
		}
	}
}

func TestDurationText(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", time.Minute: "1m", time.Hour: "1h", 24 * time.Hour: "24h", 10 * time.Second: "10s",
		10 * time.Minute: "10m", 10 * time.Hour: "10h", 90 * time.Minute: "1h30m", time.Hour + time.Second: "1h0m1s",
		61 * time.Second: "1m1s", 1500 * time.Millisecond: "1.5s", 100 * time.Millisecond: "100ms",
	} {
		got := DurationText(duration)
		if got != want {
			t.Errorf("%v is %q, want %q", duration, got, want)
		}
		if back, err := time.ParseDuration(got); err != nil || back != duration {
			t.Errorf("%q is read as %v", got, back)
		}
	}
}

func TestEpisodeDuration(t *testing.T) {
	for _, test := range []struct {
		start, end int64
		want       time.Duration
	}{{5, 8, 3}, {5, 5, 0}, {8, 5, 0}, {math.MinInt64, math.MaxInt64, math.MaxInt64}, {-1, math.MaxInt64, math.MaxInt64}} {
		if got := EpisodeDuration(window.Transition{Start: test.start, End: test.end}); got != test.want {
			t.Errorf("from %d to %d took %d, want %d", test.start, test.end, got, test.want)
		}
	}
}

// FuzzDocument: whatever the texts, a document is one line of valid JSON with the numbers unchanged.
func FuzzDocument(f *testing.F) {
	f.Add("rule", "key", "line", int64(1), int64(2), uint64(3), true)
	f.Add("\xff", "\n\x00", "\u2028</script>", int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxUint64), false)
	f.Fuzz(func(t *testing.T, rule, key, line string, start, end int64, count uint64, active bool) {
		transition := window.Transition{
			Rule: rule, Grouped: true, Key: key, Start: start, End: end, Time: end, Count: count,
			First: []string{line}, Last: []string{line},
		}
		if active {
			transition.State = window.Active
		}
		document := Document(transition)
		if bytes.ContainsAny(document, "\n\r") {
			t.Errorf("not one line: %q", document)
		}
		var got struct {
			Alert   bool
			Event   struct{ Start, End time.Time }
			Logboom struct {
				Key     *string
				Count   uint64
				Samples []string
			}
		}
		if err := json.Unmarshal(document, &got); err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		if got.Alert != active || got.Event.Start.UnixNano() != start || got.Logboom.Count != count ||
			len(got.Logboom.Samples) != 1 || got.Logboom.Key == nil {
			t.Errorf("%s says %+v", document, got)
		}
		if !active && got.Event.End.UnixNano() != end {
			t.Errorf("the end is %v", got.Event.End)
		}
	})
}
