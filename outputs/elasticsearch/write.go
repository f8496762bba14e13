package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"github.com/logboom/logboom/internal/elastic"
	"github.com/logboom/logboom/outputs"
)

// mostFruitless is how many requests of one Write may be refused in a row before all that is left waits for the next try.
const mostFruitless = 256

// errPending stands for the outcome of an event that none is known of yet.
var errPending = errors.New("no outcome yet")

// try is one Write on its way.
type try struct {
	*Output
	events   []outputs.Event
	outcomes []error
	// suspects are events that were refused with a request of their own. Whether that is their fault shows when others
	// pass.
	suspects []int
	// passed says that a request passed, fruitless how many did not since.
	passed    bool
	fruitless int
}

// Write writes the events in as few requests as their size allows, and returns an outcome for each.
func (o *Output) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	t := &try{Output: o, events: batch.Events, outcomes: make([]error, len(batch.Events))}
	for i := range t.outcomes {
		t.outcomes[i] = errPending
	}
	err := t.all(ctx)
	t.judge()
	err = o.secrets.Scrub(err)
	for i, outcome := range t.outcomes {
		if outcome == errPending && err != nil { //nolint:errorlint // it is only ever itself
			t.outcomes[i] = err
		}
	}
	return t.outcomes, nil
}

// all sends all events. Its error is the outcome of those that have none then.
func (t *try) all(ctx context.Context) error {
	for from := 0; from < len(t.events); {
		to := from + t.sizes.fitting(t.events[from:])
		if err := t.send(ctx, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// send sends some events, in halves where they are refused together. Its error says that going on is of no use.
func (t *try) send(ctx context.Context, from, to int) error {
	divide, err := t.exchange(ctx, from, to)
	if !divide {
		return err
	}
	if t.fruitless++; t.fruitless >= mostFruitless {
		return err
	}
	if to-from == 1 {
		return nil // it has its outcome; others may fare better
	}
	middle := from + (to-from)/2
	if err := t.send(ctx, from, middle); err != nil {
		return err
	}
	return t.send(ctx, middle, to)
}

// exchange sends one request and takes down what the answer says. divide says that smaller requests may pass, and then the
// error says why this one did not.
func (t *try) exchange(ctx context.Context, from, to int) (divide bool, err error) {
	r, err := t.take()
	if err != nil {
		return false, err
	}
	defer t.release(r)
	if err := t.fill(r, from, to); err != nil || r.count == 0 {
		return false, err
	}
	answer, err := t.post(ctx, r)
	switch {
	case errors.Is(err, elastic.ErrLongAnswer):
		return r.count > 1, err
	case err != nil && ctx.Err() == nil && hungUp(err):
		return t.endedEarly(r, from, to, err)
	case err != nil:
		return false, err
	case answer.Status == http.StatusRequestEntityTooLarge:
		return t.refusedSize(r, from, to, answer)
	case answer.Status == http.StatusBadRequest:
		return t.refusedForm(r, from, to, answer)
	case answer.Status < 200 || answer.Status > 299:
		return false, requestFailure(answer)
	}
	return false, t.settle(answer.Body, from, to, r.count)
}

// fill puts the events that have no outcome yet into a request. Those that can never be written get theirs.
func (t *try) fill(r *request, from, to int) error {
	r.begin()
	for i := from; i < to; i++ {
		if t.outcomes[i] != errPending { //nolint:errorlint // it is only ever itself
			continue
		}
		if err := r.add(t.plan, &t.events[i]); err != nil {
			var permanent *outputs.Permanent
			if !errors.As(err, &permanent) {
				return err
			}
			t.outcomes[i] = err
		}
	}
	return nil
}

// post sends a request. The answer is in its memory.
func (t *try) post(ctx context.Context, r *request) (elastic.Answer, error) {
	ctx, cancel := t.connection.Limit(ctx)
	defer cancel()
	request, err := r.http(ctx, t.plan.path)
	if err != nil {
		return elastic.Answer{}, fmt.Errorf("make a request: %w", err)
	}
	answer, err := t.client.Send(request, elastic.SmallAnswer+int64(r.count)*largestItem, r.answer)
	if err == nil {
		r.answer = answer.Body
	}
	return answer, err
}

// refusedSize takes note of an answer of 413.
func (t *try) refusedSize(r *request, from, to int, answer elastic.Answer) (divide bool, err error) {
	if r.count > 1 {
		t.sizes.tooLarge(r.size)
		return true, answer.Failure()
	}
	t.outcomes[t.pending(from, to)] = &outputs.Permanent{Err: t.secrets.Scrub(answer.Failure())}
	return false, nil
}

// hungUp tells whether the other side ended a connection while it was written to. The client itself may notice and close
// it first.
func hungUp(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed)
}

// endedEarly takes note that the other side ended the connection while it was sent a request. Some do so where one is too
// large, without an answer of 413, or in front of it: smaller ones may pass. A node that has died takes no connection for
// the next one.
func (t *try) endedEarly(r *request, from, to int, err error) (divide bool, _ error) {
	if r.count > 1 {
		t.sizes.tooLarge(r.size)
		return true, err
	}
	t.outcomes[t.pending(from, to)] = t.secrets.Scrub(err)
	return true, err
}

// refusedForm takes note of an answer of 400.
func (t *try) refusedForm(r *request, from, to int, answer elastic.Answer) (divide bool, err error) {
	failure := requestFailure(answer)
	if r.count == 1 {
		i := t.pending(from, to)
		t.suspects = append(t.suspects, i)
		t.outcomes[i] = t.secrets.Scrub(failure)
	}
	return true, failure
}

// pending returns the only event that has no outcome yet.
func (t *try) pending(from, to int) int {
	for i := from; i < to; i++ {
		if t.outcomes[i] == errPending { //nolint:errorlint // it is only ever itself
			return i
		}
	}
	return from
}

// settle takes down the outcomes that an answer of success has. Its error says that the answer is of no use.
func (t *try) settle(body []byte, from, to, count int) error {
	var items []elastic.Item
	if !allDone(body, t.plan.action, count) {
		var err error
		if items, err = itemsOf(body, t.plan.action, count); err != nil {
			return err
		}
	}
	t.passed, t.fruitless = true, 0
	t.sizes.succeeded()
	var last elastic.Item
	var outcome error // of last
	for i, next := from, 0; i < to; i++ {
		if t.outcomes[i] != errPending { //nolint:errorlint // it is only ever itself
			continue
		}
		if items != nil {
			if item := items[next]; next == 0 || !item.Equal(&last) {
				last, outcome = item, t.secrets.Scrub(t.plan.outcomeOf(&item))
			}
			next++
		}
		t.outcomes[i] = outcome
	}
	return nil
}

// judge condemns the suspects where other events passed in the same Write.
func (t *try) judge() {
	if !t.passed {
		return
	}
	for _, i := range t.suspects {
		t.outcomes[i] = &outputs.Permanent{Err: t.outcomes[i]}
	}
}
