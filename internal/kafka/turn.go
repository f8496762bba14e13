package kafka

import (
	"context"
	"sync"
	"time"
)

// turn is the time between a poll and the AllowRebalance after it, in which the group must wait for this member. It
// takes the group's wish to rebalance from franz-go's goroutine to the loop. The zero value needs begin.
type turn struct {
	grace time.Duration

	mu      sync.Mutex
	wish    chan struct{}
	wishing bool
	expired bool
	cancel  context.CancelCauseFunc
	timer   *time.Timer
}

// begin starts a turn without a wish.
func (t *turn) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wish, t.wishing, t.expired = make(chan struct{}), false, false
}

// end ends it.
func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	t.wish, t.wishing, t.expired = nil, false, false
}

// want says that the group wishes to rebalance. It is called from any goroutine; a call outside a turn is forgotten.
func (t *turn) want() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wish == nil || t.wishing {
		return
	}
	t.wishing = true
	close(t.wish)
	t.timer = time.AfterFunc(t.grace, t.expire)
}

// expire ends the context that is in use, and those that are asked for later in the turn.
func (t *turn) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.wishing {
		return
	}
	t.expired = true
	if t.cancel != nil {
		t.cancel(errRebalance)
	}
}

// wanted is closed as soon as the group wishes to rebalance.
func (t *turn) wanted() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wish
}

// context returns a context for a handler that ends with the grace, and a function that releases it.
func (t *turn) context(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cancel = cancel
	if t.expired {
		cancel(errRebalance)
	}
	return ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.cancel = nil
		cancel(nil)
	}
}
