package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/window"
)

// start is the origin of the times in these tests.
var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano()

const second = int64(time.Second)

// bench is an engine with what a test needs around it. It journals everything, and check recovers from that.
type bench struct {
	testing.TB
	set         *Set
	engine      *Engine
	options     Options
	batch       *Batch
	clock       int64
	records     []journaled
	transitions []window.Transition
	stored      map[string]int64
}

type journaled struct {
	observations []byte
	transitions  []window.Transition
}

func newBench(t testing.TB, options Options, list ...Rule) *bench {
	t.Helper()
	b := &bench{TB: t, options: options, stored: make(map[string]int64)}
	b.options.PreviousEnd = func(rule string, key []byte) (int64, bool, error) {
		end, ok := b.stored[rule+"\x00"+string(key)]
		return end, ok, nil
	}
	b.engine = NewEngine(b.options)
	b.change(list...)
	return b
}

// key returns a key of the first rule.
func (b *bench) key(name string) *keyState {
	return b.engine.rules[0].keys.get(hashKey([]byte(name)), []byte(name))
}

func (b *bench) change(list ...Rule) {
	b.Helper()
	set, err := Compile(list)
	if err != nil {
		b.Fatal(err)
	}
	b.set, b.batch = set, set.NewBatch()
	b.keep(b.engine.Change(set, start))
}

func (b *bench) keep(outcome Outcome, err error) []window.Transition {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	if len(outcome.Observations) > 0 || len(outcome.Transitions) > 0 {
		b.records = append(b.records, journaled{slices.Clone(outcome.Observations), outcome.Transitions})
	}
	b.transitions = append(b.transitions, outcome.Transitions...)
	return outcome.Transitions
}

// observe gives the engine one batch of documents.
func (b *bench) observe(arrival int64, documents ...string) []window.Transition {
	b.Helper()
	b.batch.Reset(arrival)
	for _, document := range documents {
		if _, err := b.batch.Add([]byte(document)); err != nil {
			b.Fatal(err)
		}
	}
	return b.keep(b.engine.Observe(b.batch, b.clock))
}

// at gives it one batch of events of these times, which arrive at the last of them.
func (b *bench) at(times ...int64) []window.Transition {
	b.Helper()
	documents := make([]string, len(times))
	for i, at := range times {
		documents[i] = document(at, "line "+strconv.Itoa(i), "")
	}
	return b.observe(slices.Max(times), documents...)
}

func (b *bench) tick(clock int64) []window.Transition {
	b.Helper()
	b.clock = clock
	return b.keep(b.engine.Tick(clock, start))
}

// recovered returns an engine rebuilt from a checkpoint, if any, and the records behind it.
func (b *bench) recovered(checkpoint []byte, records []journaled) *Engine {
	b.Helper()
	engine := NewEngine(b.options)
	if checkpoint != nil {
		if err := engine.Restore(checkpoint); err != nil {
			b.Fatal(err)
		}
	}
	for _, record := range records {
		if len(record.observations) == 0 {
			continue
		}
		if err := engine.Apply(record.observations, record.transitions); err != nil {
			b.Fatal(err)
		}
	}
	return engine
}

// check recovers from the whole journal and compares.
func (b *bench) check() {
	b.Helper()
	b.same(b.recovered(nil, b.records))
}

func (b *bench) same(engine *Engine) {
	b.Helper()
	want, err := b.engine.AppendCheckpoint(nil)
	if err != nil {
		b.Fatal(err)
	}
	got, err := engine.AppendCheckpoint(nil)
	if err != nil {
		b.Fatal(err)
	}
	if !slices.Equal(got, want) {
		b.Fatalf("the recovered state differs:\n got %q\nwant %q", got, want)
	}
	if got, want := engine.runs, b.engine.runs; got != want {
		b.Fatalf("%d runs after recovery, want %d", got, want)
	}
}

func document(at int64, message, more string) string {
	text, _ := json.Marshal(message)
	return fmt.Sprintf(`{"@timestamp":%q,"message":%s%s}`, event.AppendTime(nil, at), text, more)
}

func fiveInASecond() Rule {
	return Rule{Name: "too many lines", Window: time.Second, Threshold: 5, Idle: DefaultIdle}
}

