package main

import (
	"sync"
	"syscall"
)

// trap ends a process at the moment when something has happened for the n-th time. It is safe for concurrent use.
type trap struct {
	mutex  sync.Mutex
	point  string
	left   int
	victim *process
	gently bool
	sprung chan struct{}
}

// set makes the trap end a process at the n-th time that a point is reached from now on: with SIGTERM if gently, else
// with SIGKILL. The channel is closed right before.
func (t *trap) set(point string, n int, victim *process, gently bool) <-chan struct{} {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.point, t.left, t.victim, t.gently, t.sprung = point, n, victim, gently, make(chan struct{})
	return t.sprung
}

// at tells that a point is reached. The process has got the signal when it returns.
func (t *trap) at(point string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.victim == nil || point != t.point {
		return
	}
	if t.left--; t.left > 0 {
		return
	}
	signal := syscall.SIGKILL
	if t.gently {
		signal = syscall.SIGTERM
	}
	close(t.sprung) // first, so that who sees the process end finds it so
	_ = t.victim.command.Process.Signal(signal)
	t.victim = nil
}
