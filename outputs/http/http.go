package http

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/post"
)

// mostRefusals is how many events may be refused in a row, with none taken, before it is not the events that are wrong.
const mostRefusals = 100

// Output posts events to an endpoint. It is an outputs.Concurrent.
type Output struct {
	options Options
	client  *post.Client
	encoder encoder
	// refusals counts the events that were refused since one was taken.
	refusals atomic.Int64
}

var _ outputs.Concurrent = (*Output)(nil)

// New returns an output. It connects to nothing yet; its error names every mistake in the options.
func New(options Options) (*Output, error) {
	options.setDefaults()
	client, err := options.client()
	if err := errors.Join(options.validate(), err); err != nil {
		return nil, err
	}
	return &Output{options: options, client: client, encoder: encoder{format: options.Format, level: options.Compression}}, nil
}

// String returns no more than the type's name, because an Output holds secrets.
func (*Output) String() string { return "http.Output" }

// GoString returns String.
func (o *Output) GoString() string { return o.String() }

// Concurrency is how many Writes may be under way at a time.
func (o *Output) Concurrency() int { return o.options.Concurrency }

// Write posts the events in one request, or in several where the receiver does not take all of them at once.
func (o *Output) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	outcomes := make([]error, len(batch.Events))
	if len(outcomes) == 0 {
		return outcomes, nil
	}
	o.post(ctx, batch.Events, outcomes)
	return outcomes, nil
}

// post posts events and sets their outcomes. It tells whether it is worth while to go on with others.
func (o *Output) post(ctx context.Context, events []outputs.Event, outcomes []error) bool {
	err := o.request(ctx, events)
	refusal, isRefusal := errors.AsType[*refused](err)
	switch {
	case err == nil:
		o.refusals.Store(0)
		return true
	case isRefusal && len(events) > 1:
		half := len(events) / 2
		if o.post(ctx, events[:half], outcomes[:half]) {
			return o.post(ctx, events[half:], outcomes[half:])
		}
		set(outcomes[half:], outputs.ErrNotTried)
		return false
	case isRefusal:
		outcomes[0] = o.judge(refusal)
		return isPermanent(outcomes[0])
	}
	set(outcomes, err)
	return false
}

// refused says that there is something in a request that is not taken.
type refused struct {
	err   error
	large bool
}

func (r *refused) Error() string { return r.err.Error() }

// judge returns what the refusal of a single event means.
func (o *Output) judge(refusal *refused) error {
	if refusal.large {
		return &outputs.Permanent{Err: fmt.Errorf("the event is too large for the receiver: %w", refusal.err)}
	}
	if o.refusals.Add(1) <= mostRefusals {
		return &outputs.Permanent{Err: refusal.err}
	}
	return &outputs.Blocked{Err: fmt.Errorf("no event is taken, whichever it is: check the address and the format: %w", refusal.err)}
}

func isPermanent(err error) bool {
	_, permanent := errors.AsType[*outputs.Permanent](err)
	return permanent
}

func set(outcomes []error, err error) {
	for i := range outcomes {
		outcomes[i] = err
	}
}

// request posts events in one request. Its error is a *refused where it lies in the events.
func (o *Output) request(ctx context.Context, events []outputs.Event) error {
	body, err := o.encoder.body(events)
	if err != nil {
		return err
	}
	answer, err := o.client.Post(ctx, o.options.URL, o.encoder.header(events), body)
	if err != nil {
		return fmt.Errorf("post events: %w", err)
	}
	return o.outcome(answer)
}

// outcome tells what an answer means, without any secret that the receiver may have sent back.
func (o *Output) outcome(answer post.Answer) error {
	err := answer.Outcome()
	if err == nil {
		return nil
	}
	said := o.client.Scrub(fmt.Errorf("post events: %w", answer.Error()))
	switch answer.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return &refused{err: said}
	case http.StatusRequestEntityTooLarge:
		return &refused{err: said, large: true}
	case http.StatusConflict: // to an Idempotency-Key: the first request of that key is still being worked on
		return sinks.WithRetryAfter(said, answer.Header, o.options.Now())
	}
	if isPermanent(err) {
		return &outputs.Blocked{Err: said}
	}
	return o.client.Scrub(fmt.Errorf("post events: %w", err))
}

// Close closes the connections.
func (o *Output) Close() error {
	o.client.Close()
	return nil
}

// Check asks whether the endpoint can be reached, by OPTIONS: it sends no event. Few endpoints answer OPTIONS with anything
// but an error, so all that counts is that one answers, is not failing, and does not turn the credentials away.
func (o *Output) Check(ctx context.Context) error {
	answer, err := o.client.Do(ctx, http.MethodOptions, o.options.URL, nil, nil)
	if err != nil {
		return fmt.Errorf("ask the endpoint: %w", err)
	}
	refused := answer.Status == http.StatusUnauthorized || answer.Status == http.StatusProxyAuthRequired
	failing := answer.Status >= 500 && answer.Status != http.StatusNotImplemented
	if refused || failing || answer.Status >= 300 && answer.Status <= 399 {
		return o.client.Scrub(fmt.Errorf("ask the endpoint: %w", answer.Error()))
	}
	return nil
}