func TestGoldenCases(t *testing.T) {
	files, err := filepath.Glob("../testdata/golden/*.json")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d golden cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	var c struct {
		Threshold       uint64
		DurationSeconds float64 `json:"duration_seconds"`
		Events          []json.RawMessage
		States          [][]any
		Batches         [][]int
		ExactDiffers    []struct {
			AfterCommit int    `json:"after_commit"`
			Count       uint64 `json:"count_exact"`
			Alert       bool   `json:"alert_exact"`
		} `json:"exact_differs"`
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &c); err != nil {
		t.Fatal(err)
	}
	var got []Observed
	length := time.Duration(math.Round(c.DurationSeconds * 1e9))
	b := newBench(t, Options{Unclamped: true, Watch: func(o Observed) { got = append(got, o) }},
		Rule{Name: "golden", Window: length, Threshold: c.Threshold})
	for _, document := range c.Events {
		b.observe(start, string(document))
	}
	b.options.Watch = nil
	b.check()
	if len(got) != len(c.Events) {
		t.Fatalf("%d states for %d events", len(got), len(c.Events))
	}
	if c.Batches != nil {
		// The reference shows one state a commit here and hides the alert; the last event of each commit must agree.
		for i, batch := range c.Batches {
			last := got[batch[len(batch)-1]]
			if last.Count != uint64(c.States[i][0].(float64)) || last.Active != c.States[i][1].(bool) {
				t.Errorf("commit %d: %+v, want %v", i, last, c.States[i])
			}
		}
		if len(b.transitions) != 2 {
			t.Errorf("%d transitions, want the two that batches hid", len(b.transitions))
		}
		return
	}
	exact := make(map[int]int)
	for i, differs := range c.ExactDiffers {
		exact[differs.AfterCommit] = i + 1
	}
	for i, state := range c.States {
		count, on := uint64(state[0].(float64)), state[1].(bool)
		if at := exact[i]; at > 0 {
			count, on = c.ExactDiffers[at-1].Count, c.ExactDiffers[at-1].Alert
		}
		if got[i].Count != count || got[i].Active != on {
			t.Errorf("event %d: [%d, %v], want [%d, %v]", i, got[i].Count, got[i].Active, count, on)
		}
	}
}

func TestTransitionsOfABurst(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	b.at(start)
	on := b.at(start+10*second, start+10*second+1e6, start+10*second+2e6, start+10*second+3e6, start+10*second+4e6,
		start+10*second+5e6)
	if len(on) != 1 {
		t.Fatalf("%d transitions, want 1", len(on))
	}
	got := on[0]
	if got.Number != 1 || got.State != window.Active || got.Time != start+10*second+4e6 || got.Start != got.Time ||
		got.Count != 5 || got.Peak != 5 || got.Reason != "" || got.Received != start+10*second+5e6 {
		t.Errorf("%+v", got)
	}
	if want := []string{"line 0", "line 1", "line 2", "line 3", "line 4"}; !slices.Equal(got.First, want) {
		t.Errorf("first lines %q, want %q", got.First, want)
	}
	off := b.at(start + 20*second)
	if len(off) != 1 {
		t.Fatalf("%d transitions, want 1", len(off))
	}
	end := off[0]
	if end.Number != 2 || end.State != window.Inactive || end.Start != got.Start || end.End != start+20*second ||
		end.Time != end.End || end.Count != 1 || end.Peak != 6 {
		t.Errorf("%+v", end)
	}
	if want := []string{"line 1", "line 2", "line 3", "line 4", "line 5"}; !slices.Equal(end.Last, want) {
		t.Errorf("last lines %q, want %q: the line that ended it is none of them", end.Last, want)
	}
	b.check()
}

// TestBatchBordersDoNotMatter splits one stream in every way into two batches.
func TestBatchBordersDoNotMatter(t *testing.T) {
	var times []int64
	for i := range int64(12) {
		times = append(times, start+i%5*100e6+i/7*3*second)
	}
	whole := newBench(t, Options{}, fiveInASecond())
	whole.at(times...)
	for i := 1; i < len(times); i++ {
		split := newBench(t, Options{}, fiveInASecond())
		split.at(times[:i]...)
		split.at(times[i:]...)
		if len(split.transitions) != len(whole.transitions) {
			t.Fatalf("split at %d: %d transitions, want %d", i, len(split.transitions), len(whole.transitions))
		}
		for j, transition := range split.transitions {
			if want := whole.transitions[j]; transition.ID != want.ID || transition.Count != want.Count {
				t.Errorf("split at %d: %+v, want %+v", i, transition, want)
			}
		}
	}
}

