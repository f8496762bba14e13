package compare

import (
	"context"
	"errors"
	"net/http"

	"github.com/logboom/logboom/internal/bench/events"
	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/statistics"
)

// The numbers of connections that each server is measured with, each load after the other in one process.
const (
	single  = 1
	several = 4
	many    = 16
)

// row is what one server came to in all rounds.
type row struct {
	server                    Server
	cpu, ratio                statistics.Sample // at one connection
	rate, median, p99         statistics.Sample
	rateSeveral, p99Several   statistics.Sample
	peak                      statistics.Sample
	rateRatio, p99Ratio       statistics.Sample
	ratioToOne, ratioGoLumber statistics.Sample // of CPU
}

// measureSideBySide measures all servers in each round, one after the other.
func (h *harness) measureSideBySide(ctx context.Context, pool, probe *load.Pool) ([]*row, error) {
	servers := sideBySide()
	rows := make([]*row, len(servers))
	for i, server := range servers {
		rows[i] = &row{server: server}
	}
	for round := range h.options.Rounds {
		for _, r := range rows {
			h.progress("round %d of %d: %s", round+1, h.options.Rounds, r.server.Name)
			if err := h.measureRow(ctx, r, pool, probe); err != nil {
				return nil, err
			}
		}
		relate(rows)
	}
	return rows, nil
}

func (h *harness) measureRow(ctx context.Context, r *row, pool, probe *load.Pool) (err error) {
	server, err := h.start(ctx, r.server, probe)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if _, err := server.load(ctx, pool, single, warmUp); err != nil {
		return err
	}
	one, err := server.load(ctx, pool, single, h.options.Span)
	if err != nil {
		return err
	}
	four, err := server.load(ctx, pool, several, h.options.Span)
	if err != nil {
		return err
	}
	full, err := server.load(ctx, pool, many, h.options.Span)
	if err != nil {
		return err
	}
	r.cpu = append(r.cpu, one.cpu)
	r.rate = append(r.rate, one.rate)
	r.median = append(r.median, milliseconds(one.median))
	r.p99 = append(r.p99, milliseconds(one.p99))
	r.rateSeveral = append(r.rateSeveral, four.rate)
	r.p99Several = append(r.p99Several, milliseconds(four.p99))
	r.peak = append(r.peak, megabytes(full.peak))
	return server.check(ctx)
}

// relate takes the ratios of the latest round.
func relate(rows []*row) {
	latest := func(s statistics.Sample) float64 { return s[len(s)-1] }
	bare, one, decoding := find(rows, bareReader), find(rows, logboomOne), find(rows, goLumber)
	for _, r := range rows {
		r.ratio = append(r.ratio, latest(r.cpu)/latest(bare.cpu))
		r.rateRatio = append(r.rateRatio, latest(r.rate)/latest(bare.rate))
		r.p99Ratio = append(r.p99Ratio, latest(r.p99)/latest(bare.p99))
		r.ratioToOne = append(r.ratioToOne, latest(r.cpu)/latest(one.cpu))
		r.ratioGoLumber = append(r.ratioGoLumber, latest(r.cpu)/latest(decoding.cpu))
	}
}

func find(rows []*row, server Server) *row {
	for _, r := range rows {
		if r.server.Name == server.Name {
			return r
		}
	}
	return nil
}

// Compare measures logboom beside the others and returns the tables, as Markdown.
func Compare(ctx context.Context, options Options) (string, error) {
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
	rows, err := h.measureSideBySide(ctx, pool, probe)
	if err != nil {
		return "", err
	}
	passing, omitted, err := h.measurePassing(ctx, pool, probe)
	if err != nil {
		return "", err
	}
	resting, err := h.measureResting(ctx, probe)
	if err != nil {
		return "", err
	}
	decisions, err := h.measureDecisions(ctx, pool, probe)
	if err != nil {
		return "", err
	}
	return sideTables(h.describe(), rows, resting, decisions, passingText(passing, omitted), passingGoals(passing)), nil
}
