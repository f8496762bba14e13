package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/logboom/logboom/window"
)

// model is the engine as the semantics say it: it keeps every event for ever and counts afresh each time.
type model struct {
	rule Rule
	keys map[string]*modelKey
}

type modelKey struct {
	times     []int64
	max       int64
	active    bool
	start     int64
	end       int64
	ended     bool
	lastMatch int64
	lines     []string
}

// latest returns the latest lines, as an alert shows them.
func (k *modelKey) latest(count uint64) string {
	return strings.Join(k.lines[len(k.lines)-min(len(k.lines), maxLines, int(count)):], "|")
}

// change is what the model and the engine must agree on.
type change struct {
	Key   string
	State window.State
	At    int64
	Start int64
	End   int64
	Count uint64
	Lines string
}

func (m *model) observe(arrival, clock int64, key string, at int64, line string) (changes []change) {
	k := m.keys[key]
	if k == nil {
		k = &modelKey{}
		m.keys[key] = k
	}
	if at > arrival+FutureLimit {
		at = arrival
		if len(k.times) > 0 {
			at = k.max
		}
	}
	k.lastMatch = clock
	if len(k.times) > 0 && at < k.max-int64(m.rule.Window) {
		return nil
	}
	if len(k.times) == 0 || at > k.max {
		k.max = at
	}
	k.times = append(k.times, at)
	count := m.count(k, k.max)
	if count < m.rule.Threshold && k.active {
		changes = append(changes, m.finish(key, k, k.max))
	}
	k.lines = append(k.lines, line)
	switch on := count >= m.rule.Threshold; {
	case on && !k.active:
		k.active, k.start = true, k.max
		if k.ended && k.start <= k.end {
			k.start = k.end + 1
		}
		return []change{{key, window.Active, k.max, k.start, 0, count, k.latest(count)}}
	}
	return changes
}

func (m *model) count(k *modelKey, now int64) (count uint64) {
	for _, at := range k.times {
		if at >= now-int64(m.rule.Window) {
			count++
		}
	}
	return count
}

func (m *model) finish(name string, k *modelKey, at int64) change {
	k.active, k.ended, k.end = false, true, max(at, k.start)
	return change{name, window.Inactive, k.max, k.start, k.end, m.count(k, at), k.latest(maxLines)}
}

// tick walks the clock on one nanosecond at a time where that matters: at each instant at which an episode may end.
func (m *model) tick(clock int64) (changes []change) {
	for name, k := range m.keys {
		if !k.active || m.rule.Idle == 0 {
			continue
		}
		elapsed := clock - k.lastMatch
		instants := []int64{int64(m.rule.Idle)}
		for _, at := range k.times {
			instants = append(instants, at+int64(m.rule.Window)+1-k.max)
		}
		slices.Sort(instants)
		for _, instant := range instants {
			if instant >= int64(m.rule.Idle) && instant <= elapsed && m.count(k, k.max+instant) < m.rule.Threshold {
				changes = append(changes, m.finish(name, k, k.max+instant))
				break
			}
		}
	}
	return changes
}

// cutText returns what is shown of a line.
func cutText(line string) string {
	characters := []rune(line)
	return string(characters[:min(len(characters), maxLineLength)])
}

func changesOf(transitions []window.Transition) []change {
	var changes []change
	for _, t := range transitions {
		changes = append(changes, change{t.Key, t.State, t.Time, t.Start, t.End, t.Count, strings.Join(t.Samples(), "|")})
	}
	return changes
}

// TestEngineEqualsModel drives both with random batches, ticks, restarts and checkpoints, and compares every transition
// and, after each restart, the whole state.
func TestEngineEqualsModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rule := Rule{
			Name: "model", GroupBy: []string{"k"},
			Window:    time.Duration(rapid.Int64Range(1, 50).Draw(r, "window")) * time.Millisecond,
			Threshold: rapid.Uint64Range(1, 9).Draw(r, "threshold"),
			Idle:      time.Duration(rapid.Int64Range(0, 40).Draw(r, "idle")) * time.Millisecond,
		}
		b := newBench(t, Options{}, rule)
		m := &model{rule: rule, keys: make(map[string]*modelKey)}
		var checkpoint []byte
		arrival, lines := start, 0
		steps := rapid.IntRange(1, 25).Draw(r, "steps")
		for range steps {
			switch rapid.IntRange(0, 9).Draw(r, "step") {
			case 0:
				b.engine = b.recovered(checkpoint, b.records)
				b.keep(b.engine.Change(b.set, start))
				b.engine.Rest(b.clock, 0)
				for _, k := range m.keys {
					k.lastMatch = b.clock
				}
			case 1:
				var err error
				if checkpoint, err = b.engine.AppendCheckpoint(nil); err != nil {
					r.Fatal(err)
				}
				b.records = nil
			case 2, 3:
				b.clock += rapid.Int64Range(0, 60e6).Draw(r, "silence")
				got, want := changesOf(b.tick(b.clock)), m.tick(b.clock)
				order := func(a, b change) int { return slices.Compare([]byte(a.Key), []byte(b.Key)) }
				slices.SortFunc(got, order)
				slices.SortFunc(want, order)
				if !slices.Equal(got, want) {
					r.Fatalf("tick:\n got %+v\nwant %+v", got, want)
				}
			default:
				arrival += rapid.Int64Range(0, 30e6).Draw(r, "pause")
				var documents []string
				var want []change
				for range rapid.IntRange(1, 12).Draw(r, "events") {
					key := strconv.Itoa(rapid.IntRange(1, 3).Draw(r, "key"))
					at := arrival - rapid.Int64Range(0, 80).Draw(r, "age")*1e6
					if rapid.IntRange(0, 20).Draw(r, "fast") == 0 {
						at = arrival + FutureLimit + rapid.Int64Range(0, 2).Draw(r, "ahead")
					}
					lines++
					line := fmt.Sprintf("\"%d\"%s", lines, strings.Repeat("é", lines%7/6*(245+lines%10)))
					documents = append(documents, document(at, line, fmt.Sprintf(`,"k":%q`, key)))
					want = append(want, m.observe(arrival, b.clock, key, at, cutText(line))...)
				}
				if got := changesOf(b.observe(arrival, documents...)); !slices.Equal(got, want) {
					r.Fatalf("observe:\n got %+v\nwant %+v", got, want)
				}
			}
			b.same(b.recovered(checkpoint, b.records))
		}
		ids := make(map[string]bool)
		for i, transition := range b.transitions {
			if ids[transition.ID] {
				r.Fatalf("id %s twice", transition.ID)
			}
			ids[transition.ID] = true
			if transition.Number != uint64(i+1) {
				r.Fatalf("transition %d has number %d", i+1, transition.Number)
			}
		}
	})
}

