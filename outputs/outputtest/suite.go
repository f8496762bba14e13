package outputtest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/outputs"
)

// Fixture is a receiver, and the way to open the output under test on it.
type Fixture struct {
	// Open returns a new output on the same receiver, as after a restart of the process.
	Open func(t *testing.T) outputs.Output
	// Received returns the bodies that the receiver holds, in the order in which they came.
	Received func(t *testing.T) [][]byte
	// Options are the Delivery's, such as AsTheyCame and Texts.
	Options outputs.Options
	// Fail makes the receiver fail from now on in a way that passes, as one that is down. Mend makes it well again after
	// Fail and Stumble.
	Fail, Mend func(t *testing.T)
	// Stumble makes the receiver take some of what it is given and not the rest, now and then, until Mend; nil where it has
	// no way to.
	Stumble func(t *testing.T)
	// Refuse makes the receiver refuse those events for good that it is true for; nil where it has no way to.
	Refuse func(t *testing.T, which func(body []byte) bool)
	// Hang makes the receiver take what comes and never answer, and returns what tells whether something has come; nil where
	// it has no way to.
	Hang func(t *testing.T) (reached func() bool)
	// Ordered says that events come in order where nothing fails.
	Ordered bool
	// OnceAfterFailures says that events come once even where the receiver failed, as long as the process lives.
	OnceAfterFailures bool
}

// Run runs the suite; open returns a new receiver for each test. A Stateful output has to have everything exactly once,
// whatever happens; others at least once.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, test := range []struct {
		name    string
		applies func(Fixture) bool
		run     func(*testing.T, *harness)
	}{
		{"everything once", nil, onceEach},
		{"large events", nil, largeEvents},
		{"down and back", func(f Fixture) bool { return f.Fail != nil }, downAndBack},
		{"taken in part", func(f Fixture) bool { return f.Stumble != nil }, takenInPart},
		{"refused for good", func(f Fixture) bool { return f.Refuse != nil }, refused},
		{"hangs", func(f Fixture) bool { return f.Hang != nil }, hangs},
		{"down while it ends", func(f Fixture) bool { return f.Fail != nil }, endsWhileDown},
		{"restarts", nil, restarts},
		{"kills", nil, kills},
		{"closes without a write", nil, closesUnused},
	} {
		t.Run(test.name, func(t *testing.T) {
			fixture := open(t)
			if test.applies != nil && !test.applies(fixture) {
				t.Skip("the receiver has no way to")
			}
			test.run(t, &harness{t: t, Fixture: fixture, House: NewHouse(t), random: rand.New(rand.NewPCG(1, 2))})
		})
	}
}

// harness is what lies around the output under test.
type harness struct {
	t *testing.T
	Fixture
	*House

	random *rand.Rand

	mutex   sync.Mutex
	letters []outputs.DeadLetter
}

// start runs a Delivery of a new output until stop is called, which waits for its end.
func (h *harness) start(events int) (d *outputs.Delivery, stop func()) {
	return h.startOn(h.Events(), events)
}

func (h *harness) startOn(log outputs.Log, events int) (d *outputs.Delivery, stop func()) {
	h.t.Helper()
	options := h.Options
	options.BatchEvents = events
	options.Logger = zerolog.New(zerolog.NewTestWriter(h.t)).Level(zerolog.WarnLevel)
	options.DeadLetters = h.setAside
	output, guard := guarded(h.t, h.Open(h.t))
	d, end := h.deliver(UnderTest, output, log, options)
	return d, func() {
		h.t.Helper()
		end()
		if guard.closed.Load() != 1 {
			h.t.Errorf("Close was called %d times", guard.closed.Load())
		}
	}
}

func (h *harness) setAside(_ context.Context, letters []outputs.DeadLetter) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, letter := range letters {
		letter.Body = bytes.Clone(letter.Body)
		h.letters = append(h.letters, letter)
	}
	return nil
}

