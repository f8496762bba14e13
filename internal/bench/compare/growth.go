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

// growthTable is how figures grow with one thing.
type growthTable struct {
	title string
	cells []*cell
}

// cell is logboom under one load.
type cell struct {
	name          string
	configuration string
	connections   int
	events        int // in the pool, if shape is set
	shape         events.Options

	cpu, rate, p99, peak statistics.Sample
}

func growthTables() []growthTable {
	var byConnections, bySize, byRules, byKeys growthTable
	byConnections.title, bySize.title = "connections", "bytes an event"
	byRules.title, byKeys.title = "rules", "keys of one rule"
	for _, n := range []int{1, 4, 16, 64, 1000} {
		byConnections.add(n, cell{configuration: oneRule, connections: n})
	}
	for _, n := range []int{200, 1000, 10_000} {
		most := load.DefaultPool * events.DefaultSize / max(n, events.DefaultSize) // no more bytes than usual
		bySize.add(n, cell{configuration: oneRule, connections: single, events: most, shape: events.Options{Size: n}})
	}
	for _, n := range []int{1, 10, 100, 1000} {
		byRules.add(n, cell{configuration: manyRules(n), connections: single})
	}
	for _, n := range []int{1, 10, 100, 1000, 10_000, 100_000} {
		byKeys.add(n, cell{
			configuration: grouped, connections: single, events: max(load.DefaultPool, n), shape: events.Options{Size: events.DefaultSize, Keys: n},
		})
	}
	return []growthTable{byConnections, bySize, byRules, byKeys}
}

func (g *growthTable) add(n int, c cell) {
	c.name = thousands(n)
	g.cells = append(g.cells, &c)
}

// Growth measures how logboom's cost grows and returns the tables, as Markdown.
func Growth(ctx context.Context, options Options) (string, error) {
	h, end, err := begin(ctx, options)
	if err != nil {
		return "", err
	}
	defer end()
	defer http.DefaultClient.CloseIdleConnections()
	probe, err := load.NewPool(ctx, load.PoolOptions{Window: 1, Events: 1, Seed: 2})
	if err != nil {
		return "", err
	}
	usual, err := h.pool(ctx, load.DefaultPool, events.Options{Size: events.DefaultSize})
	if err != nil {
		return "", err
	}
	tables := growthTables()
	for _, table := range tables {
		if err := h.grow(ctx, table, usual, probe); err != nil {
			return "", err
		}
	}
	return growthText(h.describe(), tables), nil
}

// grow measures the cells of a table in each round, one after the other.
func (h *harness) grow(ctx context.Context, table growthTable, usual, probe *load.Pool) (err error) {
	pools := make([]*load.Pool, len(table.cells))
	for i, c := range table.cells {
		pools[i] = usual
		if c.shape != (events.Options{}) {
			if pools[i], err = h.pool(ctx, c.events, c.shape); err != nil {
				return err
			}
		}
	}
	for round := range h.options.Rounds {
		for i, c := range table.cells {
			h.progress("round %d of %d: %s %s", round+1, h.options.Rounds, c.name, table.title)
			if err := h.measureCell(ctx, c, pools[i], probe); err != nil {
				return fmt.Errorf("%s %s: %w", c.name, table.title, err)
			}
		}
	}
	return nil
}

func (h *harness) measureCell(ctx context.Context, c *cell, pool, probe *load.Pool) (err error) {
	server, err := h.start(ctx, Server{Name: "logboom", program: programLogboom, configuration: c.configuration}, probe)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if _, err := server.load(ctx, pool, c.connections, warmUp); err != nil {
		return err
	}
	f, err := server.load(ctx, pool, c.connections, h.options.Span)
	if err != nil {
		return err
	}
	c.cpu, c.rate = append(c.cpu, f.cpu), append(c.rate, f.rate)
	c.p99 = append(c.p99, milliseconds(f.p99))
	c.peak = append(c.peak, megabytes(f.peak))
	return server.check(ctx)
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
