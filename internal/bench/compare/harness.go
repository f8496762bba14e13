package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/logboom/logboom/internal/bench/events"
	"github.com/logboom/logboom/internal/bench/load"
)

// harness is a measuring under way.
type harness struct {
	options Options
	folder  string // its own, below Options.Folder
	runs    int
}

// begin builds everything, and returns what ends it.
func begin(ctx context.Context, options Options) (*harness, func(), error) {
	parent, err := filepath.Abs(options.Folder)
	if err != nil {
		return nil, nil, fmt.Errorf("find folder: %w", err)
	}
	folder, err := os.MkdirTemp(parent, "logboom-bench-")
	if err != nil {
		return nil, nil, fmt.Errorf("make folder: %w", err)
	}
	h := &harness{options: options, folder: folder}
	end := func() { _ = os.RemoveAll(folder) } // what is left of a temporary folder harms nobody
	if err := h.build(ctx); err != nil {
		end()
		return nil, nil, err
	}
	return h, end, nil
}

func (h *harness) progress(format string, values ...any) {
	if h.options.Progress != nil {
		_, _ = fmt.Fprintf(h.options.Progress, format+"\n", values...) // for people; nobody else can be told
	}
}

// pool makes windows as Filebeat's, of events that are like shape.
func (h *harness) pool(ctx context.Context, count int, shape events.Options) (*load.Pool, error) {
	h.progress("making %d events of %d bytes", count, shape.Size)
	pool, err := load.NewPool(ctx, load.PoolOptions{Level: load.DefaultLevel, Events: count, Seed: 1, Shape: shape})
	if err != nil {
		return nil, err
	}
	if pool.Stamped() < 1 {
		return nil, fmt.Errorf("only %.0f %% of the windows can be stamped with the time", 100*pool.Stamped())
	}
	return pool, nil
}
