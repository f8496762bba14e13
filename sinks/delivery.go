package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/window"
)

// DefaultBatchSize is how many transitions a sink is given at once where Options say nothing.
const DefaultBatchSize = 500

// Options are the settings of a Delivery. The zero value of each field is its default.
type Options struct {
	// BatchSize is the most transitions given to the sink at once.
	BatchSize int
	// StartAfter is the number behind which a sink begins that has no cursor yet: 0 for all that is in the outbox.
	StartAfter uint64
	// RetryMin and RetryMax bound the waits between tries; the defaults are those of package delivery.
	RetryMin, RetryMax time.Duration
	// Last returns the number of the latest committed transition. With it Stats tell how many wait.
	Last func() uint64
	// Logger takes what an operator has to know; its zero value says nothing.
	Logger zerolog.Logger
	// Now is the clock of Stats and log lines, time.Now by default.
	Now func() time.Time
}

func (o *Options) setDefaults() {
	if o.BatchSize <= 0 {
		o.BatchSize = DefaultBatchSize
	}
	if o.RetryMin <= 0 {
		o.RetryMin = delivery.DefaultRetryMin
	}
	if o.RetryMax <= 0 {
		o.RetryMax = max(delivery.DefaultRetryMax, o.RetryMin)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Delivery drives one sink: it reads what is committed behind the sink's cursor, delivers, tries again what was not
// taken, sets aside what never will be, and stores the cursor. It never gives up and never drops: whatever fails, be it
// the receiver, the outbox or the disk, is tried again until Run's context ends.
type Delivery struct {
	name        string
	sink        Sink
	outbox      Outbox
	cursors     CursorStore
	deadLetters func(context.Context, DeadLetter) error
	options     Options

	retry     *delivery.Retry
	condition *delivery.Condition
	refusals  *refusals
	status    *status
	// The cursor and the sink's state as they were stored last; Run's goroutine alone uses them.
	after uint64
	state []byte
}

// NewDelivery returns the delivery loop of the sink that the cursor store knows by name. The Delivery owns the sink from
// here on. deadLetters must return only after the letter is on disk; it is called again with the same letter when it
// fails, and after a crash before the cursor was stored.
func NewDelivery(
	name string, sink Sink, outbox Outbox, cursors CursorStore,
	deadLetters func(context.Context, DeadLetter) error, options Options,
) *Delivery {
	options.setDefaults()
	return &Delivery{
		name:        name,
		sink:        sink,
		outbox:      outbox,
		cursors:     cursors,
		deadLetters: deadLetters,
		options:     options,
		retry:       delivery.NewRetry(options.RetryMin, options.RetryMax),
		condition:   &delivery.Condition{Log: options.Logger, Now: options.Now, What: "alerts"},
		refusals:    &refusals{log: options.Logger, now: options.Now},
		status:      newStatus(name),
	}
}

// Run delivers until ctx ends, closes the sink, and returns the error of closing it. It stores the cursor for all that
// was done before it returns; what was under way is delivered again by the next Run. Run may be called once.
func (d *Delivery) Run(ctx context.Context) error {
	defer d.status.stopped()
	d.run(ctx)
	if err := delivery.Guard(d.sink.Close); err != nil {
		return fmt.Errorf("close sink %s: %w", d.name, err)
	}
	return nil
}

// Stats returns a snapshot of what happened so far. It is safe to call at any time, from any goroutine.
func (d *Delivery) Stats() Stats {
	stats := d.status.snapshot()
	if d.options.Last != nil {
		stats.Waiting = waiting(d.options.Last(), stats.After)
	}
	return stats
}

func waiting(last, after uint64) uint64 {
	if last < after {
		return 0
	}
	return last - after
}

func (d *Delivery) run(ctx context.Context) {
	if err := d.restore(ctx); err != nil {
		return
	}
	for {
		batch, err := d.next(ctx)
		if err != nil {
			return
		}
		if err := d.deliver(ctx, batch); err != nil {
			return
		}
	}
}

// until tries operation until it succeeds. It returns an error only when ctx ended. The operation is tried at least
// once, so that what is done is written down even when ctx has ended.
func (d *Delivery) until(ctx context.Context, operation func() error) error {
	for failed := false; ; failed = true {
		err := delivery.Guard(operation)
		if err == nil {
			if failed {
				d.recovered()
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.failed(err)
		if err := d.retry.Wait(ctx, []error{err}); err != nil {
			return err
		}
		d.status.retrying()
	}
}

// next waits for transitions. It returns none where the sink has become due.
func (d *Delivery) next(ctx context.Context) (batch []window.Transition, err error) {
	err = d.until(ctx, func() error {
		waiting, cancel := d.untilDue(ctx)
		defer cancel()
		batch, err = d.outbox.Next(waiting, d.after, d.options.BatchSize)
		if err != nil && ctx.Err() == nil && waiting.Err() != nil {
			batch = nil
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the outbox: %w", err)
		}
		return nil
	})
	return batch, err
}

// untilDue returns a context that ends when the sink is due.
func (d *Delivery) untilDue(ctx context.Context) (context.Context, context.CancelFunc) {
	continuing, ok := d.sink.(Continuing)
	if !ok {
		return ctx, func() {}
	}
	due := continuing.Due()
	if due.IsZero() {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, due.Sub(d.options.Now()))
}

// deliver returns once every transition of the batch is delivered or set aside, or with ctx's error when it ends. What a
// sink is called for without transitions is tried once: the next call may bring some.
func (d *Delivery) deliver(ctx context.Context, batch []window.Transition) error {
	last := d.after
	if len(batch) > 0 {
		last = batch[len(batch)-1].Number
	}
	for remaining := batch; ; {
		d.status.pending(len(remaining))
		tried := d.attempt(ctx, remaining)
		stored, err := d.settle(ctx, tried, last)
		if err != nil {
			return err
		}
		progress := len(tried.left) < len(remaining)
		remaining = tried.left
		if len(tried.failures) == 0 {
			d.recovered()
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if progress && !tried.failed() {
			d.recovered()
			continue
		}
		if stored && !tried.failed() {
			if len(batch) == 0 {
				return nil
			}
			continue
		}
		d.failed(tried.failure())
		if err := d.retry.Wait(ctx, tried.failures); err != nil {
			return err
		}
		d.status.retrying()
		if len(batch) == 0 {
			return nil
		}
	}
	d.status.pending(0)
	return nil
}

func (d *Delivery) failed(err error) {
	d.status.failed(d.options.Now(), err)
	d.condition.Failed(err, d.Stats().Waiting)
}

func (d *Delivery) recovered() {
	d.retry.Succeeded()
	d.status.recovered()
	d.condition.Recovered()
}
