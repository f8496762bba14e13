package outputs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/logboom/logboom/internal/delivery"
)

// idleCursor is how often the cursor is stored while nothing is written, because no event is chosen, and idleBytes from how much of the
// journal on it is stored sooner: the journal is kept for it, and a full one takes no events.
const (
	idleCursor = 10 * time.Second
	idleBytes  = 1 << 20
)

// longestLocalWait bounds the waits between tries of what is on this machine. Asking the disk costs nothing, and until a cursor is
// stored all that is in flight would come again after a kill.
const longestLocalWait = time.Second

// load returns an empty load.
func (d *Delivery) load() *load {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if last := len(d.free) - 1; last >= 0 {
		l := d.free[last]
		d.free = d.free[:last]
		return l
	}
	return new(load)
}

// recycle keeps a load for later, unless it grew beyond what most need. The mutex is held.
func (d *Delivery) recycle(l *load) {
	l.reset()
	if cap(l.bytes) <= 3*d.options.BatchBytes {
		d.free = append(d.free, l)
	}
}

// flush has what is being filled written, as soon as there is a slot. through is up to where all was read. It returns an error
// only when ctx ended.
func (d *Delivery) flush(ctx context.Context, through place) error {
	l := d.filling
	if l == nil {
		return d.passOver(ctx, through)
	}
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	d.filling, d.passed = nil, false
	l.through = through
	l.seal(d.encoder.texts)
	d.mutex.Lock()
	d.inFlight = append(d.inFlight, l)
	d.mutex.Unlock()
	d.running.Go(func() { d.write(ctx, l) })
	return nil
}

// passOver moves the cursor over records of which nothing is written. It is stored now and then.
func (d *Delivery) passOver(ctx context.Context, through place) error {
	d.mutex.Lock()
	busy := len(d.inFlight) > 0
	due := d.options.Now().Sub(d.status.cursorStored) >= idleCursor || d.log.Behind(d.status.after) >= idleBytes
	d.mutex.Unlock()
	if d.passed = busy || !due; d.passed {
		return nil
	}
	return d.storeCursor(ctx, through)
}

// write has a load written, however long that takes, and moves the cursor. It returns before that only when ctx ended.
func (d *Delivery) write(ctx context.Context, l *load) {
	retry := delivery.NewRetry(d.options.RetryMin, d.options.RetryMax)
	remaining := l.batch
	var writing trouble
	for first := true; ; first = false {
		if !first {
			d.changed(func(s *status) { s.retries++ })
		}
		tried := d.attempt(ctx, &remaining)
		if err := d.setAside(ctx, tried.refused); err != nil {
			return
		}
		d.wrote(tried)
		if len(tried.left) == 0 {
			d.wroteLoad(&writing)
			break
		}
		if tried.failure != nil {
			d.failed(&writing, tried.failure)
		}
		if d.giveUp(l, &writing, tried.left) {
			break
		}
		if len(tried.left) < len(remaining.Events) {
			retry.Succeeded()
		}
		remaining = batchOf(tried.left)
		if tried.failure == nil {
			continue // only left alone because of one before, which is done now
		}
		if d.wait(ctx, retry, tried.failures, l) != nil {
			d.leave(ctx, l, remaining.Events[0].ID)
			return
		}
		if d.giveUp(l, &writing, tried.left) {
			break
		}
	}
	d.finish(ctx, l)
}

// giveUp says whether a load is too far behind to be tried again, and takes note of what is missed then.
func (d *Delivery) giveUp(l *load, writing *trouble, left []Event) bool {
	if !d.isGivenUp(l) {
		return false
	}
	d.missed(len(left))
	d.gaveUp(writing)
	return true
}

// isGivenUp says whether a load that could not be written is given up: it is too far behind, or the journal is full, which takes no
// events until there is room, so that nothing would fall behind any further.
func (d *Delivery) isGivenUp(l *load) bool {
	return d.tooFarBehind(l.through.record) || d.options.MostBehind > 0 && d.log.Full()
}

// behindInterval is how often a load that waits for its next try is looked at whether it is too far behind for one.
const behindInterval = 100 * time.Millisecond

// wait waits for the next try of a load, which may be minutes away, or until the load is too far behind for one: the journal must
// not fill up meanwhile for events that may be missed. It returns an error only when ctx ended.
func (d *Delivery) wait(ctx context.Context, retry *delivery.Retry, failures []error, l *load) error {
	if d.options.MostBehind <= 0 {
		return retry.Wait(ctx, failures)
	}
	waiting, enough := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(behindInterval)
		defer ticker.Stop()
		for !d.isGivenUp(l) {
			select {
			case <-ticker.C:
			case <-waiting.Done():
				return
			}
		}
		enough()
	})
	_ = retry.Wait(waiting, failures) // it was either enough or ctx that ended
	enough()
	watching.Wait()
	return ctx.Err()
}

// leave stores how far a load came that is not done when ctx ends, so that what stands before the first event that is left does not
// come again. A Stateful output knows by itself.
func (d *Delivery) leave(ctx context.Context, l *load, first ID) {
	if _, stateful := d.output.(Stateful); stateful {
		return
	}
	d.mutex.Lock()
	oldest := d.inFlight[0] == l
	d.mutex.Unlock()
	if oldest {
		_ = d.storeCursor(ctx, place{first.Record - 1, first.Index}) // it is tried once, since ctx ended
	}
}