// TestRecoveryWithEvictions has more keys than the rule keeps, several rules, and a small budget.
func TestRecoveryWithEvictions(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		grouped := Rule{Name: "grouped", GroupBy: []string{"k"}, Window: 20 * time.Millisecond, Threshold: 2, MaxKeys: 3, Idle: time.Second}
		long := Rule{Name: "long", Where: `message != "0"`, Window: time.Hour, Threshold: 3, Idle: time.Second}
		b := newBench(t, Options{RunBudget: 12}, grouped, long)
		for range rapid.IntRange(1, 15).Draw(r, "steps") {
			var documents []string
			for range rapid.IntRange(1, 9).Draw(r, "events") {
				key := rapid.IntRange(0, 6).Draw(r, "key")
				at := start + rapid.Int64Range(0, 60e6).Draw(r, "at")
				documents = append(documents, document(at, strconv.Itoa(key), fmt.Sprintf(`,"k":%d`, key)))
			}
			b.observe(start+60e6, documents...)
			if rapid.IntRange(0, 4).Draw(r, "tick") == 0 {
				b.tick(b.clock + second)
			}
			b.check()
		}
		if b.engine.runs > 12+3 {
			r.Fatalf("%d runs", b.engine.runs)
		}
	})
}

func FuzzApply(f *testing.F) {
	b := newBench(f, Options{}, fiveInASecond(), Rule{Name: "grouped", GroupBy: []string{"k"}, Window: time.Second, Threshold: 2, Idle: time.Second})
	for i := range int64(3) {
		b.observe(start+i*second, document(start+i*second, "one", `,"k":1`), document(start+i*second, "two", `,"k":2`),
			document(start+i*second, "three", `,"k":2`))
	}
	b.tick(100 * second)
	checkpoint, err := b.engine.AppendCheckpoint(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, record := range b.records {
		f.Add(checkpoint, record.observations)
	}
	f.Fuzz(func(t *testing.T, checkpoint, observations []byte) {
		engine := NewEngine(Options{})
		if engine.Restore(checkpoint) != nil {
			engine = NewEngine(Options{})
		}
		if err := engine.Apply(observations, nil); err != nil {
			return
		}
		if _, err := engine.AppendCheckpoint(nil); err != nil {
			t.Fatal(err)
		}
	})
}

// nginxBatch is a batch as Filebeat sends it, 2048 lines that were read within a few milliseconds.
func nginxBatch(batch *Batch, documents [][]byte, arrival int64) {
	batch.Reset(arrival)
	for _, document := range documents {
		if _, err := batch.Add(document); err != nil {
			panic(err)
		}
	}
}

func nginxDocuments() [][]byte {
	documents := make([][]byte, 2048)
	for i := range documents {
		documents[i] = []byte(document(start+int64(i/100)*1e6, "10.0.0.1 - - \"GET /"+strconv.Itoa(i)+" HTTP/1.1\" 200 17",
			fmt.Sprintf(`,"host":{"name":"web%d"},"agent":{"id":"a","version":"8.6.1"},"log":{"offset":%d}`, i%1000, i)))
	}
	return documents
}

func TestObserveAllocatesNothingInTheSteadyState(t *testing.T) {
	grouped := fiveInASecond()
	grouped.Name, grouped.GroupBy = "grouped", []string{"host.name"}
	b := newBench(t, Options{}, fiveInASecond(), grouped)
	documents := nginxDocuments()
	step := func() {
		nginxBatch(b.batch, documents, start)
		if _, err := b.engine.Observe(b.batch, 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 8 {
		step()
	}
	if allocations := testing.AllocsPerRun(20, step); allocations > 2 {
		t.Errorf("%v allocations for a batch of 2048 events", allocations)
	}
}

func BenchmarkObserve(b *testing.B) {
	for _, c := range []struct {
		name string
		rule Rule
	}{
		{"one rule", fiveInASecond()},
		{"grouped by host", Rule{Name: "grouped", GroupBy: []string{"host.name"}, Window: time.Second, Threshold: 5, Idle: DefaultIdle}},
		{"condition", Rule{Name: "where", Where: `message contains "POST"`, Window: time.Second, Threshold: 5, Idle: DefaultIdle}},
	} {
		b.Run(c.name, func(b *testing.B) {
			bench := newBench(b, Options{}, c.rule)
			documents := nginxDocuments()
			b.ReportAllocs()
			var recorded int
			for b.Loop() {
				nginxBatch(bench.batch, documents, start)
				outcome, err := bench.engine.Observe(bench.batch, 0)
				if err != nil {
					b.Fatal(err)
				}
				recorded = len(outcome.Observations)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/event")
			b.ReportMetric(float64(recorded)/2048, "journal-B/event")
		})
	}
}