// sendSome sends events in batches of all kinds.
func (h *harness) sendSome(batches int) {
	for range batches {
		h.Send(1+h.random.IntN(150), h.random.IntN(300), h.random.IntN(2) == 0)
	}
}

// done tells whether the Delivery has nothing left to do.
func (h *harness) done(d *outputs.Delivery) func() bool {
	return func() bool { return d.Stats().After == h.Events().Last() }
}

// deliverAll runs a Delivery until all is done.
func (h *harness) deliverAll(events int) {
	h.t.Helper()
	d, stop := h.start(events)
	WaitFor(h.t, h.done(d))
	stop()
}

// expect compares what was received with what was sent, but for those that were refused.
func (h *harness) expect(once, ordered bool, refused func(number int) bool) {
	h.t.Helper()
	bodies, received := h.Bodies(h.Options), h.Received(h.t)
	times := make([]int, len(bodies))
	last := -1
	for _, body := range received {
		number := NumberOf(h.t, body)
		if number < 0 || number >= len(bodies) {
			h.t.Fatalf("event %d was received, and never sent", number)
		}
		if times[number]++; times[number] == 1 && !bytes.Equal(body, bodies[number]) {
			h.t.Fatalf("received\n%.500q\nwant\n%.500q", body, bodies[number])
		}
		if ordered && number < last {
			h.t.Fatalf("event %d was received after event %d", number, last)
		}
		last = number
	}
	for number, count := range times {
		want := 1
		if refused != nil && refused(number) {
			want = 0
		}
		if count < want || count > want && (once || want == 0) {
			h.t.Fatalf("event %d of %d was received %d times", number, len(bodies), count)
		}
	}
}

func (h *harness) stateful() bool {
	output := h.Open(h.t)
	defer func() {
		if err := output.Close(); err != nil {
			h.t.Error(err)
		}
	}()
	_, stateful := output.(outputs.Stateful)
	return stateful
}

func onceEach(t *testing.T, h *harness) {
	d, stop := h.start(100)
	h.sendSome(40)
	WaitFor(t, h.done(d))
	stop()
	h.expect(true, h.Ordered, nil)
	if stats := d.Stats(); stats.Written != uint64(h.Sent) || stats.Failures != 0 || stats.DeadLetters != 0 {
		t.Errorf("stats are %+v", stats)
	}
}

func largeEvents(t *testing.T, h *harness) {
	d, stop := h.start(0)
	h.Send(3, 3<<20, true)
	h.Send(500, 10_000, true)
	h.Send(3000, 0, true)
	h.Send(1, 9<<20, false)
	WaitFor(t, h.done(d))
	stop()
	h.expect(true, h.Ordered, nil)
}

func downAndBack(t *testing.T, h *harness) {
	h.Fail(t)
	h.sendSome(10)
	d, stop := h.start(50)
	WaitFor(t, func() bool { return d.Stats().Failures >= 3 })
	stats := d.Stats()
	if stats.State != outputs.StateRetrying && stats.State != outputs.StateBlocked || stats.LastError == "" || stats.Written != 0 {
		t.Errorf("while it is down, stats are %+v", stats)
	}
	h.Mend(t)
	h.sendSome(10)
	WaitFor(t, h.done(d))
	h.Fail(t)
	failures := d.Stats().Failures
	h.sendSome(3)
	WaitFor(t, func() bool { return d.Stats().Failures > failures })
	h.Mend(t)
	WaitFor(t, h.done(d))
	stop()
	h.expect(h.OnceAfterFailures || h.stateful(), false, nil)
	if len(h.letters) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(h.letters), h.letters[0].Reason)
	}
}

func takenInPart(t *testing.T, h *harness) {
	h.Stumble(t)
	h.sendSome(20)
	d, stop := h.start(64)
	WaitFor(t, func() bool { return d.Stats().Failures >= 5 || h.done(d)() })
	if d.Stats().Failures == 0 {
		t.Error("nothing failed")
	}
	h.Mend(t)
	WaitFor(t, h.done(d))
	stop()
	h.expect(h.OnceAfterFailures || h.stateful(), false, nil)
	if len(h.letters) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(h.letters), h.letters[0].Reason)
	}
}

