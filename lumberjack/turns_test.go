package lumberjack

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestTurnsAreTakenInOrder has more windows than there are turns: the others wait, and are served as they came.
func TestTurnsAreTakenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all turns
		most := mostTurns()
		for range most {
			_ = all.take(t.Context(), false)
		}
		var served atomic.Int64
		const later = 5
		for i := range int64(later) {
			go func() {
				_ = all.take(t.Context(), false)
				if !served.CompareAndSwap(i, i+1) {
					t.Errorf("number %d is served after %d others", i, served.Load())
				}
			}()
			synctest.Wait()
		}
		_ = all.take(t.Context(), true) // at once, whoever waits
		for done := range int64(later + 1) {
			if got := served.Load(); got != max(0, done-1) {
				t.Fatalf("%d served after %d turns ended, want %d", got, done, max(0, done-1))
			}
			all.give()
			synctest.Wait()
		}
		if all.taken != most || len(all.waiting) != 0 {
			t.Errorf("%d turns taken, %d wait; want %d and none", all.taken, len(all.waiting), most)
		}
	})
}

// TestTheElderNeedsNoTurn is what keeps turns and budget from waiting for each other.
func TestTheElderNeedsNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, pool := newBudget(1000), new(bufferPool)
		for range mostTurns() {
			_ = pool.turns.take(t.Context(), false)
		}
		elder := &reservation{budget: b, ctx: t.Context()}
		for range 2 { // the second piece does not fit the shared half
			if err := (&reservation{budget: b, ctx: t.Context()}).take(240); err != nil {
				t.Fatal(err)
			}
			if err := elder.take(20); err != nil {
				t.Fatal(err)
			}
		}
		w := &window{memory: memory{pool: pool, reservation: elder}}
		if err := w.takeTurn(); err != nil {
			t.Fatal(err)
		}
		if pool.turns.taken != mostTurns()+1 {
			t.Fatalf("%d turns taken", pool.turns.taken)
		}
		w.endTurn()
		w.endTurn() // has none any more
		if pool.turns.taken != mostTurns() {
			t.Fatalf("%d turns taken after its end", pool.turns.taken)
		}
	})
}

// Who gives up waiting for a turn leaves the line, and gives back one that it was just given.
func TestTurnsAreWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all turns
		for range mostTurns() {
			_ = all.take(t.Context(), false)
		}
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- all.take(ctx, false) }()
		synctest.Wait()
		cancel()
		if err := <-left; err == nil {
			t.Error("a turn was taken where there was none")
		}
		all.give()
		if err := all.take(t.Context(), false); err != nil || len(all.waiting) > 0 || all.taken != mostTurns() {
			t.Errorf("%v, %d wait, %d taken", err, len(all.waiting), all.taken)
		}
	})
}
