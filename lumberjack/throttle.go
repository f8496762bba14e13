package lumberjack

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// throttleTime is the time between two log lines of one kind.
const throttleTime = 10 * time.Second

// throttle lets one log line of each kind through in throttleTime, with how many were left out since the last one. The
// kinds are words of this package, so there are few. It is safe for concurrent use.
type throttle struct {
	logger zerolog.Logger
	mutex  sync.Mutex
	kinds  map[string]*throttled
}

// throttled is one kind of line.
type throttled struct {
	last     time.Time
	left     uint64
	everSeen bool
}

// warn returns an event to fill in and send, or nil, which does nothing, when this kind was logged just now.
func (t *throttle) warn(kind string) *zerolog.Event {
	left, ok := t.allow(kind, time.Now())
	if !ok {
		return nil
	}
	event := t.logger.Warn() //nolint:zerologlint // the caller fills it in and sends it
	if left > 0 {
		event = event.Uint64("left_out", left)
	}
	return event
}

// allow says whether a line of that kind may be logged now, and how many were left out before.
func (t *throttle) allow(kind string, now time.Time) (left uint64, ok bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.kinds == nil {
		t.kinds = make(map[string]*throttled)
	}
	k := t.kinds[kind]
	if k == nil {
		k = new(throttled)
		t.kinds[kind] = k
	}
	if k.everSeen && now.Sub(k.last) < throttleTime {
		k.left++
		return 0, false
	}
	left = k.left
	*k = throttled{last: now, everSeen: true}
	return left, true
}