func TestFutureEventsAreClamped(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	hour := int64(time.Hour)
	b.observe(start, document(start+hour, "fast clock, no M yet", ""))
	if key := b.key(""); key.window.Max() != start {
		t.Errorf("M is %d, want the arrival %d", key.window.Max(), start)
	}
	b.observe(start+2*second, document(start+second, "", ""))
	b.observe(start+2*second, document(start+hour, "", ""))
	if key := b.key(""); key.window.Max() != start+second || key.window.Count() != 3 {
		t.Errorf("M %d, count %d; want the key's M and 3", key.window.Max(), key.window.Count())
	}
	limit := start + 2*second + FutureLimit
	b.observe(start+2*second, document(limit, "exactly the limit", ""))
	if key := b.key(""); key.window.Max() != limit {
		t.Errorf("M %d, want %d: five minutes ahead are taken", key.window.Max(), limit)
	}
	if got := b.engine.Counters()["too many lines"].Clamped.Load(); got != 2 {
		t.Errorf("%d events clamped, want 2", got)
	}
	b.check()
}

func TestLateEventsAreCountedApart(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	b.at(start+5*second, start, start+4*second, start+4*second-1)
	counters := b.engine.Counters()["too many lines"]
	if counters.Matched.Load() != 4 || counters.Late.Load() != 2 {
		t.Errorf("%d matched, %d late; want 4, 2", counters.Matched.Load(), counters.Late.Load())
	}
	b.check()
}

func TestIdleEndsAnEpisode(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	b.clock = 7 * second
	b.at(start, start, start, start, start+100e6)
	if got := b.tick(12*second - 1); len(got) != 0 {
		t.Fatalf("ended %d ns early", 1)
	}
	got := b.tick(12 * second)
	if len(got) != 1 || got[0].Reason != window.ReasonIdle || got[0].End != start+100e6+5*second || got[0].Time != start+100e6 {
		t.Fatalf("%+v", got)
	}
	if key := b.key(""); key.window.Max() != start+100e6 || key.window.Count() != 5 {
		t.Error("the clock moved M or dropped events")
	}
	b.check()
	// The network was only slow: the next events are just behind the last ones, and the alert is on again at once.
	on := b.at(start + 200e6)
	if len(on) != 1 || on[0].Start != start+100e6+5*second+1 || on[0].ID == b.transitions[0].ID {
		t.Fatalf("%+v", on)
	}
	b.check()
}

func TestIdleWaitsForALongWindow(t *testing.T) {
	rule := fiveInASecond()
	rule.Window = time.Minute
	b := newBench(t, Options{}, rule)
	b.at(start, start+second, start+2*second, start+3*second, start+4*second, start+5*second)
	if got := b.tick(5 * second); len(got) != 0 {
		t.Fatal("ended while five events are within a minute")
	}
	deadline, ok := b.engine.NextDeadline()
	if want := start + second + 60*second + 1 - (start + 5*second); !ok || deadline != want {
		t.Fatalf("next look at %d, want %d: when the second event leaves the window", deadline, want)
	}
	if got := b.tick(deadline - 1); len(got) != 0 {
		t.Fatal("too early")
	}
	if got := b.tick(deadline); len(got) != 1 || got[0].End != start+second+60*second+1 {
		t.Fatalf("%+v", got)
	}
}

func TestMatchingEventsPutIdleOff(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	b.at(start, start, start, start, start)
	b.clock = 4 * second
	b.at(start - second + 1)
	if got := b.tick(8 * second); len(got) != 0 {
		t.Fatal("ended four seconds after an event")
	}
	if got := b.tick(9 * second); len(got) != 1 {
		t.Fatal("not ended five seconds after the last event")
	}
}

func TestIdleOff(t *testing.T) {
	rule := fiveInASecond()
	rule.Idle = 0
	b := newBench(t, Options{}, rule)
	b.at(start, start, start, start, start)
	if _, ok := b.engine.NextDeadline(); ok {
		t.Error("a deadline without idle")
	}
	if got := b.tick(math.MaxInt64); len(got) != 0 {
		t.Error("ended by the clock")
	}
}

