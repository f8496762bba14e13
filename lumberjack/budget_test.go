package lumberjack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func newReservation(b *budget) *reservation {
	return &reservation{budget: b, ctx: context.Background()}
}

// taking takes in the background and says when it has.
func taking(r *reservation, size int64) *atomic.Bool {
	taken := new(atomic.Bool)
	go func() {
		if r.take(size) == nil {
			taken.Store(true)
		}
	}()
	synctest.Wait()
	return taken
}

func TestBudgetServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(200)
		first, second, third := newReservation(b), newReservation(b), newReservation(b)
		_ = first.take(90)
		large, small := taking(second, 50), taking(third, 5)
		if large.Load() || small.Load() {
			t.Error("overtaken: there is room for the small one only, and it came later")
		}
		first.settle(0)
		synctest.Wait()
		if !large.Load() || !small.Load() || b.waiting.Load() != 0 {
			t.Error("not served")
		}
	})
}

// Two that hold all of the shared half, and want more: the first becomes the elder, and the other one follows it.
func TestBudgetMakesAnElder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(200)
		first, second, starter := newReservation(b), newReservation(b), newReservation(b)
		_, _ = first.take(50), second.take(50)
		if taken := taking(first, 40); !taken.Load() || b.elder != first || b.shared != 50 {
			t.Fatalf("first is not the elder: shared %d", b.shared)
		}
		waiting := taking(starter, 60)
		grown := taking(second, 50)
		if !grown.Load() {
			t.Error("what the elder held is free for others, those that hold something first")
		}
		if waiting.Load() {
			t.Error("there is no room for the starter")
		}
		if taken := taking(first, 10); !taken.Load() {
			t.Error("the elder had to wait")
		}
		if err := first.take(1); err == nil {
			t.Error("the elder got more than half")
		}
		second.settle(0)
		synctest.Wait()
		if !waiting.Load() {
			t.Error("the starter was not served")
		}
		first.settle(0)
		starter.settle(0)
		if b.held.Load() != 0 || b.shared != 0 || b.elder != nil {
			t.Errorf("held %d, shared %d", b.held.Load(), b.shared)
		}
	})
}

func TestBudgetRefusesWhatCanNeverBe(t *testing.T) {
	r := newReservation(newBudget(200))
	_ = r.take(60)
	var limit *LimitError
	if err := r.take(41); !errors.As(err, &limit) || limit.Limit != LimitInFlight || limit.Value != 101 || limit.Most != 100 {
		t.Errorf("%v", err)
	}
}

func TestBudgetWithdraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(200)
		first, last := newReservation(b), newReservation(b)
		_ = first.take(90)
		ctx, cancel := context.WithCancel(context.Background())
		leaving := &reservation{budget: b, ctx: ctx}
		left, behind := taking(leaving, 50), taking(last, 5)
		cancel()
		synctest.Wait()
		if left.Load() || !behind.Load() || b.waiting.Load() != 0 {
			t.Error("the one behind it is not served when the first in line leaves")
		}
		leaving.settle(0)
		if b.held.Load() != 95 {
			t.Errorf("held %d", b.held.Load())
		}
	})
}

// Many windows that grow at random, each up to half of the budget: all come to their end, and together they never hold
// more than the budget and the one input buffer that an elder may keep.
func TestBudgetNeverDeadlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const windows, kept = 60, 10
		b := newBudget(2000)
		var running sync.WaitGroup
		var most atomic.Int64
		for i := range windows {
			running.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(i)))
				r := newReservation(b)
				for range 50 {
					growRandomly(t, r, random, kept, &most)
				}
				r.settle(0)
			})
		}
		running.Wait() // synctest fails if all are blocked
		if most.Load() > 2000+kept || b.held.Load() != 0 || b.shared != 0 {
			t.Errorf("held %d at most, %d at the end, %d shared", most.Load(), b.held.Load(), b.shared)
		}
		t.Logf("held %d at most", most.Load())
	})
}

// growRandomly is the life of one window.
func growRandomly(t *testing.T, r *reservation, random *rand.Rand, kept int64, most *atomic.Int64) {
	size := kept + 5
	if r.held > 0 {
		size = 5
	}
	for r.held+size <= 1000 && random.IntN(8) > 0 {
		if err := r.take(size); err != nil {
			t.Error(err)
		}
		for held := r.budget.held.Load(); held > most.Load(); {
			most.Store(held)
		}
		if random.IntN(4) == 0 {
			time.Sleep(time.Duration(random.IntN(1000)))
		}
		size = 1 + random.Int64N(300)
	}
	r.settle(min(r.held, kept*random.Int64N(2)))
}

