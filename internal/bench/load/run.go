package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/logboom/logboom/internal/bench/process"
	"github.com/logboom/logboom/internal/bench/statistics"
)

// progressInterval is how often Options.Progress is told.
const progressInterval = 100 * time.Millisecond

// Result is what a run came to. Times and rates are from the first byte sent to the last acknowledgement.
type Result struct {
	// Events and Windows were acknowledged, WireBytes and InflatedBytes are what they are as sent and as frames of events.
	Events, Windows          int64
	WireBytes, InflatedBytes int64
	// Elapsed is from the moment when all connections stood.
	Elapsed time.Duration
	// Acknowledgements are the times from beginning to write a window to its acknowledgement.
	Acknowledgements statistics.Histogram
	// CPU is what this process used meanwhile; 0 where that can't be seen.
	CPU time.Duration
}

// Rate returns the events a second.
func (r *Result) Rate() float64 { return r.per(float64(r.Events)) }

// per returns so much a second.
func (r *Result) per(amount float64) float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return amount / r.Elapsed.Seconds()
}

// run is a run under way, shared by its connections.
type run struct {
	options Options
	pool    *Pool
	agent   uint32        // the first connection's; they are another one in each run
	limiter *rate.Limiter // nil without a limit
	left    atomic.Int64  // events yet to be taken
	done    atomic.Int64  // events acknowledged
	end     context.CancelCauseFunc
}

// Run opens the connections, sends, and waits until everything is acknowledged. With an error, which is the first that a
// connection met or an ErrInterrupted where ctx ended, the result holds what was acknowledged until then.
func Run(ctx context.Context, pool *Pool, options Options) (*Result, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return &Result{}, err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	r := &run{options: options, pool: pool, agent: rand.Uint32(), end: end}
	r.left.Store(options.Events)
	if options.Rate > 0 {
		r.limiter = rate.NewLimiter(rate.Limit(options.Rate), max(pool.Window(), int(options.Rate/100)))
		r.limiter.AllowN(time.Now(), r.limiter.Burst())
	}
	connections, err := r.open(ctx)
	if err != nil {
		return &Result{}, err
	}
	return r.drive(ctx, connections)
}

// drive sends over connections until they are done.
func (r *run) drive(ctx context.Context, connections []*connection) (*Result, error) {
	sending, stop := context.WithCancel(ctx)
	defer stop()
	begin, before := time.Now(), ownCPU()
	if r.options.Duration > 0 {
		timer := time.AfterFunc(r.options.Duration, stop)
		defer timer.Stop()
	}
	var all sync.WaitGroup
	for _, c := range connections {
		all.Go(func() {
			if err := c.converse(ctx, sending); err != nil {
				r.end(err)
			}
		})
	}
	r.report(&all)
	result := &Result{CPU: ownCPU() - before, Elapsed: time.Since(begin)}
	for _, c := range connections {
		result.add(c.result)
	}
	if err := context.Cause(ctx); errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return result, fmt.Errorf("%w: %w", ErrInterrupted, err)
	} else if err != nil {
		return result, err
	}
	return result, nil
}

// report tells of progress until all connections are done.
func (r *run) report(all *sync.WaitGroup) {
	if r.options.Progress == nil {
		all.Wait()
		return
	}
	finished := make(chan struct{})
	go func() { defer close(finished); all.Wait() }()
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.options.Progress(r.done.Load())
		case <-finished:
			r.options.Progress(r.done.Load())
			return
		}
	}
}

// take returns the next window to send, at a place of the pool that moves on with each, and nil when all are taken.
func (r *run) take(place int) *window {
	next := r.pool.windows[place%len(r.pool.windows)]
	if r.options.Events == 0 {
		return next
	}
	size := int64(next.events)
	switch left := r.left.Add(-size) + size; {
	case left >= size:
		return next
	case left > 0 && r.pool.last != nil && int64(r.pool.last.events) == left:
		return r.pool.last
	}
	return nil
}

func (r *Result) add(other *Result) {
	r.Events += other.Events
	r.Windows += other.Windows
	r.WireBytes += other.WireBytes
	r.InflatedBytes += other.InflatedBytes
	r.Acknowledgements.Add(&other.Acknowledgements)
}

func ownCPU() time.Duration {
	usage, err := process.Observe(os.Getpid())
	if err != nil {
		return 0
	}
	return usage.CPU
}
