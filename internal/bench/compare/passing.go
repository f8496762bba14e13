package compare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/statistics"
)

// passing is logboom with one rule and an output of events, and what that came to in all rounds.
type passing struct {
	name string
	// output is the one that must have written everything; empty where nothing is passed on.
	output string
	// settings are those of the output. %s is a name that is new in each run.
	settings string
	// stalled has another output beside it, whose receiver takes requests and never answers.
	stalled bool
	// lagging has the lag measured, too.
	lagging bool
	// perSecond is how many events are sent for each second of Options.Span; 0 is as many as are acknowledged in half of it.
	// A receiver that shares the machine may be so slow that the rest would be spent waiting for it.
	perSecond float64
	// forget deletes what a run left behind with the receiver; nil where that is nothing.
	forget func(ctx context.Context, name string) error

	cpu, ratio, rate, written statistics.Sample
	lag, lagLongest, peak     statistics.Sample
}

// The rows that goals are about.
const (
	passingNone    = "logboom, one rule, no output"
	passingFile    = "logboom, one rule, events to file"
	passingStalled = "the same beside an output whose receiver hangs"
)

// lagRate is how many events a second come in while the lag of an output is measured.
const lagRate = 50_000

// passingRows are what is measured, and why the rest is left out.
func passingRows(options Options) (rows []*passing, omitted []string) {
	const file = "{type: file, path: events.ndjson}"
	rows = []*passing{
		{name: passingNone},
		{name: passingFile, output: "file", settings: file, lagging: true},
		{name: passingStalled, output: "file", settings: file, lagging: true, stalled: true},
	}
	if host := options.Elasticsearch; host != "" {
		rows = append(rows, &passing{
			name: "logboom, one rule, events to elasticsearch", output: "elasticsearch", perSecond: 5_000,
			settings: fmt.Sprintf("{type: elasticsearch, hosts: [%q], index: %%s}", host),
			forget:   func(ctx context.Context, name string) error { return deleteIndex(ctx, host, name) },
		})
	} else {
		omitted = append(omitted, "`LOGBOOM_TEST_ELASTICSEARCH` was not set: events to elasticsearch were not measured.")
	}
	if brokers := options.Kafka; brokers != "" {
		list := strings.Split(brokers, ",")
		rows = append(rows, &passing{
			name: "logboom, one rule, events to kafka", output: "kafka", perSecond: 30_000,
			settings: fmt.Sprintf("{type: kafka, brokers: [\"%s\"], topic: %%s}", strings.Join(list, `", "`)),
			forget:   func(ctx context.Context, name string) error { return deleteTopic(ctx, list, name) },
		})
	} else {
		omitted = append(omitted, "`LOGBOOM_TEST_KAFKA` was not set: events to kafka were not measured.")
	}
	return rows, omitted
}

// configuration returns that of a run, with a new name and the URL of a receiver that hangs.
func (p *passing) configuration(name, stalled string) string {
	text := oneRule
	if p.output != "" {
		text += "outputs:\n  " + p.output + ": " + strings.Replace(p.settings, "%s", name, 1) + "\n"
	}
	if p.stalled {
		text += fmt.Sprintf("  stalled: {type: http, url: %q, timeout: 1h}\n", stalled)
	}
	return text
}

// measurePassing measures all rows in each round, one after the other.
func (h *harness) measurePassing(ctx context.Context, pool, probe *load.Pool) (rows []*passing, omitted []string, err error) {
	rows, omitted = passingRows(h.options)
	for round := range h.options.Rounds {
		for _, p := range rows {
			h.progress("round %d of %d: %s", round+1, h.options.Rounds, p.name)
			if err := h.measurePass(ctx, p, pool, probe); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", p.name, err)
			}
		}
		relatePassing(rows)
	}
	return rows, omitted, nil
}

// relatePassing takes the ratios of the latest round.
func relatePassing(rows []*passing) {
	for _, p := range rows {
		base := rows[0].cpu
		p.ratio = append(p.ratio, p.cpu[len(p.cpu)-1]/base[len(base)-1])
	}
}

func findPassing(rows []*passing, name string) *passing {
	return rows[slices.IndexFunc(rows, func(p *passing) bool { return p.name == name })]
}

// quotients returns the quotients of two samples, round by round.
func quotients(dividends, divisors statistics.Sample) statistics.Sample {
	ratios := make(statistics.Sample, len(dividends))
	for i := range dividends {
		ratios[i] = dividends[i] / divisors[i]
	}
	return ratios
}