func TestRestGivesGraceAfterAStart(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	b.clock = 1000 * second
	b.at(start, start, start, start, start)
	b.engine = b.recovered(nil, b.records)
	b.engine.Change(b.set, start)
	b.engine.Rest(0, 60*second)
	if got := b.tick(65*second - 1); len(got) != 0 {
		t.Fatal("ended within the grace")
	}
	if got := b.tick(65 * second); len(got) != 1 {
		t.Fatal("not ended after grace and idle")
	}
}

func TestGroupsHaveTheirOwnWindows(t *testing.T) {
	rule := fiveInASecond()
	rule.GroupBy = []string{"host.name", "status"}
	rule.Threshold = 2
	b := newBench(t, Options{}, rule)
	got := b.observe(start,
		document(start, "1", `,"host":{"name":"web1"},"status":500`),
		document(start, "2", `,"host":{"name":"web2"},"status":500`),
		document(start, "3", `,"host.name":"web1","status":500`),
		document(start, "4", `,"status":500`),
		document(start, "5", `,"host":{"name":null},"status":500`))
	if len(got) != 2 || got[0].Key != "web1, 500" || got[1].Key != "(none), 500" {
		t.Fatalf("%+v", got)
	}
	if !slices.Equal(got[0].First, []string{"1", "3"}) {
		t.Errorf("lines of other keys: %q", got[0].First)
	}
	b.check()
}

func TestTransitionsCarryTheFieldsOfTheirKey(t *testing.T) {
	rule := fiveInASecond()
	rule.GroupBy, rule.Threshold = []string{"host.name", "status"}, 1
	b := newBench(t, Options{}, rule)
	got := b.observe(start, document(start, "", `,"host":{"name":"web, 1"},"status":500`), document(start, "", `,"status":true`))
	if len(got) != 2 {
		t.Fatalf("%d transitions, want 2", len(got))
	}
	if want := []window.Field{{Name: "host.name", Value: "web, 1"}, {Name: "status", Value: "500"}}; !slices.Equal(got[0].Group, want) {
		t.Errorf("got %+v, want %+v", got[0].Group, want)
	}
	if want := []window.Field{{Name: "host.name"}, {Name: "status", Value: "true"}}; !slices.Equal(got[1].Group, want) {
		t.Errorf("got %+v, want %+v", got[1].Group, want)
	}
	edited := rule
	edited.GroupBy = []string{"status"}
	b.change(edited)
	ended := b.transitions[2:]
	if len(ended) != 2 || !slices.Equal(ended[0].Group, got[0].Group) || !slices.Equal(ended[1].Group, got[1].Group) {
		t.Errorf("the ends have not the fields of their starts: %+v", ended)
	}
	b.check()
}

func TestStartAndEndShareAnEpisode(t *testing.T) {
	rule := fiveInASecond()
	rule.GroupBy, rule.Threshold = []string{"a", "b"}, 1
	b := newBench(t, Options{}, rule)
	// The two keys look the same to people.
	starts := b.observe(start, document(start, "", `,"a":"x, y","b":"z"`), document(start, "", `,"a":"x","b":"y, z"`))
	b.tick(6 * second)
	ends := b.transitions[len(starts):]
	if len(starts) != 2 || len(ends) != 2 || starts[0].Key != starts[1].Key {
		t.Fatalf("%+v and %+v", starts, ends)
	}
	if starts[0].Episode == starts[1].Episode {
		t.Error("two episodes share an id")
	}
	for i := range starts {
		if starts[i].Episode != starts[i].ID || ends[i].Episode != starts[i].ID || ends[i].ID == starts[i].ID {
			t.Errorf("a start %s of %s, an end %s of %s", starts[i].ID, starts[i].Episode, ends[i].ID, ends[i].Episode)
		}
	}
	b.at(start + 20*second)
	if next := b.transitions[4:]; len(next) != 1 || next[0].Episode != next[0].ID {
		t.Errorf("%+v", next)
	}
	b.check()
}

