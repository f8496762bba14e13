package delivery

import (
	"time"

	"github.com/rs/zerolog"
)

// How often a receiver that keeps failing may say so: soon where the reason changed, seldom where it did not.
const (
	// ChangeInterval is the least time between two log lines about the same receiver, also about what it refused.
	ChangeInterval   = 10 * time.Second
	reminderInterval = 5 * time.Minute
)

// Condition turns a stream of failures into few log lines: one when it begins, one when the reason changes, a reminder
// now and then, and one when it is over. It is not safe for concurrent use.
type Condition struct {
	// Log takes the lines, Now is the clock, and What names what is not delivered: "alerts".
	Log  zerolog.Logger
	Now  func() time.Time
	What string

	since  time.Time // when the failures began; zero while all is well
	logged time.Time // when the last line was written
	reason string    // what it said
	tries  uint64
}

// Failed takes note of a failure, and of how much waits behind it.
func (c *Condition) Failed(err error, waiting uint64) {
	now := c.Now()
	if c.since.IsZero() {
		c.since, c.logged, c.reason, c.tries = now, time.Time{}, "", 0
	}
	c.tries++
	if !c.due(now, err.Error()) {
		return
	}
	c.logged, c.reason = now, err.Error()
	line := c.Log.Warn().Err(err).Time("since", c.since).Uint64("tries", c.tries).Uint64("waiting", waiting)
	if stack := StackOf(err); stack != nil {
		line = line.Bytes("stack", stack)
	}
	line.Msg(c.What + " are not delivered; they are kept, and tried again")
}

func (c *Condition) due(now time.Time, reason string) bool {
	switch quiet := now.Sub(c.logged); {
	case c.logged.IsZero():
		return true
	case reason != c.reason:
		return quiet >= ChangeInterval
	default:
		return quiet >= reminderInterval
	}
}

// Recovered takes note that what failed works.
func (c *Condition) Recovered() {
	if c.since.IsZero() {
		return
	}
	c.Log.Info().Dur("after", c.Now().Sub(c.since)).Uint64("tries", c.tries).Msg(c.What + " are delivered again")
	c.since = time.Time{}
}
