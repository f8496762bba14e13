package lumberjack

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// budget is the byte budget that the windows of all connections share. Nobody can know from its first bytes how much
// a window will need, so windows have to wait for more while they hold some, which is how deadlocks are made. This is
// the rule that none can come up:
//
//   - The budget has two halves. Windows take from the shared half. Those that hold nothing yet wait behind those that
//     do, and both in the order they came.
//   - When the first of those that hold something can't be served from the shared half, it becomes the elder. What it
//     holds moves to the other half, and whatever it asks for is granted at once. There is one elder at a time, until its
//     window is finished.
//
// No window may hold more than half, so the elder never waits for the budget: it ends when its client and the Handler do,
// and its client is bounded by the read timeout. Then the next in line is served, or becomes the elder. Windows that
// hold something and don't wait end by themselves too. So everybody's turn comes.
//
// Each window has a reservation of its own, since a connection reads the next one while others are with the Handler. A
// connection that has read into its next window when one is complete keeps its input buffer, which then counts for the
// next one. From an elder that buffer moves back to the shared half, which may exceed its bound by this one buffer: the
// next elder takes at least as much with it.
//
// budget is safe for concurrent use.
type budget struct {
	half     int64
	mutex    sync.Mutex
	shared   int64 // what all but the elder hold
	elder    *reservation
	growers  []*claim // those that hold something
	starters []*claim // those that hold nothing
	held     atomic.Int64
	waiting  atomic.Int64
}

// reservation is what one window holds of the budget. It is used by one goroutine at a time.
type reservation struct {
	budget *budget
	ctx    context.Context // ends waiting; it is the connection's
	held   int64           // guarded by budget.mutex
	waited bool            // since pressing was asked last
}

// claim is one request that waits.
type claim struct {
	reservation *reservation
	size        int64
	granted     chan struct{}
}

func newBudget(size int64) *budget { return &budget{half: size / 2} }

// take adds size bytes to what the reservation holds, and waits until they are to be had. It fails with a LimitError
// where no waiting would help, and with the context's error when that ends first.
func (r *reservation) take(size int64) error {
	b := r.budget
	b.mutex.Lock()
	if r.held+size > b.half {
		value := r.held + size
		b.mutex.Unlock()
		return &LimitError{Limit: LimitInFlight, Value: value, Most: b.half}
	}
	if b.inTurn(r) && b.grant(r, size) {
		b.mutex.Unlock()
		return nil
	}
	waiting := b.enqueue(r, size)
	b.mutex.Unlock()
	r.waited = true
	select {
	case <-waiting.granted:
		return nil
	case <-r.ctx.Done():
		b.withdraw(waiting)
		return context.Cause(r.ctx)
	}
}

// give returns size bytes.
func (r *reservation) give(size int64) {
	r.budget.mutex.Lock()
	defer r.budget.mutex.Unlock()
	r.budget.add(r, -size)
	r.budget.serve()
}

// pass makes size bytes that the reservation holds those of another one, which holds nothing yet.
func (r *reservation) pass(to *reservation, size int64) {
	b := r.budget
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.add(r, -size)
	b.add(to, size)
	b.serve()
}

// settle ends a window: all is returned but the size bytes of a buffer that is still in use.
func (r *reservation) settle(size int64) {
	b := r.budget
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.add(r, size-r.held)
	if b.elder == r {
		b.elder = nil
		b.shared += r.held
	}
	b.serve()
}

// inTurn says whether the reservation may be served now without overtaking anybody that it should not.
func (b *budget) inTurn(r *reservation) bool {
	switch {
	case r == b.elder:
		return true
	case len(b.growers) > 0:
		return false
	default:
		return r.held > 0 || len(b.starters) == 0
	}
}

// grant serves the reservation if there is room, or if it can become the elder.
func (b *budget) grant(r *reservation, size int64) bool {
	switch {
	case r == b.elder, b.shared+size <= b.half:
	case b.elder == nil && r.held > 0:
		b.elder = r
		b.shared -= r.held
	default:
		return false
	}
	b.add(r, size)
	return true
}

// add changes what the reservation holds.
func (b *budget) add(r *reservation, size int64) {
	r.held += size
	b.held.Add(size)
	if b.elder != r {
		b.shared += size
	}
}

// isElder says whether the reservation is the budget's elder.
func (r *reservation) isElder() bool {
	r.budget.mutex.Lock()
	defer r.budget.mutex.Unlock()
	return r.budget.elder == r
}

// enqueue puts the reservation in its line.
func (b *budget) enqueue(r *reservation, size int64) *claim {
	waiting := &claim{reservation: r, size: size, granted: make(chan struct{})}
	if r.held > 0 {
		b.growers = append(b.growers, waiting)
	} else {
		b.starters = append(b.starters, waiting)
	}
	b.waiting.Add(1)
	return waiting
}

// serve grants what can be granted, from the head of each line.
func (b *budget) serve() {
	b.growers = b.serveLine(b.growers)
	if len(b.growers) == 0 {
		b.starters = b.serveLine(b.starters)
	}
}

func (b *budget) serveLine(line []*claim) []*claim {
	for len(line) > 0 && b.grant(line[0].reservation, line[0].size) {
		close(line[0].granted)
		b.waiting.Add(-1)
		line[0] = nil
		line = line[1:]
	}
	return line
}

// withdraw takes a claim out of its line. One that was granted meanwhile stays with the reservation, which is about to
// be settled anyway.
func (b *budget) withdraw(waiting *claim) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	select {
	case <-waiting.granted:
		return
	default:
	}
	is := func(c *claim) bool { return c == waiting }
	b.growers = slices.DeleteFunc(b.growers, is)
	b.starters = slices.DeleteFunc(b.starters, is)
	b.waiting.Add(-1)
	b.serve()
}

// pressing says whether the client must make progress because others wait for memory. A client is not pressed right
// after its own connection waited, since it could send nothing in that time.
func (r *reservation) pressing() bool {
	waited := r.waited
	r.waited = false
	return !waited && r.budget.waiting.Load() > 0
}
