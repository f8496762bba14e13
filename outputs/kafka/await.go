package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// silence is how long a Write waits while no broker can be reached.
	silence = 5 * time.Second
	// grace is how long a Write waits for answers after its context ended: what is in flight then is mostly done in
	// milliseconds, and need not be written twice.
	grace = time.Second
)

// patience returns a context that ends, with the reason as its cause, when waiting longer helps nobody: when ctx ends,
// after Options.Timeout, after a while in which no broker answers, or when one refuses the login.
func (o *Output) patience(ctx context.Context) (waiting context.Context, enough func()) {
	waiting, end := context.WithCancelCause(ctx)
	before := o.trouble.heard.Load()
	inSilence := func() bool { return o.trouble.heard.Load() == before }
	o.trouble.onRefusal(func(err error) {
		if inSilence() {
			end(err)
		}
	})
	quiet := time.AfterFunc(silence, func() {
		if inSilence() && o.trouble.because() != nil { // else a connection stands, and the broker takes its time
			end(o.late(silence))
		}
	})
	late := time.AfterFunc(o.options.Timeout, func() { end(o.late(o.options.Timeout)) })
	return waiting, func() {
		o.trouble.onRefusal(nil)
		quiet.Stop()
		late.Stop()
		end(nil)
	}
}

var errNoAnswer = errors.New("the broker does not answer")

// late returns the outcome of what took too long: why, as far as it is known.
func (o *Output) late(after time.Duration) error {
	reason := o.trouble.because()
	if reason == nil {
		reason = errNoAnswer
	}
	return fmt.Errorf("not written within %s, and still being tried: %w", after, reason)
}

// await waits until a job is settled. An error says why it is not; the client goes on with it then. Where going on makes no
// sense, the client is ended, which settles the job.
func (o *Output) await(ctx context.Context, job *job) error {
	waiting, enough := o.patience(ctx)
	defer enough()
	select {
	case <-job.settled:
		return nil
	case <-waiting.Done():
	}
	if ctx.Err() != nil {
		o.finish(job)
		return nil
	}
	outcome := o.outcome("", context.Cause(waiting))
	if !isBlocked(outcome) {
		return outcome
	}
	// The client would try to log in again and again.
	o.drop(outcome)
	<-job.settled
	return nil
}

// finish waits a little for the last answers, and ends the client.
func (o *Output) finish(job *job) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-job.settled:
	case <-timer.C:
		o.drop(context.Canceled)
		<-job.settled
	}
}
