package compare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/statistics"
)

// outage is what an output that was down came to in all rounds, in events a second unless said otherwise.
type outage struct {
	up        statistics.Sample // written while nothing is behind and clients send as fast as they can
	backlog   statistics.Sample // events that wait when the output is up again
	took      statistics.Sample // seconds until none of them did
	live      statistics.Sample // that came in meanwhile
	written   statistics.Sample // meanwhile
	workedOff statistics.Sample // by which the backlog shrank
	journal   statistics.Sample // bytes of the journal an event
}

const (
	// outageLive is how many events a second come in while a backlog is worked off.
	outageLive = 10_000
	// caughtUp is how many events a backlog may have to be none: what comes in within half a second.
	caughtUp = outageLive / 2
	// outageOutput is by HTTP to a receiver that does no more than to count lines, so that the rate is logboom's.
	outageOutput = "outputs:\n  http: {url: %q}\n"
)

// Outage measures what an output that is down for a time costs, and how soon it has caught up. It returns tables, as Markdown.
func Outage(ctx context.Context, options Options) (string, error) {
	h, end, err := begin(ctx, options)
	if err != nil {
		return "", err
	}
	defer end()
	defer http.DefaultClient.CloseIdleConnections()
	pool, err := h.pool(ctx, load.DefaultPool, events.Options{Size: events.DefaultSize, Keys: 1000})
	if err != nil {
		return "", err
	}
	probe, err := load.NewPool(ctx, load.PoolOptions{Window: 1, Events: 1, Seed: 2})
	if err != nil {
		return "", err
	}
	o := new(outage)
	for round := range h.options.Rounds {
		h.progress("round %d of %d: an output that is down", round+1, h.options.Rounds)
		if err := h.measureOutage(ctx, o, pool, probe); err != nil {
			return "", err
		}
	}
	return outageText(h.describe(), o), nil
}

// measureOutage has an output up, down, and up again.
func (h *harness) measureOutage(ctx context.Context, o *outage, pool, probe *load.Pool) (err error) {
	target, err := newCollector(ctx, takes)
	if err != nil {
		return err
	}
	server, err := h.start(ctx, Server{
		Name: "logboom, events by http", program: programLogboom, configuration: oneRule + fmt.Sprintf(outageOutput, target.url),
	}, probe)
	if err != nil {
		target.close()
		return err
	}
	defer func() {
		target.close()
		err = errors.Join(err, server.stop())
	}()
	if _, err := server.passOn(ctx, "http", pool, load.Options{Duration: warmUp}); err != nil {
		return err
	}
	up, err := server.passOn(ctx, "http", pool, load.Options{Duration: h.options.Span})
	if err != nil {
		return err
	}
	o.up = append(o.up, up.written)
	if err := server.pileUp(ctx, o, target, pool, h.options.Span); err != nil {
		return err
	}
	if err := server.recover(ctx, o, target, pool); err != nil {
		return err
	}
	if taken, sent := target.events.Load(), server.sent.Load(); taken != sent {
		return fmt.Errorf("the receiver took %d events; %d were sent", taken, sent)
	}
	return server.check(ctx)
}

// pileUp has events come in while the output is down, and what the journal keeps of them leave the page cache, as a backlog of
// many hours would have.
func (r *running) pileUp(ctx context.Context, o *outage, target *collector, pool *load.Pool, span time.Duration) error {
	target.turn(refuses)
	const bytes = "logboom_journal_appended_bytes_total"
	before, err := r.metric(ctx, bytes)
	if err != nil {
		return err
	}
	result, err := load.Run(ctx, pool, load.Options{Address: r.address, Duration: span})
	if err != nil {
		return fmt.Errorf("pile events up: %w", err)
	}
	r.sent.Add(result.Events)
	after, err := r.metric(ctx, bytes)
	if err != nil {
		return err
	}
	o.journal = append(o.journal, (after-before)/float64(result.Events))
	return evictFiles(journalOf(r.folder))
}

// recover has the output up again while events come in, until it has caught up.
func (r *running) recover(ctx context.Context, o *outage, target *collector, pool *load.Pool) error {
	busy, stop := context.WithCancel(ctx)
	others := make(chan error, 1)
	go func() {
		_, err := r.besides(busy, pool, single, outageLive)
		others <- err
	}()
	err := r.workOff(ctx, o, target)
	stop()
	if err := errors.Join(err, <-others); err != nil {
		return err
	}
	_, err = r.awaitWritten(ctx, "http")
	return err
}

// progress is how many events logboom had taken, and its output written, at one moment.
type progress struct {
	at             time.Time
	taken, written float64
}

func (p progress) behind() float64 { return p.taken - p.written }

// workOff measures from the first events that are taken again until the output has caught up.
func (r *running) workOff(ctx context.Context, o *outage, target *collector) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := settle(ctx); err != nil { // until events come in
		return err
	}
	taken := target.events.Load()
	target.turn(takes)
	for target.events.Load() == taken { // it asked to be tried again in a second
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("the output was not tried again: %w", err)
		}
	}
	first, err := r.progress(ctx)
	if err != nil {
		return err
	}
	for last := first; ; {
		if err := sleep(ctx, pollInterval); err != nil {
			return fmt.Errorf("the output did not catch up, and is %.0f events behind: %w", last.behind(), err)
		}
		if last, err = r.progress(ctx); err != nil {
			return err
		}
		if last.behind() <= caughtUp {
			return o.note(first, last)
		}
	}
}

// note keeps what became of a backlog.
func (o *outage) note(first, last progress) error {
	seconds := last.at.Sub(first.at).Seconds()
	if first.behind() <= last.behind() || seconds <= 0 {
		return fmt.Errorf("a backlog of %.0f events is too small to be measured", first.behind())
	}
	o.backlog = append(o.backlog, first.behind())
	o.took = append(o.took, seconds)
	o.live = append(o.live, (last.taken-first.taken)/seconds)
	o.written = append(o.written, (last.written-first.written)/seconds)
	o.workedOff = append(o.workedOff, (first.behind()-last.behind())/seconds)
	return nil
}

func (r *running) progress(ctx context.Context) (p progress, err error) {
	metrics, err := r.metrics(ctx)
	if err != nil {
		return p, err
	}
	p.at = time.Now()
	if p.taken, err = value(metrics, "logboom_pipeline_events_total"); err != nil {
		return p, err
	}
	p.written, err = value(metrics, "logboom_output_events_total")
	return p, err
}
