package compare

import (
	"context"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/bench/statistics"
)

// TestOmittedOutputs leaves out what there is no server for, and says so.
func TestOmittedOutputs(t *testing.T) {
	rows, omitted := passingRows(Options{})
	if len(rows) != 3 || len(omitted) != 2 {
		t.Fatalf("%d rows, without %q", len(rows), omitted)
	}
	for i, p := range rows {
		p.note(float64(2 + i))
		p.lag, p.lagLongest = statistics.Sample{20 + float64(i)}, statistics.Sample{50}
	}
	relatePassing(rows)
	var goals strings.Builder
	writeGoals(&goals, passingGoals(rows))
	text := passingText(rows, omitted) + goals.String()
	for _, want := range []string{
		"| logboom, one rule, no output | 2.00 | 1.00 | 2,000 |  |  | 2 |\n",
		"| logboom, one rule, events to file | 3.00 | 1.50 | 3,000 | 1,500 | 21.0 / 50.0 | 3 |\n",
		"`LOGBOOM_TEST_ELASTICSEARCH` was not set: events to elasticsearch were not measured.\n",
		"`LOGBOOM_TEST_KAFKA` was not set: events to kafka were not measured.\n",
		"| CPU an event, events to a file, to no output | <= 1.60 x | 1.50 x | met |\n",
		"| CPU an event, events to a file beside an output that hangs, to without | <= 1.10 x | 1.33 x | **missed** |\n",
		"| lag of the file beside an output that hangs, more than without | <= 10 ms | 1.0 ms | met |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// note fills in what a round with such a figure comes to.
func (p *passing) note(n float64) {
	p.cpu, p.rate = statistics.Sample{n}, statistics.Sample{1000 * n}
	p.written, p.peak = statistics.Sample{500 * n}, statistics.Sample{n}
}

func TestOutageTables(t *testing.T) {
	o := &outage{up: statistics.Sample{100_000}, journal: statistics.Sample{125}}
	first := progress{at: time.Unix(0, 0), taken: 1_000_000, written: 0}
	if err := o.note(first, progress{at: time.Unix(10, 0), taken: 1_100_000, written: 1_100_000}); err != nil {
		t.Fatal(err)
	}
	text := outageText("", o)
	for _, want := range []string{
		"| journal, MB a million events | 125 |\n",
		"| events/s written meanwhile | 110,000 |\n",
		"| events/s worked off | 100,000 |\n",
		"without a backlog | >= 0.70 x | 1.10 x | met |\n",
		"come in meanwhile | >= 0.70 x | 10.00 x | met |\n",
		"| at 10,000 events/s | 864,000,000 | 108 GB | 2 h 24 min |\n", // 864 million at 100,000 a second
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if d := extrapolate(o, 110_000); d.duration != "never" {
		t.Errorf("worked off within %s although no more is written than comes in", d.duration)
	}
	if err := o.note(first, progress{at: time.Unix(10, 0), taken: 2_000_000}); err == nil {
		t.Error("a backlog that grew")
	}
}

// TestCollector sends lines to one that takes them, refuses them, and hangs.
func TestCollector(t *testing.T) {
	c, err := newCollector(t.Context(), takes)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	post := func() (*http.Response, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url, strings.NewReader("{}\n{}\n"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return response, err
	}
	for conduct, want := range map[conduct]int{takes: http.StatusOK, refuses: http.StatusServiceUnavailable} {
		c.turn(conduct)
		if response, err := post(); err != nil || response.StatusCode != want {
			t.Errorf("%v, %v; want %d", response, err, want)
		}
	}
	if c.events.Load() != 2 {
		t.Errorf("%d events", c.events.Load())
	}
	c.turn(hangs)
	hung := make(chan error, 1)
	go func() {
		_, err := post()
		hung <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	select {
	case err := <-hung:
		t.Errorf("answered: %v", err)
	case <-ctx.Done():
	}
	c.close()
	if err := <-hung; err == nil {
		t.Error("an answer although the collector was closed")
	}
}

func TestValue(t *testing.T) {
	const metrics = "lag{output=\"a\"} 0.25\nlag{output=\"b\"} 1.5\n"
	if got, err := value([]byte(metrics), `lag\{output="b"\}`); err != nil || got != 1.5 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := value([]byte(metrics), "lag"); err != nil || math.Abs(got-1.75) > 1e-9 {
		t.Errorf("%v, %v", got, err)
	}
}