// attempt is what became of some events in one try.
type attempt struct {
	done     int
	bytes    int
	oldest   int64 // arrival of the oldest that was done
	refused  []refusal
	left     []Event
	failures []error
	failure  error // the first that is one
}

// refusal is an event that was refused for good.
type refusal struct {
	event  Event
	reason error
}

// attempt gives the output the events once and sorts what became of them.
func (d *Delivery) attempt(ctx context.Context, batch *Batch) (tried attempt) {
	var outcomes []error
	err := delivery.Guard(func() (err error) {
		outcomes, err = d.output.Write(ctx, batch)
		return err
	})
	if noticing, ok := d.output.(Noticing); ok {
		d.changed(func(s *status) { s.notice = noticing.Notice() })
	}
	if err == nil && len(outcomes) != len(batch.Events) {
		err = fmt.Errorf("the output returned %d outcomes for %d events", len(outcomes), len(batch.Events))
	}
	for i := range batch.Events {
		outcome := err
		if err == nil {
			outcome = outcomes[i]
		}
		tried.add(&batch.Events[i], outcome)
	}
	return tried
}

func (a *attempt) add(event *Event, outcome error) {
	switch {
	case outcome == nil:
		a.done++
		a.bytes += len(event.Body)
		if a.oldest == 0 || event.Origin.Arrival < a.oldest {
			a.oldest = event.Origin.Arrival
		}
	case delivery.IsPermanent(outcome):
		a.refused = append(a.refused, refusal{*event, outcome})
	default:
		a.left = append(a.left, *event)
		if errors.Is(outcome, ErrNotTried) {
			return
		}
		if a.failure == nil {
			a.failure = outcome
		}
		if len(a.failures) == 0 || a.failures[len(a.failures)-1] != outcome { //nolint:errorlint // the same value many times
			a.failures = append(a.failures, outcome)
		}
	}
}

// batchOf returns a batch of events that have to be tried again.
func batchOf(events []Event) Batch {
	batch := Batch{Events: events}
	for i := range events {
		batch.Bytes += len(events[i].Body)
	}
	return batch
}

// setAside keeps refused events, as long as that takes. It returns an error only when ctx ended before.
func (d *Delivery) setAside(ctx context.Context, refused []refusal) error {
	if len(refused) == 0 {
		return nil
	}
	letters := make([]DeadLetter, len(refused))
	for i, r := range refused {
		letters[i] = d.deadLetter(r)
	}
	err := d.until(ctx, func() error {
		// Writing is short and local; an ended ctx must not make a refused event come back for ever.
		if err := d.options.DeadLetters(context.WithoutCancel(ctx), letters); err != nil {
			return fmt.Errorf("write dead letters: %w", err)
		}
		return nil
	})
	if err == nil {
		d.refused(letters)
	}
	return err
}

// finish moves the cursor behind a load that is done, if all before it are. Only then are there slots again: what is done and
// has no cursor behind it would come again after a kill, so there must not be more and more of it.
func (d *Delivery) finish(ctx context.Context, l *load) {
	d.mutex.Lock()
	through, done := d.pop(l)
	d.mutex.Unlock()
	if done > 0 {
		_ = d.storeCursor(ctx, through) // ctx ended
	}
	for range done {
		<-d.slots
	}
}

// pop takes away the loads from the oldest on that are done, and returns how many those are, and up to where all is done. The
// mutex is held.
func (d *Delivery) pop(l *load) (through place, done int) {
	l.done = true
	for len(d.inFlight) > 0 && d.inFlight[0].done {
		through, done = d.inFlight[0].through, done+1
		d.recycle(d.inFlight[0])
		d.inFlight[0] = nil
		d.inFlight = d.inFlight[1:]
	}
	return through, done
}

// storeCursor makes the cursor last, unless one that is further on did already. It returns an error only when ctx ended.
func (d *Delivery) storeCursor(ctx context.Context, through place) error {
	d.storing.Lock()
	defer d.storing.Unlock()
	if !through.isBehind(d.stored) {
		return nil
	}
	state := through.state()
	if stateful, ok := d.output.(Stateful); ok {
		if through.events > 0 {
			return nil // its state does not tell of the middle of a record
		}
		state = stateful.State()
	}
	err := d.until(ctx, func() error { return d.log.StoreCursor(d.name, through.record, state) })
	if err == nil {
		d.stored = through
		d.changed(func(s *status) { s.after, s.cursorStored = through.record, d.options.Now() })
	}
	return err
}

// until tries an operation of the journal or the disk until it succeeds, at least once. It returns an error only when ctx
// ended.
func (d *Delivery) until(ctx context.Context, operation func() error) error {
	retry := delivery.NewRetry(min(d.options.RetryMin, longestLocalWait), min(d.options.RetryMax, longestLocalWait))
	var trying trouble
	for {
		err := delivery.Guard(operation)
		if err == nil {
			if trying.failing {
				d.succeeded(&trying)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.failed(&trying, err)
		if err := retry.Wait(ctx, []error{err}); err != nil {
			return err
		}
	}
}

// pause waits after the journal could not be read.
func (d *Delivery) pause(ctx context.Context, err error) error {
	d.failed(&d.reading, err)
	return delivery.NewRetry(d.options.RetryMin, d.options.RetryMax).Wait(ctx, []error{err})
}
