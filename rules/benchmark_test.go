package rules

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/internal/bench/events"
)

// windowSize is how many events Filebeat sends at once.
const windowSize = 2048

// traffic is windows of events as Filebeat sends them, in turn and for ever: the times go on, 100,000 a second in
// milliseconds, the rest comes again.
type traffic struct {
	windows [][][]byte
	next    int
	count   int64
	stamp   [64]byte
}

func newTraffic(options events.Options) *traffic {
	// As many windows as it takes for every key to come.
	made := &traffic{windows: make([][][]byte, max(4, options.Keys/windowSize+1))}
	generator := events.New(1, options)
	for i := range made.windows {
		for range windowSize {
			made.windows[i] = append(made.windows[i], generator.Append(nil))
		}
	}
	return made
}

// window returns the next window and its arrival.
func (t *traffic) window() ([][]byte, int64) {
	documents := t.windows[t.next%len(t.windows)]
	t.next++
	var at int64
	for _, document := range documents {
		at = start + t.count*int64(10*time.Microsecond)
		at -= at % millisecond
		t.count++
		copy(document[events.TimestampOffset:], event.AppendTime(t.stamp[:0], at)[:events.TimestampSize])
	}
	return documents, at
}

// oneRule is a rule with a field condition, tenRules adds nine of other usual kinds, one of them grouped.
func oneRule() []Rule {
	return []Rule{{Name: "errors", Where: `http.response.status_code >= 500`, Window: time.Minute, Threshold: 1000, Idle: DefaultIdle}}
}

func tenRules() []Rule {
	list := oneRule()
	for i, where := range []string{
		`message contains "POST"`, `http.request.method == "DELETE"`, `http.response.status_code in [502, 503, 504]`,
		`message matches "GET /api/v[0-9]+/orders.* 5\\d\\d"`, `host.name startsWith "web-" and http.response.status_code == 404`,
		`cloud.region in ["eu-central-1", "us-east-1"] and not (http.request.method == "GET")`, `user.name != nil`,
		`message contains "sqlmap" or message contains "../../"`,
	} {
		list = append(list, Rule{Name: fmt.Sprint("rule ", i), Where: where, Window: time.Minute, Threshold: 100, Idle: DefaultIdle})
	}
	return append(list, Rule{
		Name: "per client", GroupBy: []string{"source.address"}, Window: time.Second, Threshold: 100_000, Idle: DefaultIdle,
	})
}

// comparedRules are those that internal/bench/compare has ten of: no regular expression, two without a condition.
func comparedRules() []Rule {
	list := make([]Rule, 0, 10)
	for i, where := range []string{
		`http.response.status_code >= 500`, `http.response.status_code == 404`, `http.request.method == "DELETE"`,
		`http.request.method in ["POST", "PUT", "DELETE"]`, `message contains "python-requests"`,
		`http.request.method == "POST" and http.response.status_code >= 500`, `log.offset > 1000000000`,
		`cloud.region startsWith "eu-" and not (host.name == "web-00001")`, ``,
	} {
		settings := []struct {
			window    time.Duration
			threshold uint64
		}{
			{30 * time.Second, 20},
			{time.Minute, 100},
			{10 * time.Second, 1000},
			{time.Second, 100_000},
			{5 * time.Minute, 1000},
			{30 * time.Second, 5},
			{10 * time.Second, 100},
			{time.Second, MaxThreshold},
			{time.Second, 5},
		}[i]
		list = append(list, Rule{
			Name: fmt.Sprint("compared ", i), Where: where, Window: settings.window, Threshold: settings.threshold, Idle: DefaultIdle,
		})
	}
	return append(list, Rule{
		Name: "one address", GroupBy: []string{"source.address"}, Window: 10 * time.Second, Threshold: 100_000, Idle: DefaultIdle,
		MaxKeys: MaxKeysLimit,
	})
}

// perKey is a rule without a condition, with a window for each client; with a low threshold all of them are active.
func perKey(threshold uint64) []Rule {
	return []Rule{{
		Name: "per client", GroupBy: []string{"source.address"}, Window: time.Second, Threshold: threshold, Idle: DefaultIdle,
		MaxKeys: MaxKeysLimit,
	}}
}

func manyRules(count int) []Rule {
	list := make([]Rule, count)
	for i := range list {
		list[i] = Rule{
			Name: fmt.Sprint("service ", i), Where: fmt.Sprintf(`cloud.region == "region-%d"`, i), Window: time.Minute, Threshold: 5,
			Idle: DefaultIdle,
		}
	}
	return list
}

// scenario is what a benchmark has the engine do.
type scenario struct {
	name   string
	rules  []Rule
	events events.Options
}

