package outputs

import (
	"time"

	"github.com/logboom/logboom/internal/delivery"
)

// trouble is one activity of a Delivery, a load that is written, the reading, a store of the cursor, that may fail, be tried again,
// and succeed. Several go on at a time: the output is well when none of them fails. The zero value is well.
type trouble struct{ failing, blocked bool }

// failed takes note of a failure.
func (d *Delivery) failed(t *trouble, err error) {
	now := d.options.Now()
	d.changed(func(s *status) {
		s.end(t)
		t.failing, t.blocked = true, delivery.IsBlocked(err)
		s.failing++
		if t.blocked {
			s.blocked++
		}
		s.failures++
		s.lastError, s.lastErrorTime = err.Error(), now
		if s.failingSince.IsZero() {
			s.failingSince = now
		}
		s.judge()
		d.condition.Failed(err, uint64(len(d.inFlight)))
	})
}

// succeeded takes note that an activity came to its end.
func (d *Delivery) succeeded(t *trouble) {
	d.changed(func(s *status) {
		s.end(t)
		if s.failing > 0 || s.gaveUp || s.failingSince.IsZero() {
			s.judge()
			return
		}
		s.state = StateOK
		s.failingSince = time.Time{}
		d.condition.Recovered()
	})
}

// wroteLoad takes note that all of a load was written: what was given up before, for being too far behind, is no sign any more that
// nothing gets through.
func (d *Delivery) wroteLoad(t *trouble) {
	d.changed(func(s *status) { s.gaveUp = false })
	d.succeeded(t)
}

// gaveUp takes note that an activity ends without success. The output goes on as failing until a load is written.
func (d *Delivery) gaveUp(t *trouble) {
	d.changed(func(s *status) {
		s.gaveUp = true
		s.end(t)
		s.judge()
	})
}

// end takes an activity out of the account.
func (s *status) end(t *trouble) {
	if t.failing {
		s.failing--
	}
	if t.blocked {
		s.blocked--
	}
	*t = trouble{}
}

// judge finds the state while something fails.
func (s *status) judge() {
	switch {
	case s.blocked > 0:
		s.state = StateBlocked
	case !s.failingSince.IsZero():
		s.state = StateRetrying
	}
}
