package lumberjack

import (
	"context"
	"sync"
)

// mostUnanswered is how many windows of a connection may wait for their acknowledgement while another one is read. It is
// Filebeat's default of pipelining: one whose acknowledgement is on its way and one that is being made durable. More
// would take memory and let no Filebeat send faster.
const mostUnanswered = 2

// answers are the windows of one connection that were handled and have no acknowledgement yet. Each waits for the one
// before it. All methods belong to the connection's goroutine.
type answers struct {
	waiting []chan struct{} // one for each, closed when it was answered; the oldest first
	running sync.WaitGroup
}

// room waits until another window may be read, or returns why the connection is over.
func (a *answers) room(ctx context.Context) error {
	for a.any() && len(a.waiting) >= mostUnanswered {
		select {
		case <-a.waiting[0]:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// any says whether there is one.
func (a *answers) any() bool {
	for len(a.waiting) > 0 {
		select {
		case <-a.waiting[0]:
			a.waiting = append(a.waiting[:0], a.waiting[1:]...)
		default:
			return true
		}
	}
	return false
}

// add has a window answered after those before it: at once where there are none and it need not wait, or else while the
// connection reads on.
func (a *answers) add(answer func()) {
	var before chan struct{}
	if len(a.waiting) > 0 {
		before = a.waiting[len(a.waiting)-1]
	}
	done := make(chan struct{})
	a.waiting = append(a.waiting, done)
	a.running.Go(func() {
		defer close(done)
		if before != nil {
			<-before
		}
		answer()
	})
}

// wait returns when all are answered.
func (a *answers) wait() { a.running.Wait() }
