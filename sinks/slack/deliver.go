package slack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// manyTransitions are so many that a digest does not wait for more of them.
const manyTransitions = 400

// The kinds of posts.
const (
	kindAlone   = "alone"   // a beginning, or an end without a thread
	kindEnd     = "end"     // an end, in its thread
	kindDetails = "details" // the details of a beginning, in its thread
	kindDigest  = "digest"  // a digest's first message
)

// intent is a post that may be on its way: it is on disk before the request goes out, so that after a crash the message
// is looked for before it is written again. Changes of a message need none: writing them twice does no harm.
type intent struct {
	Kind string `json:"kind"`
	// Marker is what the message is found by.
	Marker string `json:"marker"`
	// Number is the transition's, Episode what a reply belongs to.
	Number  uint64  `json:"number,omitempty"`
	Episode episode `json:"episode,omitempty"`
	// Channel and Thread are where a reply goes.
	Channel string `json:"channel,omitempty"`
	Thread  string `json:"thread,omitempty"`
	// At is when it was made, in nanoseconds.
	At int64 `json:"at"`
}

// errElsewhere is what a job returns that found its place gone, and changed the state so that the next call goes to
// another.
var errElsewhere = errors.New("the message or thread is not there any more")

// job is one request, and what it is for.
type job struct {
	// indices are the transitions of the batch that it shows.
	indices []int
	// intent is nil for a job that changes a message.
	intent *intent
	// run makes the request, and changes the state where it succeeds.
	run func(ctx context.Context) error
	// refused changes the state where Slack does not take what is in the message, and returns the outcome.
	refused func(reason error) error
	// partial says that the transitions are not done by it.
	partial bool
}

// round is one call of Deliver.
type round struct {
	sink     *Sink
	now      time.Time
	batch    []window.Transition
	routes   []route
	outcomes []error
}

// Deliver makes at most one request, as soon as the channel's pace allows, and leaves the rest for the next call. An
// intent takes a call of its own, after which it is committed.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	r := s.newRound(transitions)
	err := r.deliver(ctx)
	for i := range r.outcomes {
		r.outcomes[i] = s.secrets.Scrub(r.outcomes[i])
	}
	return r.outcomes, s.secrets.Scrub(err)
}

func (s *Sink) newRound(batch []window.Transition) *round {
	now := s.options.Now()
	s.state.settled(batch)
	s.state.lately(now)
	r := &round{sink: s, now: now, batch: batch, outcomes: make([]error, len(batch))}
	r.find()
	return r
}

// find routes the batch and sets the outcomes of what is left.
func (r *round) find() {
	r.routes = r.sink.routesOf(r.batch, r.now)
	for i := range r.routes {
		r.outcomes[i] = nil
		if r.routes[i].to != nowhere {
			r.outcomes[i] = sinks.ErrNotTried
		}
	}
}

func (r *round) deliver(ctx context.Context) error {
	if again, err := r.resolve(ctx); again || err != nil {
		return err
	}
	job, err := r.next(ctx)
	if err != nil {
		return err
	}
	if job == nil {
		r.sink.state.Pending = nil // what it was for is no longer there
		return nil
	}
	if !r.committed(job) {
		r.sink.state.Pending, r.sink.untaken = job.intent, true
		return r.uncommitted()
	}
	if err := job.run(ctx); err != nil {
		return r.failed(job, err)
	}
	r.succeeded(job)
	return nil
}

// uncommitted returns what says, where there is no transition to say it, that the state has to be stored first.
func (r *round) uncommitted() error {
	if len(r.batch) == 0 {
		return sinks.ErrNotTried
	}
	return nil
}

// committed tells whether a job may run: its intent is on disk, or it needs none. An intent that is on disk and that no
// job stands behind any more is dropped with the next one's.
func (r *round) committed(j *job) bool {
	pending := r.sink.state.Pending
	return j.intent == nil || pending != nil && pending.Kind == j.intent.Kind && pending.Marker == j.intent.Marker
}

func (r *round) succeeded(j *job) {
	if j.intent != nil {
		r.sink.state.Pending = nil
	}
	if j.partial {
		return
	}
	for _, i := range j.indices {
		r.sink.state.done(r.batch[i].Number)
		r.outcomes[i] = nil
	}
}

// failed takes note of a request that failed. Slack's word against the message itself settles the job; any other
// failure leaves it, and where the message may have been taken all the same it is looked for first.
func (r *round) failed(j *job, err error) error {
	switch {
	case errors.Is(err, errElsewhere):
		r.sink.state.Pending = nil
		return r.uncommitted()
	case isMessageError(err):
		outcome := j.refused(err)
		r.succeeded(j)
		for _, i := range j.indices {
			if !j.partial {
				r.outcomes[i] = outcome
			}
		}
		return nil
	}
	if j.intent != nil {
		r.sink.untaken = !perhapsTaken(err)
	}
	return r.fail(j.indices, err)
}

// fail returns an error for the sink's own work, or leaves it with the transitions that it is about.
func (r *round) fail(indices []int, err error) error {
	if len(indices) == 0 {
		return err
	}
	for _, i := range indices {
		r.outcomes[i] = err
	}
	return nil
}

// next returns the next thing to do, nil for nothing. What has to be shown in a digest waits here for the digest's pace.
func (r *round) next(ctx context.Context) (*job, error) {
	if j := r.begun(); j != nil {
		return j, nil
	}
	if j := r.upkeep(lateness); j != nil {
		return j, nil
	}
	digests := r.digests()
	if len(digests) > 0 && digests[0].living && !r.now.Before(r.ready(digests[0].digest)) {
		return r.fold(digests[0]), nil
	}
	for i := range r.routes {
		switch r.routes[i].to {
		case alone:
			return r.post(i), nil
		case inThread:
			return r.end(i), nil
		}
	}
	if len(digests) == 0 {
		return r.upkeep(0), nil
	}
	if len(digests[0].indices) >= manyTransitions {
		return r.fold(digests[0]), nil
	}
	return r.fold(digests[0]), r.pause(ctx, r.ready(digests[0].digest))
}

// begun returns the job of the transition whose post is pending: it is not left for another, for where nothing can be
// looked up its message may be there.
func (r *round) begun() *job {
	pending := r.sink.state.Pending
	if pending == nil {
		return nil
	}
	for _, i := range r.indicesOf(pending) {
		switch r.routes[i].to {
		case alone:
			return r.post(i)
		case inThread:
			return r.end(i)
		}
	}
	return nil
}

func (r *round) pause(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(until.Sub(r.now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the pace of the digest: %w", ctx.Err())
	}
}
