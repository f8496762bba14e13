package load

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
)

// attempts is how often a window is made anew, of other events, where it can't be stamped.
const attempts = 32

// firstTime is the time in windows before they are stamped. Its digits are as little alike as can be, so that a compressor
// does not take one part of it for another.
var firstTime = time.Date(2026, time.November, 23, 19, 58, 46, 730_000_000, time.UTC)

// firstOffset is log.offset of the first event, with digits of the same kind.
const firstOffset = 583_026 * offsetUnit

// Pool holds windows ready to be sent, by any number of runs. It is safe for concurrent use.
type Pool struct {
	windows []*window
	last    *window // nil where none was asked for
	level   int
	stamped int // of the windows, last included
}

// NewPool makes the windows, in parallel. It fails when options are wrong or ctx ends.
func NewPool(ctx context.Context, options PoolOptions) (*Pool, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}
	count := (options.Events + options.Window - 1) / options.Window
	sizes := make([]int, count, count+1)
	for i := range sizes {
		sizes[i] = options.Window
	}
	if options.Last > 0 {
		sizes = append(sizes, options.Last)
	}
	windows, err := newMaker(options).all(ctx, sizes)
	if err != nil {
		return nil, err
	}
	pool := &Pool{windows: windows[:count], level: options.Level}
	if options.Last > 0 {
		pool.last = windows[count]
	}
	for _, w := range windows {
		if len(w.fields) > 0 {
			pool.stamped++
		}
	}
	return pool, nil
}

// Window returns how many events are in each window.
func (p *Pool) Window() int { return p.windows[0].events }

// Stamped returns the share of windows that are stamped with the time at which they are sent, the connection, and a place in the
// log. Those that are not are late when they are sent again, and seem to be resends.
func (p *Pool) Stamped() float64 {
	all := len(p.windows)
	if p.last != nil {
		all++
	}
	return float64(p.stamped) / float64(all)
}

// maker makes windows, several at a time of events that come from one generator.
type maker struct {
	options   PoolOptions
	mutex     sync.Mutex // guards what follows
	generator *events.Generator
	done      int
}

func newMaker(options PoolOptions) *maker {
	shape := options.Shape
	shape.FirstOffset, shape.Start, shape.Rate = firstOffset, firstTime, float64(max(spreadFrom, options.Window))*100 // a window in 10 ms
	return &maker{options: options, generator: events.New(options.Seed, shape)}
}

// all makes windows of these sizes.
func (m *maker) all(ctx context.Context, sizes []int) ([]*window, error) {
	windows, failures := make([]*window, len(sizes)), make([]error, len(sizes))
	turns := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range turns {
				windows[i], failures[i] = m.one(sizes[i])
				m.report(len(sizes))
			}
		})
	}
	var err error
	for i := range sizes {
		if err = ctx.Err(); err != nil {
			break
		}
		turns <- i
	}
	close(turns)
	workers.Wait()
	for _, failure := range append(failures, err) {
		if failure != nil {
			return nil, fmt.Errorf("make windows: %w", failure)
		}
	}
	return windows, nil
}

// one makes a window, if possible one that can be stamped.
func (m *maker) one(size int) (*window, error) {
	for range attempts {
		p := m.draw(size)
		if m.options.Level == 0 {
			return p.bare(), nil
		}
		if p.first > mostStored {
			break
		}
		p.blank()
		w, err := p.compressed(m.options.Level)
		if err != nil || w.canBeStamped(p) {
			return w, err
		}
	}
	p := m.draw(size)
	p.fields = nil
	return p.compressed(m.options.Level)
}

// draw takes the next events.
func (m *maker) draw(size int) *plain {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return newPlain(m.generator, size)
}

func (m *maker) report(all int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.done++
	if m.options.Progress != nil {
		m.options.Progress(m.done, all)
	}
}