// The same with real connections and frames: a budget for two windows, and fifty clients whose windows need nearly half
// of it each, bare, compressed, and split.
func TestConnectionsNeverDeadlock(t *testing.T) {
	var got atomic.Int64
	server := start(t, func(_ context.Context, batch *Batch) error {
		got.Add(int64(len(batch.Events)))
		return nil
	}, Options{Limits: Limits{InFlight: MinimumInFlight}})
	const clients, windows = 50, 4
	var running sync.WaitGroup
	for i := range clients {
		conn := server.dial(t)
		running.Go(func() {
			for range windows {
				sendLargeWindow(t, conn, i%3)
				expect(t, conn, ack(10))
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		running.Wait()
	}()
	most := int64(0)
	for over := false; !over; {
		select {
		case <-done:
			over = true
		case <-time.After(time.Millisecond):
			most = max(most, server.Stats().BytesInFlight)
		}
	}
	if most > MinimumInFlight+windowInput || got.Load() != clients*windows*10 {
		t.Errorf("%d bytes at most, %d events", most, got.Load())
	}
	if stats := server.Stats(); stats.BytesInFlight != 0 || stats.Waiting != 0 || stats.LimitHits[LimitInFlight] != 0 {
		t.Errorf("%+v", stats)
	}
}

func sendLargeWindow(t *testing.T, conn interface{ Write([]byte) (int, error) }, kind int) {
	var frames [][]byte
	for sequence := range uint32(10) {
		frame := jsonFrame(sequence+1, strings.Repeat(fmt.Sprint(sequence), 15_000))
		if kind == 2 {
			frame = compressedFrame('2', frame)
		}
		frames = append(frames, frame)
	}
	all := []byte{}
	for _, frame := range frames {
		all = append(all, frame...)
	}
	if kind == 1 {
		all = compressedFrame('2', all)
	}
	if _, err := conn.Write(append(windowFrame(10), all...)); err != nil {
		t.Errorf("write: %v", err)
	}
}

// Heartbeats go on while a window waits for memory, and the window is served when there is some.
func TestHeartbeatWhileWaitingForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := startPipe(t, new(collector).handle, Options{})
		hog, other := newReservation(server.budget), newReservation(server.budget)
		_ = hog.take(server.budget.half)
		send(t, client, windowFrame(1))
		waiting := taking(other, 10) // so that clients are pressed all the time
		for range 20 {
			expect(t, client, ack(0))
		}
		if stats := server.Stats(); stats.Waiting != 2 || waiting.Load() {
			t.Errorf("%+v", stats)
		}
		hog.settle(server.budget.half - 100_000)
		time.Sleep(time.Second)
		go func() { _, _ = client.Write(jsonFrame(1, `{}`)) }()
		expect(t, client, ack(1))
		hog.settle(0)
		synctest.Wait()
		other.settle(0)
	})
}

// The time that a connection waited for memory is not held against its client, although others wait still.
func TestWaitingTimeIsNotTheClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := startPipe(t, new(collector).handle, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		hog, elder, starved := newReservation(server.budget), newReservation(server.budget), newReservation(server.budget)
		_ = hog.take(server.budget.half - 70_000)
		second := jsonFrame(2, noise(20_000))
		send(t, client, windowFrame(2), jsonFrame(1, noise(10_000)))
		synctest.Wait()
		_, _ = elder.take(4000), elder.take(1000) // beyond the shared half
		waiting := taking(starved, 250_000)
		send(t, client, second[:10])
		time.Sleep(10 * time.Minute)
		if stats := server.Stats(); stats.Waiting != 2 || stats.Timeouts != 0 {
			t.Fatalf("%+v", stats)
		}
		elder.settle(0)
		time.Sleep(time.Second)
		if waiting.Load() {
			t.Fatal("nobody waits")
		}
		go func() { _, _ = client.Write(second[10:]) }()
		expect(t, client, ack(2))
		hog.settle(0)
		synctest.Wait()
		starved.settle(0)
	})
}

// While others wait for memory, a client that sends a byte now and then is not waited for.
func TestTricklersCannotStarveOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := startPipe(t, new(collector).handle, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		hog, starved := newReservation(server.budget), newReservation(server.budget)
		_ = hog.take(server.budget.half - 100_000)
		begun := time.Now()
		var trickling sync.WaitGroup
		trickling.Go(func() {
			for _, b := range append(windowFrame(1), jsonFrame(1, strings.Repeat("x", 1000))...) {
				if _, err := client.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(DefaultReadTimeout / 2)
			}
		})
		time.Sleep(10 * time.Minute) // slow, but nobody waits
		if server.Stats().Timeouts != 0 {
			t.Fatal("cut off without need")
		}
		waiting := taking(starved, 90_000)
		if waiting.Load() {
			t.Fatal("nobody waits")
		}
		expectEnd(t, client)
		synctest.Wait()
		if took := time.Since(begun) - 10*time.Minute; took > DefaultReadTimeout || !waiting.Load() {
			t.Errorf("cut off after %v, served %v", took, waiting.Load())
		}
		hog.settle(0)
		starved.settle(0)
		trickling.Wait()
	})
}

// Nor is the time that its last window was handled held against a client, while others wait.
func TestHandlerTimeIsNotTheClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := startPipe(t, func(context.Context, *Batch) error {
			time.Sleep(time.Minute)
			return nil
		}, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		hog, starved := newReservation(server.budget), newReservation(server.budget)
		_ = hog.take(server.budget.half - 200_000)
		frame := jsonFrame(1, noise(1000))
		go func() {
			_, _ = client.Write(slices.Concat(windowFrame(9), frame, windowFrame(1), frame[:500]))
		}()
		time.Sleep(time.Second)
		if waiting := taking(starved, 250_000); waiting.Load() {
			t.Error("nobody waits")
		}
		expect(t, client, ack(1))
		time.Sleep(time.Second)
		send(t, client, frame[500:])
		expect(t, client, ack(1))
		hog.settle(0)
		synctest.Wait()
		starved.settle(0)
	})
}
