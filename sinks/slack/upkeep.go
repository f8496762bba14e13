package slack

import (
	"slices"
	"time"
)

// lateness is how long the sink's own work may wait behind transitions.
const lateness = 30 * time.Second

// upkeep returns what the sink has to do of its own and that is overdue by the given time: a digest to be closed, or,
// where nothing else is to be done, details that a thread lacks.
func (r *round) upkeep(overdue time.Duration) *job {
	state := &r.sink.state
	for _, d := range state.Digests {
		due := d.due()
		if due.IsZero() || r.now.Before(due.Add(overdue)) || r.feeds(d) {
			continue
		}
		switch {
		case d.Over != 0:
			confirmed := d.clone()
			confirmed.Unsure = false
			return r.show(confirmed, nil)
		case d.roll(r.now, r.sink.options.StormThreshold):
			closed := d.clone()
			closed.Over = r.now.UnixNano()
			return r.show(closed, nil)
		}
	}
	if t := state.owed(); t != nil && len(r.batch) == 0 && r.sink.untilSpare() == 0 {
		return r.details(t)
	}
	return nil
}

// spare is how many messages must be allowed at once before one goes out that nobody is waiting for, so that the next
// alert has not to wait for it.
const spare = 2

// untilSpare returns how long it is until then.
func (s *Sink) untilSpare() time.Duration {
	missing := spare - s.limiter.Tokens()
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing*float64(s.options.Interval)) + time.Millisecond
}

// feeds tells whether transitions of the batch go into a digest. They come first: closed without them, it would have to
// begin again.
func (r *round) feeds(d *digest) bool {
	return slices.ContainsFunc(r.routes, func(to route) bool { return to.digest == d })
}

// Due implements sinks.Continuing.
func (s *Sink) Due() time.Time {
	if s.state.Pending != nil {
		return s.options.Now()
	}
	var earliest time.Time
	if s.state.owed() != nil {
		earliest = s.options.Now().Add(s.untilSpare())
	}
	for _, d := range s.state.Digests {
		if due := d.due(); !due.IsZero() && (earliest.IsZero() || due.Before(earliest)) {
			earliest = due
		}
	}
	return earliest
}
