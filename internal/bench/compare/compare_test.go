package compare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/process"
	"github.com/logboom/logboom/internal/bench/statistics"
	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestConfigurations has logboom read and compile all that it is measured with.
func TestConfigurations(t *testing.T) {
	texts := map[string]string{"deciding": deciding, "any": anyLine}
	for _, server := range sideBySide() {
		if server.program == programLogboom {
			texts[server.Name] = server.configuration
		}
	}
	for _, table := range growthTables() {
		for _, c := range table.cells {
			texts[c.name+" "+table.title] = c.configuration
		}
	}
	texts["outage"] = oneRule + fmt.Sprintf(outageOutput, "http://127.0.0.1:1/")
	passing, omitted := passingRows(Options{Elasticsearch: "http://127.0.0.1:1", Kafka: "127.0.0.1:1,127.0.0.1:2"})
	for _, p := range passing {
		texts[p.name] = p.configuration("logboom-bench-1", "http://127.0.0.1:1/")
	}
	if len(passing) != 5 || len(omitted) != 0 {
		t.Errorf("%d rows of outputs, without %q", len(passing), omitted)
	}
	for name, text := range texts {
		r := &running{folder: t.TempDir(), address: "127.0.0.1:1", server: Server{configuration: text}}
		arguments, err := r.configure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(arguments[2], os.LookupEnv)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := rules.Compile(loaded.Rules); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == logboomTen.Name && len(loaded.Rules) != 10 || name == "1,000 rules" && len(loaded.Rules) != 1000 {
			t.Errorf("%s: %d rules", name, len(loaded.Rules))
		}
	}
}

// TestHarness measures the yardstick for a moment, as it is built.
func TestHarness(t *testing.T) {
	if _, err := process.Observe(os.Getpid()); err != nil {
		t.Skip(err)
	}
	h := &harness{options: Options{Source: "../../..", Span: 50 * time.Millisecond}, folder: t.TempDir()}
	all := packages
	defer func() { packages = all }()
	packages = map[string]string{programBare: all[programBare]}
	if err := h.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	pool, err := load.NewPool(t.Context(), load.PoolOptions{Window: 100, Events: 1000, Level: 3})
	if err != nil {
		t.Fatal(err)
	}
	r := &row{server: bareReader}
	if err := h.measureRow(t.Context(), r, pool, pool); err != nil {
		t.Fatal(err)
	}
	if r.rate.Median() < 1000 || r.rateSeveral.Median() < 1000 || r.p99.Median() <= 0 || r.peak.Median() < 1 {
		t.Errorf("%+v", r)
	}
	bad := bareReader
	bad.arguments = []string{"-inflate", "nothing"}
	if _, err := h.start(t.Context(), bad, pool); err == nil || !strings.Contains(err.Error(), "klauspost or own") {
		t.Errorf("a server that ends at once: %v", err)
	}
}

// TestDecidingWindow has our server read it, and an alert of it reach the receiver.
func TestDecidingWindow(t *testing.T) {
	handled := make(chan string, decidingEvents)
	s := lumberjack.New(func(_ context.Context, batch *lumberjack.Batch) error {
		for _, event := range batch.Events {
			handled <- string(event)
		}
		return nil
	}, lumberjack.Options{})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	wire, err := decidingWindow("deciding-000042", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(wire); err != nil {
		t.Fatal(err)
	}
	if err := acknowledged(conn, decidingEvents); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	for range decidingEvents {
		const want = `{"@timestamp":"1970-01-01T00:00:00.000Z","message":"deciding-000042 line `
		if event := <-handled; !strings.HasPrefix(event, want) {
			t.Error(event)
		}
	}
	if err := errors.Join(s.Shutdown(t.Context()), <-served); err != nil {
		t.Error(err)
	}
}

func TestSum(t *testing.T) {
	const metrics = "# HELP a\na{rule=\"x\"} 3\na{rule=\"y\"} 4\nab 9\nb 1e+06\n"
	for name, want := range map[string]int64{"a": 7, "b": 1_000_000} {
		if got, err := sum([]byte(metrics), name); err != nil || got != want {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if _, err := sum([]byte(metrics), "c"); err == nil {
		t.Error("a metric that is not there")
	}
}

func TestInsert(t *testing.T) {
	document := filepath.Join(t.TempDir(), "performance.md")
	write := func(text string) {
		if err := os.WriteFile(document, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# A\n<!-- x:begin -->\nold\n<!-- x:end -->\nrest\n")
	for range 2 { // the second time changes nothing
		if err := Insert(document, "x", "new\n\n"); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(document); string(got) != "# A\n<!-- x:begin -->\nnew\n<!-- x:end -->\nrest\n" {
			t.Errorf("%s", got)
		}
	}
	for _, bad := range []string{"", "<!-- x:begin -->\n", "<!-- x:end -->\n<!-- x:begin -->\n"} {
		write(bad)
		if err := CheckMarkers(document, "x"); !errors.Is(err, ErrNoMarkers) {
			t.Errorf("%q: %v", bad, err)
		}
		if err := Insert(document, "x", "new"); !errors.Is(err, ErrNoMarkers) {
			t.Errorf("%q: %v", bad, err)
		}
		if got, _ := os.ReadFile(document); string(got) != bad {
			t.Errorf("%q became %q", bad, got)
		}
	}
	if err := Insert(document+"x", "x", ""); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestTables makes a round up, in which some goals are met and others are not, and reads the tables.
func TestTables(t *testing.T) {
	var rows []*row
	for i, server := range sideBySide() {
		n := float64(i + 1)
		rows = append(rows, &row{
			server: server, cpu: statistics.Sample{n}, rate: statistics.Sample{1000 * n}, median: statistics.Sample{n},
			p99: statistics.Sample{2 * n}, rateSeveral: statistics.Sample{1e6 * n}, p99Several: statistics.Sample{n},
			peak: statistics.Sample{50 * n},
		})
	}
	relate(rows)
	d := &decisions{rate: 99_999}
	d.latency.Record(3 * time.Millisecond)
	r := &resting{connections: 10_000, idle: statistics.Sample{20, 40, 30}}
	text := sideTables("A machine.\n", rows, r, d, "", nil)
	for _, want := range []string{
		"| bare reader, klauspost/compress | 1.00 | 1.00 | 1,000 | 1.0 / 2.0 | 1,000,000 | 1.0 | 50 |",
		"| logboom, one rule | 3.00 | 3.00 | 3,000 | 3.0 / 6.0 | 3,000,000 | 3.0 | 150 |",
		"| CPU an event, one rule, to the bare reader's | <= 1.00 x | 3.00 x | **missed** |",
		"| CPU an event, ten rules to one | <= 1.25 x | 1.33 x | **missed** |",
		"| events a second on one connection, to the bare reader's | >= 0.80 x | 3.00 x | met |",
		"| memory, idle | <= 40 MB | 30.0 (20.0-40.0) MB | met |",
		"| deciding window to POST, p50 | <= 2 ms | 3.00 ms | **missed** |",
		"1 alerts were decided by windows of 10 events while 99,999 events a second",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	table := growthTable{title: "rules", cells: []*cell{{name: "10", cpu: statistics.Sample{1, 2}, rate: statistics.Sample{5000, 7000}}}}
	if text := growthText("", []growthTable{table}); !strings.Contains(text, "| 10 | 1.50 (1.00-2.00) | 6,000 (5,000-7,000) |") {
		t.Error(text)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
