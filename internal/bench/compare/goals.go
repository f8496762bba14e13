package compare

import "github.com/logboom/logboom/internal/bench/statistics"

// goal is what a figure shall be at most or, if least is set, at least.
type goal struct {
	what     string
	figure   statistics.Sample
	bound    float64
	least    bool
	unit     string
	decimals int
}

// met says whether the median keeps the bound.
func (g goal) met() bool {
	if g.least {
		return g.figure.Median() >= g.bound
	}
	return g.figure.Median() <= g.bound
}

// goals returns what is to be reached, with what was.
func goals(rows []*row, r *resting, d *decisions) []goal {
	one, ten := find(rows, logboomOne), find(rows, logboomTen)
	quantile := func(share float64) statistics.Sample {
		return statistics.Sample{milliseconds(d.latency.Quantile(share))}
	}
	return []goal{
		{what: "CPU an event, one rule, to the bare reader's", figure: one.ratio, bound: 1, unit: "x", decimals: 2},
		{
			what: "CPU an event, one rule, to go-lumber's with JSON decoding", figure: one.ratioGoLumber, bound: 1. / 9, unit: "x",
			decimals: 3,
		},
		{what: "CPU an event, ten rules to one", figure: ten.ratioToOne, bound: 1.25, unit: "x", decimals: 2},
		{
			what: "events a second on one connection, to the bare reader's", figure: one.rateRatio, bound: 0.8, least: true,
			unit: "x", decimals: 2,
		},
		{what: "ACK p99 on one connection, to the bare reader's", figure: one.p99Ratio, bound: 2, unit: "x", decimals: 2},
		{what: "memory, idle", figure: r.idle, bound: 40, unit: "MB", decimals: 1},
		{what: "memory, 16 connections at full load", figure: one.peak, bound: 120, unit: "MB", decimals: 1},
		{what: "memory, " + thousands(r.connections) + " idle connections", figure: r.connected, bound: 300, unit: "MB", decimals: 1},
		{what: "deciding window to POST, p50", figure: quantile(0.5), bound: 2, unit: "ms", decimals: 2},
		{what: "deciding window to POST, p99", figure: quantile(0.99), bound: 10, unit: "ms", decimals: 2},
		{what: "start, empty journal", figure: r.empty, bound: 200, unit: "ms"},
		{what: "start, journal of 1 GiB in the page cache", figure: r.warm, bound: 2000, unit: "ms"},
		{what: "start, journal of 1 GiB on the disk", figure: r.cold, bound: 2000, unit: "ms"},
	}
}