func scenarios() []scenario {
	list := []scenario{
		{"rules=0", nil, events.Options{}},
		{"rules=1", oneRule(), events.Options{}},
		{"rules=10", tenRules(), events.Options{}},
		{"compared", comparedRules(), events.Options{Keys: 1000}},
		{"every_event", []Rule{{Name: "all", Window: time.Minute, Threshold: 5, Idle: DefaultIdle}}, events.Options{}},
		{"left_to_expr", []Rule{{Name: "all", Where: `http.response.status_code / 100 == 5`, Window: time.Minute, Threshold: 5}}, events.Options{}},
		{"keys=1000/active", perKey(5), events.Options{}},
	}
	for _, keys := range []int{1, 100, 1000, 10_000, 100_000} {
		list = append(list, scenario{fmt.Sprintf("keys=%d", keys), perKey(MaxThreshold), events.Options{Keys: keys}})
	}
	for _, count := range []int{100, 1000} {
		list = append(list, scenario{fmt.Sprintf("rules=%d", count), manyRules(count), events.Options{}})
	}
	return list
}

// BenchmarkEngine is what rules cost of an event of 1.2 kB: reading and matching it in Batch.Add, judging and recording it
// in Engine.Observe, and the bytes of it that go to the journal. Times are those that a tenth of the windows stayed below, which a
// busy machine changes less than means; -benchtime 500x makes enough of them.
func BenchmarkEngine(b *testing.B) {
	for _, s := range scenarios() {
		b.Run(s.name, func(b *testing.B) {
			bench, traffic := newBench(b, Options{}, s.rules...), newTraffic(s.events)
			var add, observe []float64
			var recorded, seen int
			step := func() {
				documents, arrival := traffic.window()
				begin := time.Now()
				nginxBatch(bench.batch, documents, arrival)
				added := time.Now()
				outcome, err := bench.engine.Observe(bench.batch, 0)
				if err != nil {
					b.Fatal(err)
				}
				observe = append(observe, float64(time.Since(added).Nanoseconds())/windowSize)
				add = append(add, float64(added.Sub(begin).Nanoseconds())/windowSize)
				recorded, seen = recorded+len(outcome.Observations), seen+len(documents)
			}
			for range 3*100_000/windowSize + 1 {
				step()
			}
			add, observe, recorded, seen = nil, nil, 0, 0
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(tenth(add), "add-ns/event")
			b.ReportMetric(tenth(observe), "observe-ns/event")
			b.ReportMetric(float64(recorded)/float64(seen), "journal-B/event")
		})
	}
}

// tenth returns what a tenth of the values stay below. It sorts them.
func tenth(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/10]
}

// TestNoAllocationsInTheSteadyState has rules of all kinds see the traffic of a second and then counts. A window of events
// may take a few, when a buffer grows; one allocation in a hundred events is too many.
func TestNoAllocationsInTheSteadyState(t *testing.T) {
	if raceDetector {
		t.Skip("sync.Pool forgets at random")
	}
	grouped := append(perKey(MaxThreshold), perKey(5)...)
	grouped[1].Name = "active"
	short := []Rule{{Name: "slides", Window: 10 * time.Millisecond, Threshold: MaxThreshold, GroupBy: []string{"http.request.method"}}}
	for name, list := range map[string][]Rule{
		"ten": tenRules(), "grouped": grouped, "sliding": short,
		"all": slices.Concat(tenRules()[:9], grouped, short),
	} {
		t.Run(name, func(t *testing.T) {
			bench, traffic := newBench(t, Options{}, list...), newTraffic(events.Options{})
			step := func() {
				documents, arrival := traffic.window()
				nginxBatch(bench.batch, documents, arrival)
				if _, err := bench.engine.Observe(bench.batch, 0); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 * 100_000 / windowSize {
				step()
			}
			made := testing.AllocsPerRun(20, func() { traffic.window() })
			if allocations := testing.AllocsPerRun(20, step) - made; allocations > windowSize/100 {
				t.Errorf("%v allocations for a window of %d events", allocations, windowSize)
			}
		})
	}
}

// BenchmarkCondition is what a condition costs of an event whose fields have been found: by predicates, and by the machine
// of expr.
func BenchmarkCondition(b *testing.B) {
	for _, rule := range tenRules()[:9] {
		batch, c, _ := whereOf(b, rule.Where)
		documents, _ := newTraffic(events.Options{}).window()
		blocks := make([][]event.Value, len(documents)/blockSize)
		for i := range blocks {
			batch.next()
			for _, document := range documents[i*blockSize:][:blockSize] {
				if err := batch.set.selector.Scan(document, batch.free()); err != nil {
					b.Fatal(err)
				}
				batch.take()
			}
			blocks[i] = slices.Clone(batch.values)
		}
		for name, evaluate := range map[string]func(){
			"predicate": func() { batch.evaluate(c, firstRows(blockSize)) },
			"expr":      func() { new(verdicts).run(&batch.evaluator, c, firstRows(blockSize)) },
		} {
			b.Run(rule.Where+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					batch.values = blocks[i%len(blocks)]
					batch.next()
					batch.judgement++
					batch.count = blockSize
					evaluate()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/blockSize, "ns/event")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
