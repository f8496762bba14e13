package outputtest

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/logboom/logboom/outputs"
)

// guard stands between the Delivery and the output under test. It gives each batch in memory of its own, which it looks
// at and spoils when Write has returned, and checks what outputs.Output promises.
type guard struct {
	outputs.Output

	t      testing.TB
	width  int32
	inside atomic.Int32
	closed atomic.Int32
}

type (
	concurrentGuard struct {
		*guard
		outputs.Concurrent
	}
	statefulGuard struct {
		*guard
		outputs.Stateful
	}
)

// guarded returns an output with a guard around it, with the same interfaces.
func guarded(t testing.TB, output outputs.Output) (outputs.Output, *guard) {
	g := &guard{Output: output, t: t, width: 1}
	concurrent, isConcurrent := output.(outputs.Concurrent)
	stateful, isStateful := output.(outputs.Stateful)
	switch {
	case isConcurrent && isStateful:
		t.Fatal("an output is either Concurrent or Stateful")
	case isConcurrent:
		g.width = int32(concurrent.Concurrency())
		return concurrentGuard{g, concurrent}, g
	case isStateful:
		return statefulGuard{g, stateful}, g
	}
	return g, g
}

func (g concurrentGuard) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	return g.guard.Write(ctx, batch)
}

func (g concurrentGuard) Close() error { return g.guard.Close() }

func (g concurrentGuard) Notice() string { return g.guard.Notice() }

func (g statefulGuard) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	return g.guard.Write(ctx, batch)
}

func (g statefulGuard) Close() error { return g.guard.Close() }

func (g statefulGuard) Notice() string { return g.guard.Notice() }

// Notice returns the output's.
func (g *guard) Notice() string {
	if noticing, ok := g.Output.(outputs.Noticing); ok {
		return noticing.Notice()
	}
	return ""
}

// Write gives the output a copy of the batch and spoils it.
func (g *guard) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	if g.inside.Add(1) > g.width {
		g.t.Errorf("more than %d Writes at a time", g.width)
	}
	defer g.inside.Add(-1)
	if g.closed.Load() > 0 {
		g.t.Error("Write after Close")
	}
	given := clone(batch)
	outcomes, err := g.Output.Write(ctx, given)
	g.check(batch, given, outcomes, err)
	spoil(given)
	return outcomes, err
}

func (g *guard) check(batch, given *outputs.Batch, outcomes []error, err error) {
	if err == nil && len(outcomes) != len(batch.Events) {
		g.t.Errorf("%d outcomes for %d events", len(outcomes), len(batch.Events))
	}
	if err != nil && outcomes != nil {
		g.t.Errorf("outcomes beside the error %v", err)
	}
	if errors.Is(err, outputs.ErrNotTried) {
		g.t.Error("nothing was tried, without a reason")
	}
	for i := range batch.Events {
		if !bytes.Equal(batch.Events[i].Body, given.Events[i].Body) || batch.Events[i].Texts[0] != nil &&
			!bytes.Equal(batch.Events[i].Texts[0], given.Events[i].Texts[0]) {
			g.t.Errorf("Write changed an event: %.200q", given.Events[i].Body)
		}
	}
}

// Close closes the output, once.
func (g *guard) Close() error {
	if g.closed.Add(1) > 1 {
		g.t.Error("Close was called twice")
	}
	if g.inside.Load() > 0 {
		g.t.Error("Close during a Write")
	}
	return g.Output.Close()
}

// clone returns a batch with memory of its own.
func clone(batch *outputs.Batch) *outputs.Batch {
	given := &outputs.Batch{Events: make([]outputs.Event, len(batch.Events)), Bytes: batch.Bytes}
	for i, event := range batch.Events {
		event.Body = bytes.Clone(event.Body)
		for t := range event.Texts {
			event.Texts[t] = bytes.Clone(event.Texts[t])
		}
		origin := *event.Origin
		event.Origin = &origin
		given.Events[i] = event
	}
	return given
}

// spoil overwrites all that a batch refers to.
func spoil(batch *outputs.Batch) {
	for i, event := range batch.Events {
		fill(event.Body)
		for t := range event.Texts {
			fill(event.Texts[t])
		}
		event.Origin.Arrival = -1
		batch.Events[i] = outputs.Event{}
	}
	batch.Bytes = -1
}

func fill(memory []byte) {
	for i := range memory {
		memory[i] = 0xee
	}
}
