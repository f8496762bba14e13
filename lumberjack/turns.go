package lumberjack

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// smallFrame is up to which size compressed frames are inflated out of turn: those of some hundred events.
const smallFrame = 16 << 10

// turns bound how many windows are there inflated at a time, where they take ten to twenty times as much memory as compressed
// ones: more than processors can work on, and a commit to the disk can take along, would not be done any sooner. Those
// that wait are served in the order they came. What a hostile client can take is bounded by the budget, not by this.
//
// A window has its turn while it is inflated and, if it is complete then, until it is released; never while its client
// has yet to send something. Who has a turn may wait for the budget, and so everybody else for the turns. There is still
// always somebody who goes on, as the budget promises: its elder needs no turn, and where there is no elder, one of those
// who have turns and wait becomes it. The zero value is ready for use.
type turns struct {
	mutex   sync.Mutex
	taken   int
	waiting []chan struct{}
}

// mostTurns is one for each processor, to be worked on, and four that are next or on their way to the
// disk.
func mostTurns() int { return runtime.GOMAXPROCS(0) + 4 }

// take waits for a turn, and returns the context's cause where that ends first. Who may not wait gets it at once.
func (t *turns) take(ctx context.Context, atOnce bool) error {
	t.mutex.Lock()
	if atOnce || len(t.waiting) == 0 && t.taken < mostTurns() {
		t.taken++
		t.mutex.Unlock()
		return nil
	}
	turn := make(chan struct{})
	t.waiting = append(t.waiting, turn)
	t.mutex.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		t.withdraw(turn)
		return context.Cause(ctx)
	}
}

// withdraw takes a turn that is no longer wanted out of the line, or gives it back.
func (t *turns) withdraw(turn chan struct{}) {
	t.mutex.Lock()
	i := slices.Index(t.waiting, turn)
	if i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	t.mutex.Unlock()
	if i < 0 {
		t.give()
	}
}

// give ends a turn.
func (t *turns) give() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.taken--
	for len(t.waiting) > 0 && t.taken < mostTurns() {
		t.taken++
		close(t.waiting[0])
		t.waiting[0] = nil
		t.waiting = t.waiting[1:]
	}
}

// takeTurn waits until it is the window's turn. The budget's elder never waits.
func (w *window) takeTurn() error {
	if w.inTurn {
		return nil
	}
	reservation := w.memory.reservation
	if err := w.memory.pool.turns.take(reservation.ctx, reservation.isElder()); err != nil {
		return err
	}
	w.inTurn = true
	return nil
}

// endTurn lets another window have its turn, if this one has one.
func (w *window) endTurn() {
	if w.inTurn {
		w.inTurn = false
		w.memory.pool.turns.give()
	}
}