func TestLongKeysStayApartAndBounded(t *testing.T) {
	rule := fiveInASecond()
	rule.GroupBy, rule.Threshold = []string{"url"}, 2
	b := newBench(t, Options{}, rule)
	long := strings.Repeat("x", 5000)
	got := b.observe(start, document(start, "", `,"url":"`+long+`a"`), document(start, "", `,"url":"`+long+`b"`),
		document(start, "", `,"url":"`+long+`b"`))
	if len(got) != 1 || len(got[0].Key) > maxKeyField+20 {
		t.Fatalf("%d transitions", len(got))
	}
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		where string
		more  string
		want  bool
	}{
		{`message contains "POST"`, ``, true},
		{`message contains "GET"`, ``, false},
		{`message startsWith "POST" and not (message endsWith "x")`, ``, true},
		{`http.response.status_code >= 500`, `,"http":{"response":{"status_code":503}}`, true},
		{`http.response.status_code >= 500`, `,"http.response":{"status_code":503}`, true},
		{`http.response.status_code >= 500`, `,"http":{"response":{"status_code":404}}`, false},
		{`http.response.status_code >= 500`, ``, false},
		{`http?.response?.status_code == nil`, ``, true},
		{`http["response"].bytes == 1.5`, `,"http":{"response":{"bytes":1.5}}`, true},
		{`(user.name ?? "nobody") == "nobody"`, ``, true},
		{`"nginx" in tags`, `,"tags":["a","nginx"]`, true},
		{`tags[0] == "a"`, `,"tags":["a","nginx"]`, true},
		{`any(tags, # == "b")`, `,"tags":["a","nginx"]`, false},
		{`any(items, .id == 7)`, `,"items":[{"id":7}]`, true},
		{`field("@timestamp") startsWith "2026" && field("x-y.z") == true`, `,"x-y":{"z":true}`, true},
		{`let status = http.status; status in [500, 502]`, `,"http":{"status":502}`, true},
		{`message matches "^P.S. /[a-z]+$"`, ``, true},
		{`len(message) == 7`, ``, true},
		{`Fields == 3`, `,"Fields":3`, true},
		{`message > 5`, ``, false},
	} {
		rule := fiveInASecond()
		rule.Where, rule.Threshold = c.where, 1
		b := newBench(t, Options{}, rule)
		got := b.observe(start, document(start, "POST /a", c.more))
		if (len(got) == 1) != c.want {
			t.Errorf("%s on %s: %v, want %v", c.where, c.more, len(got) == 1, c.want)
		}
		failed := b.engine.Counters()[rule.Name].ConditionErrors.Load()
		if (failed == 1) != (c.where == "message > 5") {
			t.Errorf("%s: %d errors; only a field that is there can make one", c.where, failed)
		}
	}
}

func TestCompileReportsAllMistakes(t *testing.T) {
	_, err := Compile([]Rule{
		{Name: "a", Window: time.Second, Threshold: 1, Where: `message contans "x"`},
		{Name: "a", Window: 0, Threshold: 0, Idle: -1, GroupBy: []string{"a..b"}, MaxKeys: -1},
		{Name: "", Window: MaxWindow + 1, Threshold: MaxThreshold + 1, Where: `foo(message)`},
		{Name: strings.Repeat("n", 201), Window: time.Second, Threshold: 1, Where: `message.upper() == "A"`},
		{Name: "number", Window: time.Second, Threshold: 1, Where: `1 + 2`, GroupBy: make([]string, 17)},
		{Name: "long", Window: time.Second, Threshold: 1, Where: strings.Repeat(" ", 20000) + "x" + strings.Repeat("y", maxCondition)},
	})
	got := make(map[string]string)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	for _, mistake := range joined.Unwrap() {
		var one *Error
		if !errors.As(mistake, &one) {
			t.Fatalf("%T", mistake)
		}
		got[fmt.Sprintf("%d.%s", one.Rule, one.Field)] = one.Err.Error()
	}
	for _, want := range []string{
		"0.where", "1.name", "1.window", "1.threshold", "1.idle", "1.group_by", "1.max_keys", "2.name", "2.window",
		"2.threshold", "2.where", "3.name", "3.where", "4.where", "4.group_by", "5.where",
	} {
		if got[want] == "" {
			t.Errorf("no mistake %s in %v", want, err)
		}
	}
	if text := got["2.where"]; !strings.Contains(text, "unknown function foo") {
		t.Errorf("%s", text)
	}
}

