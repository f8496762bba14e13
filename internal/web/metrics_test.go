package web

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/rules"
)

// exposed returns the lines of /metrics about logboom itself.
func exposed(t *testing.T, s *Server) []string {
	t.Helper()
	answer := get(s.Handler(loopback), "/metrics")
	if answer.Code != http.StatusOK {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	var lines []string
	for line := range strings.Lines(answer.Body.String()) {
		if strings.Contains(line, namespace) {
			lines = append(lines, line)
		}
	}
	return lines
}

var goversion = regexp.MustCompile(`goversion="[^"]*"`)

func TestMetrics(t *testing.T) {
	lines := strings.Join(exposed(t, full()), "")
	golden(t, "metrics.txt", goversion.ReplaceAll([]byte(lines), []byte(`goversion="go"`)))
}

func TestMetricsOfNothing(t *testing.T) {
	for _, line := range exposed(t, New(Options{})) {
		if name, _, _ := strings.Cut(line, " "); !strings.HasPrefix(line, "#") &&
			!strings.HasPrefix(name, "logboom_http_") && !strings.HasPrefix(name, "logboom_build_info") &&
			line != "logboom_ready 0\n" {
			t.Errorf("%s", line)
		}
	}
}

func TestMetricsOfTheProcess(t *testing.T) {
	body := get(full().Handler(loopback), "/metrics").Body.String()
	for _, name := range []string{"go_goroutines ", "process_open_fds ", "process_start_time_seconds "} {
		if !strings.Contains(body, "\n"+name) {
			t.Errorf("no %s", name)
		}
	}
}

func TestMetricsLint(t *testing.T) {
	problems, err := testutil.CollectAndLint(collector{full()})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
	if problems, _ := promlint.New(strings.NewReader("# TYPE x counter\nx 1\n")).Lint(); len(problems) == 0 {
		t.Error("the linter finds nothing in what is wrong")
	}
}

// In OpenMetrics a counter's family goes without _total, and must not have the name of another.
func TestMetricsDoNotCollideInOpenMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector{full()})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, family := range families {
		name := strings.TrimSuffix(family.GetName(), "_total")
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
}

// Every number of every snapshot must be there: the fixtures give each field a value of its own.
func TestMetricsAreComplete(t *testing.T) {
	text := strings.Join(exposed(t, full()), "")
	for name, stats := range map[string]any{
		"pipeline": busy().stats, "status": busy().status, "space": busy().status.Space, "journal": journalStats(),
		"lumberjack": lumberjackStats(), "kafka": kafkaStats(), "partition": kafkaStats().Assigned[0],
		"sink": workingSink(), "output": workingOutput(), "holder": busy().status.Holding[0], "dead letters": deadLetterStats(), "rule": countersOf(busy().counters["bursts"]),
	} {
		value := reflect.ValueOf(stats)
		for i := range value.NumField() {
			number, ok := numberOf(value.Field(i))
			if !ok || name == "partition" && value.Type().Field(i).Name == "Partition" {
				continue
			}
			field := name + "." + value.Type().Field(i).Name
			if number == 0 {
				t.Errorf("%s has no value in the fixture, or in the fixture alone", field)
			}
			if !strings.Contains(text, fmt.Sprintf(" %d\n", number)) {
				t.Errorf("%s (%d) is missing from the metrics", field, number)
			}
		}
	}
}

// numberOf returns a field's number as it is exposed: durations in seconds.
func numberOf(field reflect.Value) (uint64, bool) {
	switch {
	case field.Type() == reflect.TypeFor[time.Duration]():
		return uint64(time.Duration(field.Int()).Seconds()), true
	case field.CanInt():
		return uint64(field.Int()), true
	case field.CanUint():
		return field.Uint(), true
	}
	return 0, false
}

func TestReadyMetric(t *testing.T) {
	s := full()
	if !slices.Contains(exposed(t, s), "logboom_ready 1\n") {
		t.Error("ready")
	}
	s.SetReady(false, "draining")
	if !slices.Contains(exposed(t, s), "logboom_ready 0\n") {
		t.Error("draining")
	}
}

func TestPartitionsAreBounded(t *testing.T) {
	stats := kafka.Stats{Connected: true}
	for i := range maxPartitions + 500 {
		stats.Assigned = append(stats.Assigned, kafka.PartitionStats{Topic: "logs", Partition: int32(i), Next: 1, Lag: 2})
	}
	lines := exposed(t, started(Options{Sources: Sources{Kafka: func() kafka.Stats { return stats }}}))
	count := 0
	for _, line := range lines {
		if strings.HasPrefix(line, "logboom_kafka_partition_lag_records{") {
			count++
		}
	}
	if count != maxPartitions {
		t.Errorf("%d partitions", count)
	}
	for _, want := range []string{"logboom_kafka_lag_records 3000\n", "logboom_kafka_assigned_partitions 1500\n"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %s", want)
		}
	}
}

// Names that Prometheus would refuse do not cost the rest of the metrics.
func TestOddNames(t *testing.T) {
	var log bytes.Buffer
	from := healthy()
	from.list = []rules.Rule{{Name: "a\"\\\n\xff"}, {Name: "twice"}, {Name: "twice"}}
	s := started(Options{Logger: zerolog.New(&log), Sources: Sources{
		Pipeline: from, Sinks: []Sink{{"\xfe", workingSink}}, Outputs: []Output{{"\xfd", workingOutput}},
	}})
	lines := exposed(t, s)
	for _, want := range []string{
		`logboom_rule_keys{rule="a\"\\\n` + "\uFFFD" + `"} 0` + "\n",
		`logboom_sink_delivered_transitions_total{sink="` + "\uFFFD" + `"} 601` + "\n",
		`logboom_output_events_total{output="` + "\uFFFD" + `"} 801` + "\n",
		`logboom_sink_delivery_latency_seconds_count{sink="` + "\uFFFD" + `"} 9` + "\n",
		"logboom_ready 1\n",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %s in %s", want, lines)
		}
	}
	exposed(t, s)
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "metrics are incomplete") {
		t.Errorf("log: %s", text)
	}
}

func TestTooManyScrapes(t *testing.T) {
	release := make(chan struct{})
	s := started(Options{Sources: Sources{Kafka: func() kafka.Stats {
		<-release
		return kafka.Stats{}
	}}})
	handler := s.Handler(loopback)
	codes := make(chan int)
	for range maxScrapes + 3 {
		go func() { codes <- get(handler, "/metrics").Code }()
	}
	for range 3 {
		if code := <-codes; code != http.StatusServiceUnavailable {
			t.Errorf("%d", code)
		}
	}
	close(release)
	for range maxScrapes {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("%d", code)
		}
	}
}
