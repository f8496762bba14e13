package slack

import (
	"context"

	"github.com/logboom/logboom/window"
)

// resolve looks for a message of which it is not known whether Slack took it. It tells whether that was all for now.
func (r *round) resolve(ctx context.Context) (again bool, err error) {
	s := r.sink
	pending := s.state.Pending
	if pending == nil || s.untaken {
		return false, nil
	}
	found, err := s.find(ctx, pending)
	if err != nil {
		return true, r.fail(r.indicesOf(pending), err)
	}
	s.untaken = true
	if found.TS == "" {
		return false, nil
	}
	r.adopt(pending, found)
	return true, nil
}

// adopt takes a message that was found for the one that was to be posted.
func (r *round) adopt(pending *intent, found place) {
	s := r.sink
	s.state.Pending = nil
	indices := r.indicesOf(pending)
	switch pending.Kind {
	case kindAlone:
		for _, i := range indices {
			r.shown(&r.batch[i], found)
			s.state.done(r.batch[i].Number)
			r.outcomes[i] = nil
		}
	case kindEnd:
		if t := s.state.thread(pending.Episode); t != nil {
			t.Told = true
		}
	case kindDetails:
		if t := s.state.thread(pending.Episode); t != nil {
			t.Owed = nil
		}
	case kindDigest:
		r.adoptDigest(pending, found)
	}
}

// adoptDigest begins a digest whose message is there already, with numbers that nobody has committed: they are counted
// afresh.
func (r *round) adoptDigest(pending *intent, found place) {
	for i := range r.routes {
		if d := r.routes[i].digest; d != nil && d.ID == pending.Marker {
			adopted := d.clone()
			adopted.place, adopted.Unsure = found, true
			r.sink.state.replace(adopted)
			return
		}
	}
	// What it was made for goes elsewhere now: it is one to be closed, with nothing in it.
	empty := newDigest(&window.Transition{Time: pending.At}, false, r.now)
	empty.ID, empty.place, empty.WindowEnd = pending.Marker, found, r.now.UnixNano()
	r.sink.state.replace(empty)
}

// indicesOf returns the transition that an intent is about.
func (r *round) indicesOf(pending *intent) []int {
	for i := range r.batch {
		if pending.Number != 0 && r.batch[i].Number == pending.Number {
			return []int{i}
		}
	}
	return nil
}