func refused(t *testing.T, h *harness) {
	bad := func(number int) bool { return number%97 == 5 || number >= 300 && number < 310 }
	h.Refuse(t, func(body []byte) bool { return bad(NumberOf(t, body)) })
	h.sendSome(20)
	d, stop := h.start(256)
	WaitFor(t, h.done(d))
	stop()
	h.expect(true, false, bad)
	bodies := h.Bodies(h.Options)
	seen := make(map[int]bool)
	for _, letter := range h.letters {
		number := NumberOf(t, letter.Body)
		if !bad(number) || seen[number] || letter.Reason == "" || letter.Output != UnderTest || !bytes.Equal(letter.Body, bodies[number]) {
			t.Fatalf("a dead letter of event %d: %q, %q, %.200q", number, letter.Output, letter.Reason, letter.Body)
		}
		seen[number] = true
	}
	for number := range h.Sent {
		if bad(number) && !seen[number] {
			t.Fatalf("event %d is not among the dead letters", number)
		}
	}
	if stats := d.Stats(); stats.DeadLetters != uint64(len(seen)) {
		t.Errorf("stats are %+v", stats)
	}
}

func hangs(t *testing.T, h *harness) {
	h.sendSome(3)
	reached := h.Hang(t)
	d, stop := h.start(50)
	WaitFor(t, reached)
	stop()
	if stats := d.Stats(); stats.Written != 0 {
		t.Errorf("%d events are done although nothing was answered", stats.Written)
	}
}

func endsWhileDown(t *testing.T, h *harness) {
	h.Fail(t)
	h.sendSome(3)
	d, stop := h.start(50)
	WaitFor(t, func() bool { return d.Stats().Failures >= 2 })
	stop()
	h.Reopen()
	h.Mend(t)
	h.deliverAll(50)
	// A request that was given up may still be taken, so only what keeps account has everything once.
	h.expect(h.stateful(), false, nil)
}

func restarts(t *testing.T, h *harness) {
	for range 15 {
		d, stop := h.start(1 + h.random.IntN(40))
		h.sendSome(h.random.IntN(5))
		wait := uint64(h.random.IntN(200))
		WaitFor(t, func() bool { return d.Stats().Written >= wait || h.done(d)() })
		stop()
		if h.random.IntN(3) == 0 {
			h.Reopen()
		}
	}
	h.sendSome(1)
	h.deliverAll(0)
	h.expect(h.stateful(), false, nil)
}

// fading is a log that cannot store cursors any more after some: what an output had written by then is all that is left
// of a process that was killed.
type fading struct {
	outputs.Log
	left int
	dead func()
}

var errKilled = errors.New("killed")

func (f *fading) StoreCursor(output string, after uint64, state []byte) error {
	if f.left--; f.left < 0 {
		f.dead()
		return errKilled
	}
	return f.Log.StoreCursor(output, after, state)
}

func kills(t *testing.T, h *harness) {
	for range 15 {
		killed := make(chan struct{})
		var once sync.Once
		log := &fading{Log: h.Events(), left: h.random.IntN(12), dead: func() { once.Do(func() { close(killed) }) }}
		d, stop := h.startOn(log, 1+h.random.IntN(60))
		h.sendSome(4)
		select {
		case <-killed:
		default:
			WaitFor(t, func() bool {
				select {
				case <-killed:
					return true
				default:
					return h.done(d)()
				}
			})
		}
		stop()
		if h.random.IntN(3) == 0 {
			h.Reopen()
		}
	}
	h.sendSome(1)
	h.deliverAll(0)
	h.expect(h.stateful(), false, nil)
}

func closesUnused(t *testing.T, h *harness) {
	d, stop := h.start(10)
	WaitFor(t, func() bool { return d.Stats().State == outputs.StateOK })
	stop()
	h.expect(true, true, nil)
}