// measurePass measures a row once.
func (h *harness) measurePass(ctx context.Context, p *passing, pool, probe *load.Pool) (err error) {
	name := fmt.Sprintf("logboom-bench-%d", time.Now().UnixNano())
	hanging, err := newCollector(ctx, hangs)
	if err != nil {
		return err
	}
	settings := Server{Name: p.name, program: programLogboom, configuration: p.configuration(name, hanging.url)}
	server, err := h.start(ctx, settings, probe)
	if err != nil {
		hanging.close()
		return err
	}
	defer func() {
		hanging.close() // before logboom ends, which would wait for an answer
		err = errors.Join(err, server.stop())
		if p.forget != nil {
			err = errors.Join(err, p.forget(context.WithoutCancel(ctx), name))
		}
	}()
	if err := h.pass(ctx, p, server, pool); err != nil {
		return err
	}
	return server.check(ctx)
}

// pass puts a server under load until everything is written.
func (h *harness) pass(ctx context.Context, p *passing, server *running, pool *load.Pool) error {
	warm, full := load.Options{Duration: warmUp}, load.Options{Duration: h.options.Span / 2}
	if p.perSecond > 0 {
		warm = load.Options{Events: int64(2 * pool.Window())}
		full = load.Options{Events: max(int64(p.perSecond*h.options.Span.Seconds()), int64(pool.Window()))}
	}
	if _, err := server.passOn(ctx, p.output, pool, warm); err != nil {
		return err
	}
	f, err := server.passOn(ctx, p.output, pool, full)
	if err != nil {
		return err
	}
	p.cpu, p.rate = append(p.cpu, f.cpu), append(p.rate, f.rate)
	p.written, p.peak = append(p.written, f.written), append(p.peak, megabytes(f.peak))
	if !p.lagging {
		return nil
	}
	lag, err := server.lag(ctx, p.output, pool, h.options.Span/2)
	if err != nil {
		return err
	}
	p.lag, p.lagLongest = append(p.lag, 1000*lag.Median()), append(p.lagLongest, 1000*lag.Max())
	return nil
}

// passed are the figures of a load until an output has written all of it.
type passed struct {
	figures
	written float64 // events a second, from the first byte sent until the last event was written
}

// passOn puts a server under load over one connection. CPU time is what was used until the output had written everything.
func (r *running) passOn(ctx context.Context, output string, pool *load.Pool, options load.Options) (passed, error) {
	before, err := r.observe()
	if err != nil {
		return passed{}, err
	}
	begin := time.Now()
	options.Address = r.address
	result, err := load.Run(ctx, pool, options)
	if err != nil {
		return passed{}, fmt.Errorf("%s under load: %w", r.server.Name, err)
	}
	r.sent.Add(result.Events)
	if result.Events == 0 {
		return passed{}, fmt.Errorf("%s took no events", r.server.Name)
	}
	end := time.Now()
	if output != "" {
		if end, err = r.awaitWritten(ctx, output); err != nil {
			return passed{}, err
		}
	}
	after, err := r.observe()
	if err != nil {
		return passed{}, err
	}
	return passed{
		figures: figures{
			cpu:  float64((after.CPU - before.CPU).Nanoseconds()) / 1e3 / float64(result.Events),
			rate: result.Rate(), peak: after.Peak,
		},
		written: float64(result.Events) / end.Sub(begin).Seconds(),
	}, nil
}

// lag returns how far an output is behind in seconds, again and again while events come in at lagRate.
func (r *running) lag(ctx context.Context, output string, pool *load.Pool, span time.Duration) (statistics.Sample, error) {
	paced, stop := context.WithTimeout(ctx, span)
	defer stop()
	loaded := make(chan error, 1)
	go func() {
		_, err := r.besides(paced, pool, single, lagRate)
		loaded <- err
	}()
	var lag statistics.Sample
	for {
		select {
		case err := <-loaded:
			if err != nil {
				return nil, err
			}
			_, err = r.awaitWritten(ctx, output)
			return lag, err
		case <-time.After(pollInterval / 2):
		}
		seconds, err := r.metric(ctx, `logboom_output_lag_seconds\{output="`+output+`"\}`)
		if err != nil {
			return nil, err
		}
		lag = append(lag, seconds)
	}
}

func deleteIndex(ctx context.Context, host, name string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, strings.TrimRight(host, "/")+"/"+name, nil)
	if err != nil {
		return fmt.Errorf("delete index %s: %w", name, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("delete index %s: %w", name, err)
	}
	return response.Body.Close()
}

func deleteTopic(ctx context.Context, brokers []string, name string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return fmt.Errorf("delete topic %s: %w", name, err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).DeleteTopics(ctx, name); err != nil {
		return fmt.Errorf("delete topic %s: %w", name, err)
	}
	return nil
}
