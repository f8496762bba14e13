package sinks

import (
	"time"

	"github.com/rs/zerolog"
)

// How often a sink that keeps failing may say so: soon where the reason changed, seldom where it did not.
const (
	changeInterval   = 10 * time.Second
	reminderInterval = 5 * time.Minute
)

// condition turns a stream of failures into few log lines: one when it begins, one when the reason changes, a reminder
// now and then, and one when it is over. Only the delivery's goroutine uses it.
type condition struct {
	log    zerolog.Logger
	now    func() time.Time
	since  time.Time // when the failures began; zero while all is well
	logged time.Time // when the last line was written
	reason string    // what it said
	tries  uint64
}

func (c *condition) failed(err error, waiting uint64) {
	now := c.now()
	if c.since.IsZero() {
		c.since, c.logged, c.reason, c.tries = now, time.Time{}, "", 0
	}
	c.tries++
	if !c.due(now, err.Error()) {
		return
	}
	c.logged, c.reason = now, err.Error()
	line := c.log.Warn().Err(err).Time("since", c.since).Uint64("tries", c.tries).Uint64("waiting", waiting)
	if stack := stackOf(err); stack != nil {
		line = line.Bytes("stack", stack)
	}
	line.Msg("alerts are not delivered; they are kept, and tried again")
}

func (c *condition) due(now time.Time, reason string) bool {
	switch quiet := now.Sub(c.logged); {
	case c.logged.IsZero():
		return true
	case reason != c.reason:
		return quiet >= changeInterval
	default:
		return quiet >= reminderInterval
	}
}

func (c *condition) recovered() {
	if c.since.IsZero() {
		return
	}
	c.log.Info().Dur("after", c.now().Sub(c.since)).Uint64("tries", c.tries).Msg("alerts are delivered again")
	c.since = time.Time{}
}

// refusals says that alerts were refused for good, at most once in changeInterval.
type refusals struct {
	log    zerolog.Logger
	now    func() time.Time
	logged time.Time
	unsaid uint64
}

func (r *refusals) add(letter DeadLetter) {
	r.unsaid++
	now := r.now()
	if !r.logged.IsZero() && now.Sub(r.logged) < changeInterval {
		return
	}
	r.log.Error().Str("id", letter.ID).Str("reason", letter.Reason).Uint64("refused", r.unsaid).
		Msg("the receiver refused an alert for good; it is among the dead letters")
	r.logged, r.unsaid = now, 0
}
