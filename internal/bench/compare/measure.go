package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/logboom/logboom/internal/bench/load"
)

// figures are what one server came to under one load.
type figures struct {
	cpu         float64 // microseconds an event
	rate        float64 // events a second
	median, p99 time.Duration
	peak        int64 // bytes, since the server was started
}

// load puts a server under load.
func (r *running) load(ctx context.Context, pool *load.Pool, connections int, span time.Duration) (figures, error) {
	before, err := r.observe()
	if err != nil {
		return figures{}, err
	}
	result, err := load.Run(ctx, pool, load.Options{Address: r.address, Connections: connections, Duration: span})
	if err != nil {
		return figures{}, fmt.Errorf("%s under load: %w", r.server.Name, err)
	}
	r.sent.Add(result.Events)
	after, err := r.observe()
	if err != nil {
		return figures{}, err
	}
	if result.Events == 0 {
		return figures{}, fmt.Errorf("%s took no events within %s", r.server.Name, span)
	}
	return figures{
		cpu:  float64((after.CPU - before.CPU).Nanoseconds()) / 1e3 / float64(result.Events),
		rate: result.Rate(), peak: after.Peak,
		median: result.Acknowledgements.Quantile(0.5), p99: result.Acknowledgements.Quantile(0.99),
	}, nil
}

// check compares what logboom counted with what was sent: all of it, none of it late, and none of it a resend. What outputs did
// not write for any reason but time fails, too.
func (r *running) check(ctx context.Context) error {
	if r.server.program != programLogboom {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	metrics, err := r.metrics(ctx)
	if err != nil {
		return err
	}
	taken, err := sum(metrics, "logboom_pipeline_events_total")
	if err != nil {
		return err
	}
	late, err := sum(metrics, "logboom_rule_late_events_total")
	if err != nil {
		return err
	}
	resends, err := sum(metrics, "logboom_duplicate_events_total")
	if err != nil {
		return err
	}
	if resends != 0 {
		return fmt.Errorf("%s took %d events for resends", r.server.Name, resends)
	}
	for _, name := range []string{"dead_letters", "missed_events", "lost_records", "lost_events"} {
		missing, err := sum(metrics, "logboom_output_"+name+"_total")
		if err != nil && !errors.Is(err, errNoMetric) { // where there are no outputs
			return err
		}
		if missing != 0 {
			return fmt.Errorf("an output of %s did not write everything: %s %d", r.server.Name, name, missing)
		}
	}
	if sent := r.sent.Load(); taken != sent || late != 0 {
		return fmt.Errorf("%s counted %d events, %d of them late; %d were sent", r.server.Name, taken, late, sent)
	}
	return nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity") // compressing would cost the server that is measured
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}

var errNoMetric = errors.New("no such metric")

// sum is value, of a metric of whole numbers.
func sum(metrics []byte, name string) (int64, error) {
	total, err := value(metrics, name)
	return int64(total), err
}

// value adds the values of all series of a metric, named by a pattern. It fails with errNoMetric where there is none.
func value(metrics []byte, name string) (total float64, err error) {
	series := regexp.MustCompile(`(?m)^`+name+`(?:\{[^}]*\})? (\S+)$`).FindAllSubmatch(metrics, -1)
	if len(series) == 0 {
		return 0, fmt.Errorf("%w: %s", errNoMetric, name)
	}
	for _, match := range series {
		one, err := strconv.ParseFloat(string(match[1]), 64)
		if err != nil {
			return 0, fmt.Errorf("read metric %s: %w", name, err)
		}
		total += one
	}
	return total, nil
}
