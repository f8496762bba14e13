package web

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// errNoAnswer is the error of a room that did not answer in time.
var errNoAnswer = errors.New("does not answer")

// readers own the goroutines that read from rooms.
type readers struct {
	log logs

	mutex   sync.Mutex
	running int
	idle    chan struct{} // closed when nothing runs any more
}

func (r *readers) begin() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.running == 0 {
		r.idle = make(chan struct{})
	}
	r.running++
}

func (r *readers) end() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.running--; r.running == 0 {
		close(r.idle)
	}
}

// wait waits until nothing reads any more, or returns ctx's error.
func (r *readers) wait(ctx context.Context) error {
	r.mutex.Lock()
	idle := r.idle
	r.mutex.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reading reads one thing from one room. A room that hangs, because it holds its lock while it waits for a disk, keeps
// one goroutine waiting and no request. It is safe for concurrent use; nil is a room that is not there.
type reading[T any] struct {
	owner *readers
	room  string
	read  func() T

	mutex sync.Mutex
	call  *call[T] // under way, or nil
}

// call is one call of read. value and err may be read once done is closed.
type call[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// newReading returns nil where there is nothing to read.
func newReading[T any](owner *readers, room string, read func() T) *reading[T] {
	if read == nil {
		return nil
	}
	return &reading[T]{owner: owner, room: room, read: read}
}

// ask begins to read, or joins whoever is at it.
func (r *reading[T]) ask() *call[T] {
	if r == nil {
		return nil
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.call == nil {
		r.call = &call[T]{done: make(chan struct{})}
		r.owner.begin()
		go r.run(r.call)
	}
	return r.call
}

func (r *reading[T]) run(call *call[T]) {
	defer r.owner.end()
	defer close(call.done)
	defer r.over()
	defer func() {
		if reason := recover(); reason != nil {
			r.owner.log.panicked(r.room, reason, debug.Stack())
			call.err = fmt.Errorf("panicked: %v", reason)
		}
	}()
	call.value = r.read()
}

// over makes the next request read anew.
func (r *reading[T]) over() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.call = nil
}

// answer is what became of a call.
type answer[T any] struct {
	// present says that the room is there, err why there is no value all the same.
	present bool
	value   T
	err     error
}

// known tells whether there is a value.
func (a answer[T]) known() bool { return a.present && a.err == nil }

// wait waits for the end of the call, or of ctx. A nil call is a room that is not there.
func (c *call[T]) wait(ctx context.Context) answer[T] {
	if c == nil {
		return answer[T]{}
	}
	select {
	case <-c.done:
		return answer[T]{present: true, value: c.value, err: c.err}
	default:
	}
	select {
	case <-c.done:
		return answer[T]{present: true, value: c.value, err: c.err}
	case <-ctx.Done():
		return answer[T]{present: true, err: errNoAnswer}
	}
}
