package kafka

import (
	"sync"
	"time"
)

const (
	// quiet is how long a line that was logged is not logged again.
	quiet = 30 * time.Second
	// maxLines bounds what the limiter remembers; beyond it, all other lines share one allowance.
	maxLines = 256
)

// limiter lets each kind of log line through once in a while. It is safe for concurrent use.
type limiter struct {
	mu    sync.Mutex
	lines map[string]*lineState
}

type lineState struct {
	last       time.Time
	suppressed int
}

// allow tells whether the line named key may be logged at the time now, and how many were held back since the last.
func (l *limiter) allow(key string, now time.Time) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines == nil {
		l.lines = make(map[string]*lineState)
	}
	state := l.lines[key]
	if state == nil && len(l.lines) >= maxLines {
		key = ""
		state = l.lines[key]
	}
	if state == nil {
		l.lines[key] = &lineState{last: now}
		return 0, true
	}
	if now.Sub(state.last) < quiet {
		state.suppressed++
		return 0, false
	}
	suppressed = state.suppressed
	*state = lineState{last: now}
	return suppressed, true
}
