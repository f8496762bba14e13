package slack

import (
	"context"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

func permanent(reason error) error { return &sinks.Permanent{Err: reason} }

// post returns the job that shows a transition in a message of its own.
func (r *round) post(i int) *job {
	s, t := r.sink, &r.batch[i]
	j := &job{indices: []int{i}, refused: permanent}
	j.run = func(ctx context.Context) error {
		content := s.full(*t)
		if t.State == window.Active && s.threads() {
			content = s.head(*t)
		}
		at, err := s.write(ctx, content.marked("logboom_alert", t.ID), t)
		if err == nil {
			r.shown(t, at)
		}
		return err
	}
	if s.threads() {
		j.intent = &intent{Kind: kindAlone, Marker: t.ID, Number: t.Number, At: r.now.UnixNano()}
	}
	return j
}

// shown takes note of a message of its own.
func (r *round) shown(t *window.Transition, at place) {
	r.sink.state.began(r.now)
	if t.State == window.Active && r.sink.threads() {
		r.sink.state.open(at, *t)
	}
}

// end returns the job that tells the end of an episode in its thread, or, where that is done, the one that brings its
// message up to date.
func (r *round) end(i int) *job {
	if r.routes[i].thread.Told {
		return r.update(i)
	}
	s, t, thread := r.sink, &r.batch[i], r.routes[i].thread
	j := &job{indices: []int{i}, partial: true}
	content := s.full(*t).marked("logboom_alert", t.ID)
	if thread.Owed != nil {
		content = s.whole(*t).marked("logboom_alert", t.ID)
	}
	j.intent = &intent{Kind: kindEnd, Marker: t.ID, Number: t.Number, Episode: thread.Episode, At: r.now.UnixNano()}
	if !thread.Moved {
		content.Channel, j.intent.Channel = thread.Channel, thread.Channel
	}
	if !thread.Closed {
		content.Thread, j.intent.Thread = thread.TS, thread.TS
	}
	j.run = func(ctx context.Context) error {
		_, err := s.write(ctx, content, t)
		if closed(err) && !thread.Closed {
			thread.Closed = true
			return errElsewhere
		}
		if err == nil {
			thread.Told, thread.Owed = true, nil
		}
		return err
	}
	j.refused = func(reason error) error {
		thread.Told, thread.Refused = true, reason.Error()
		return nil
	}
	return j
}

// update returns the job that shows in the message of an episode that it is over.
func (r *round) update(i int) *job {
	s, t, thread := r.sink, &r.batch[i], r.routes[i].thread
	finish := func() error {
		s.state.close(thread)
		if thread.Refused != "" {
			return permanent(refusal(thread.Refused))
		}
		return nil
	}
	j := &job{indices: []int{i}}
	j.run = func(ctx context.Context) error {
		err := s.change(ctx, thread.place, s.head(*t), t)
		if fixed(err) || thread.Moved && sinks.IsBlocked(err) {
			s.options.Logger.Debug().Err(s.secrets.Scrub(err)).Str("id", t.ID).
				Msg("the message of an alert that ended cannot be changed; its end was told in a message of its own")
			err = nil
		}
		if err != nil {
			return err
		}
		if thread.Refused != "" {
			return &messageError{refusal(thread.Refused)}
		}
		return finish()
	}
	j.refused = func(error) error { return finish() }
	return j
}

// refusal is the reason for which a message was refused, as it was kept.
type refusal string

func (r refusal) Error() string { return string(r) }

// details returns the job that puts the details of a beginning into its thread.
func (r *round) details(thread *thread) *job {
	s, t := r.sink, thread.Owed
	marker := t.ID + "-details"
	content := s.details(*t).marked("logboom_details", marker)
	content.Channel, content.Thread = thread.Channel, thread.TS
	j := &job{intent: &intent{
		Kind: kindDetails, Marker: marker, Episode: thread.Episode, Channel: thread.Channel, Thread: thread.TS,
		At: r.now.UnixNano(),
	}}
	j.run = func(ctx context.Context) error {
		_, err := s.write(ctx, content, nil)
		if closed(err) {
			err = nil // somebody removed or closed the thread: nobody misses them
		}
		if err == nil {
			thread.Owed = nil
		}
		return err
	}
	j.refused = func(reason error) error {
		s.options.Logger.Warn().Err(s.secrets.Scrub(reason)).Str("id", t.ID).
			Msg("the receiver refused the details of an alert, which itself is shown")
		thread.Owed = nil
		return nil
	}
	return j
}