func TestEvictionTakesExpiredThenInactiveThenActive(t *testing.T) {
	rule := fiveInASecond()
	rule.GroupBy, rule.MaxKeys, rule.Threshold = []string{"k"}, 3, 2
	b := newBench(t, Options{}, rule)
	one := func(at int64, key string) []window.Transition {
		t.Helper()
		return b.observe(at, document(at, key, `,"k":"`+key+`"`))
	}
	keys := func() string {
		var names []string
		for key := range b.engine.rules[0].keys.all() {
			names = append(names, showKey([]byte(key.key)))
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	one(start, "active")
	one(start, "active")
	one(start+5*second, "old")
	one(start+5*second+100e6, "young")
	one(start+5*second+200e6, "old")
	if b.engine.rules[0].active.size != 2 {
		t.Fatalf("%d active", b.engine.rules[0].active.size)
	}
	// "young" is the only inactive one.
	if got := one(start+5*second+300e6, "next"); len(got) != 0 || keys() != "active next old" {
		t.Fatalf("%d transitions, keys %s", len(got), keys())
	}
	one(start+5*second+300e6, "next")
	b.check()
	// All are active now: the one that was silent longest ends, with a committed transition.
	got := one(start+5*second+400e6, "fourth")
	if len(got) != 1 || got[0].Reason != window.ReasonEvicted || got[0].Key != "active" || got[0].End != start {
		t.Fatalf("%+v", got)
	}
	b.check()
	// A key that comes back never takes a start again that its id was made from.
	back := append(one(start+5*second, "active"), one(start+5*second, "active")...)
	for _, transition := range b.transitions[:len(b.transitions)-len(back)] {
		for _, again := range back {
			if transition.ID == again.ID {
				t.Errorf("id %s twice", again.ID)
			}
		}
	}
	if got := b.engine.Counters()[rule.Name].Evictions.Load(); got < 2 {
		t.Errorf("%d evictions counted", got)
	}
	b.check()
}

func TestExpiredKeysGoFirst(t *testing.T) {
	rule := fiveInASecond()
	rule.GroupBy, rule.MaxKeys = []string{"k"}, 2
	b := newBench(t, Options{}, rule)
	b.observe(start, document(start, "", `,"k":"a"`))
	b.observe(start, document(start-10*second, "", `,"k":"b"`))
	b.observe(start, document(start, "", `,"k":"c"`))
	if rule := b.engine.rules[0]; rule.keys.size != 2 || rule.inactive.oldest.key[2:] != "a" {
		t.Errorf("the expired b should have gone before a")
	}
	b.check()
}

// TestAForgottenKeyKeepsItsLastEnd evicts a key, moves the ends to the store as a checkpoint does, and brings it back
// with an older event.
func TestAForgottenKeyKeepsItsLastEnd(t *testing.T) {
	rule := fiveInASecond()
	rule.GroupBy, rule.MaxKeys, rule.Threshold = []string{"k"}, 1, 1
	b := newBench(t, Options{}, rule)
	first := b.observe(start, document(start, "", `,"k":"a"`))[0]
	b.observe(start, document(start, "", `,"k":"b"`))
	ends := b.engine.Ends()
	if len(ends) != 1 || ends[0].End != start {
		t.Fatalf("%+v", ends)
	}
	for _, end := range ends {
		b.stored[end.Rule+"\x00"+string(end.Key)] = end.End
	}
	b.engine.ForgetEnds(ends)
	if len(b.engine.ends) != 0 {
		t.Error("ends are kept twice")
	}
	again := b.observe(start, document(start, "", `,"k":"a"`))
	if back := again[len(again)-1]; back.Start != start+1 || back.ID == first.ID {
		t.Errorf("%+v", back)
	}
}

func TestFailingStoreOfEndsFailsTheBatch(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	broken := errors.New("broken")
	b.engine.options.PreviousEnd = func(string, []byte) (int64, bool, error) { return 0, false, broken }
	b.batch.Reset(start)
	if _, err := b.batch.Add([]byte(document(start, "", ""))); err != nil {
		t.Fatal(err)
	}
	if _, err := b.engine.Observe(b.batch, 0); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestBatchOfOtherRulesIsRefused(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	old := b.batch
	b.change(fiveInASecond(), Rule{Name: "second", Window: time.Second, Threshold: 1})
	old.Reset(start)
	if _, err := b.engine.Observe(old, 0); !errors.Is(err, ErrOtherSet) {
		t.Errorf("%v", err)
	}
}

func TestChangedRules(t *testing.T) {
	other := Rule{Name: "other", Window: time.Second, Threshold: 1}
	b := newBench(t, Options{}, fiveInASecond(), other)
	b.at(start, start, start, start, start)
	// What does not touch evaluation keeps everything, whatever the order.
	same := fiveInASecond()
	same.Idle, same.MaxKeys = time.Minute, 7
	b.change(other, same)
	if len(b.engine.Open()) != 2 || len(b.transitions) != 2 {
		t.Fatalf("%d open, %d transitions", len(b.engine.Open()), len(b.transitions))
	}
	if deadline, _ := b.engine.NextDeadline(); deadline != 60*second {
		t.Errorf("deadline %d, want that of the new idle time", deadline)
	}
	b.check()
	before := len(b.records)
	b.change(other, same)
	if len(b.records) != before {
		t.Error("an unchanged list was recorded")
	}
	edited := same
	edited.Threshold = 6
	b.change(edited)
	ended := b.transitions[2:]
	if len(ended) != 2 || ended[0].Reason != window.ReasonRuleChanged || ended[1].Reason != window.ReasonRuleChanged {
		t.Fatalf("%+v", ended)
	}
	if ended[1].Threshold != 5 {
		t.Error("the end tells of the new threshold")
	}
	b.check()
	b.at(start, start, start, start, start)
	if len(b.engine.Open()) != 0 {
		t.Error("five of six are active")
	}
	b.at(start)
	if open := b.engine.Open(); len(open) != 1 || open[0].Start != start+1 {
		t.Errorf("%+v, want a start behind the end of the episode that the edit ended", open)
	}
	b.check()
}

func TestRunBudgetMergesThenEvicts(t *testing.T) {
	one := fiveInASecond()
	one.Window = time.Hour
	b := newBench(t, Options{RunBudget: 100}, one)
	for i := range int64(1000) {
		b.at(start + i*1e6)
	}
	if b.engine.runs > 100 {
		t.Errorf("%d runs, the budget is 100", b.engine.runs)
	}
	if key := b.key(""); key.window.Count() != 1000 || !key.window.Approximate() {
		t.Errorf("count %d", key.window.Count())
	}
	b.check()

	grouped := one
	grouped.GroupBy, grouped.Threshold = []string{"k"}, 10
	b = newBench(t, Options{RunBudget: 100}, grouped)
	for i := range int64(50) {
		for j := range int64(10) {
			at := start + i*1e9 + j*1e6
			b.observe(at, document(at, "", fmt.Sprintf(`,"k":%d`, i)))
		}
	}
	if b.engine.runs > 100 || b.engine.Counters()[one.Name].Evictions.Load() == 0 {
		t.Errorf("%d runs, budget 100", b.engine.runs)
	}
	b.check()
}

func TestFirstLinesAreThoseOfTheWindow(t *testing.T) {
	rule := fiveInASecond()
	rule.Threshold = 2
	b := newBench(t, Options{}, rule)
	b.at(start)
	b.at(start + 10*second)
	got := b.observe(start+20*second, document(start+20*second, "first", ""), document(start+20*second, "second", ""))
	if want := []string{"first", "second"}; len(got) != 1 || !slices.Equal(got[0].First, want) {
		t.Errorf("%+v, want the lines %q", got, want)
	}
	b.check()
}

func TestLinesAreCut(t *testing.T) {
	rule := fiveInASecond()
	rule.Threshold = 1
	b := newBench(t, Options{}, rule)
	got := b.observe(start, document(start, strings.Repeat("ä\"", 600), ""))
	if line := []rune(got[0].First[0]); len(line) != maxLineLength {
		t.Errorf("%d characters", len(line))
	}
	b.check()
}

func TestALineWithoutMessageIsTheDocument(t *testing.T) {
	rule := fiveInASecond()
	rule.Threshold = 1
	b := newBench(t, Options{}, rule)
	got := b.observe(start, `{"a":1}`)
	if got[0].First[0] != `{"a":1}` {
		t.Errorf("%q", got[0].First)
	}
}

func TestTimestamps(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	for document, want := range map[string]Timestamp{
		`{"@timestamp":"2026-11-23T12:00:00Z"}`:           TimestampParsed,
		`{"\u0040timestamp":"2026-11-23T12:00:00\u005a"}`: TimestampParsed,
		`{}`:                                    TimestampMissing,
		`{"@timestamp":null}`:                   TimestampMissing,
		`{"@timestamp":5}`:                      TimestampUnparsable,
		`{"@timestamp":"tomorrow"}`:             TimestampUnparsable,
		`{"@timestamp":"0001-01-01T00:00:00Z"}`: TimestampUnparsable,
	} {
		b.batch.Reset(77)
		got, err := b.batch.Add([]byte(document))
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", document, got, err, want)
		}
		if at := b.batch.times[0]; want == TimestampParsed && at != start || want != TimestampParsed && at != 77 {
			t.Errorf("%s: time %d", document, at)
		}
	}
	if _, err := b.batch.Add([]byte(`[1]`)); err == nil || b.batch.Len() != 1 {
		t.Error("an array was taken for an event")
	}
}

// Events that are skipped leave no trace, and the same batch can be judged again without.
func TestSkippedEventsLeaveNoTrace(t *testing.T) {
	set, err := Compile([]Rule{{Name: "r", Window: time.Second, Threshold: 3}})
	if err != nil {
		t.Fatal(err)
	}
	batch := set.NewBatch()
	batch.Reset(1e18)
	for i := range 4 {
		if _, err := batch.Add(fmt.Appendf(nil, `{"@timestamp":"2026-11-24T10:00:00.%03dZ","message":"%d"}`, i, i)); err != nil {
			t.Fatal(err)
		}
	}
	judge := func() (transitions int, matched uint64) {
		engine := NewEngine(Options{})
		if _, err := engine.Change(set, 0); err != nil {
			t.Fatal(err)
		}
		outcome, err := engine.Observe(batch, 0)
		if err != nil {
			t.Fatal(err)
		}
		return len(outcome.Transitions), engine.Counters()["r"].Matched.Load()
	}
	batch.Skip(func(event int) bool { return event%2 == 0 })
	if transitions, matched := judge(); transitions != 0 || matched != 2 {
		t.Errorf("%d transitions, %d matched with two of four skipped", transitions, matched)
	}
	batch.SkipNone()
	if transitions, matched := judge(); transitions != 1 || matched != 4 {
		t.Errorf("%d transitions, %d matched with none skipped", transitions, matched)
	}
}

// TestCheckpointsOfAnotherVersionAreRefused expects an error that says which version was found and which is read.
func TestCheckpointsOfAnotherVersionAreRefused(t *testing.T) {
	b := newBench(t, Options{}, fiveInASecond())
	b.observe(start, document(start, "line 0", ""))
	checkpoint, err := b.engine.AppendCheckpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []byte{checkpointVersion - 1, checkpointVersion + 1} {
		checkpoint[0] = version
		err := NewEngine(Options{}).Restore(checkpoint)
		if want := fmt.Sprintf("%d, this program reads %d", version, checkpointVersion); !errors.Is(err, ErrVersion) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say: %s", err, want)
		}
	}
}

// TestAlertsOfOneWindowShowNoMoreLinesThanFit has more lines than the transitions of one call may show together.
func TestAlertsOfOneWindowShowNoMoreLinesThanFit(t *testing.T) {
	rule := Rule{Name: "each", Window: time.Minute, Threshold: 1, GroupBy: []string{"host"}, MaxKeys: 100_000}
	b := newBench(t, Options{}, rule)
	const count = 40_000
	var documents []string
	for i := range count {
		documents = append(documents, document(start, strings.Repeat("x", 1000), fmt.Sprintf(`,"host":"h%d"`, i)))
	}
	outcome := b.observe(start, documents...)
	shown := 0
	for _, transition := range outcome {
		for _, line := range transition.First {
			shown += len(line)
		}
	}
	if len(outcome) != count || shown < mostShown || shown > mostShown+maxLines*maxLineLength {
		t.Errorf("%d alerts show %d bytes", len(outcome), shown)
	}
	if next := b.observe(start, document(start, "y", `,"host":"other"`)); len(next) != 1 || len(next[0].First) != 1 {
		t.Errorf("the next call shows %+v", next)
	}
}
