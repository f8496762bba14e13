package sinktest

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Fixture is a receiver and the way to open the sink under test on it.
type Fixture struct {
	// Open returns a new sink on the same receiver, as after a restart of the process.
	Open func(t *testing.T) sinks.Sink
	// Received returns what the receiver holds, in the order in which it came.
	Received func(t *testing.T) [][]byte
	// Expected returns what the receiver has to hold for a transition.
	Expected func(window.Transition) []byte
	// Fail makes the receiver fail from now on in a way that passes, Mend makes it well again.
	Fail, Mend func(t *testing.T)
	// Refuse makes the receiver refuse a transition for good; nil where it has no way to.
	Refuse func(window.Transition)
	// Hang makes the receiver take requests and never answer, and returns what tells whether one has come; nil where it
	// has no way to.
	Hang func(t *testing.T) (reached func() bool)
	// Again returns which of the transitions that come again, in order, the receiver gets again; nil for all of them.
	Again func([]window.Transition) []window.Transition
	// ExactlyOnce says that the receiver holds each transition once even if the cursor's last moves were lost.
	ExactlyOnce bool
}

// name is the sink's, in the suite's cursor store.
const name = "under test"

// patience bounds every wait for a condition.
const patience = 20 * time.Second

// Run runs the suite; open returns a new receiver for each test.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	always := func(Fixture) bool { return true }
	for _, test := range []struct {
		name    string
		applies func(Fixture) bool
		run     func(*testing.T, *harness)
	}{
		{"once and in order", always, onceInOrder},
		{"what fails is tried again", always, triedAgain},
		{"what is refused is set aside", func(f Fixture) bool { return f.Refuse != nil }, setAside},
		{"an end of the context ends a wait for work", always, endsIdle},
		{"an end of the context ends a request", func(f Fixture) bool { return f.Hang != nil }, endsRequest},
		{"a restart goes on behind the cursor", always, restarts},
		{"what comes again is the same", always, comesAgain},
	} {
		fixture := open(t)
		if test.applies(fixture) {
			t.Run(test.name, func(t *testing.T) { test.run(t, &harness{Fixture: fixture, outbox: NewOutbox()}) })
		}
	}
}

// harness is what lies around the sink under test.
type harness struct {
	Fixture
	outbox  *Outbox
	cursors Cursors
	letters DeadLetters
}

// start runs a Delivery until stop is called, which waits for its end.
func (h *harness) start(t *testing.T, batchSize int) (delivery *sinks.Delivery, stop func()) {
	t.Helper()
	delivery = sinks.NewDelivery(name, h.Open(t), h.outbox, &h.cursors, h.letters.Write, sinks.Options{
		BatchSize: batchSize, RetryMin: time.Millisecond, RetryMax: 5 * time.Millisecond, Last: h.outbox.Last,
		Logger: zerolog.New(zerolog.NewTestWriter(t)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- delivery.Run(ctx) }()
	return delivery, func() {
		t.Helper()
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run returned %v", err)
			}
		case <-time.After(patience):
			t.Fatal("Run did not return after its context had ended")
		}
	}
}

// deliver runs a Delivery until the cursor stands at after.
func (h *harness) deliver(t *testing.T, batchSize int, after uint64) {
	t.Helper()
	_, stop := h.start(t, batchSize)
	WaitFor(t, func() bool { return h.cursors.After(name) >= after })
	stop()
}

func (h *harness) expect(t *testing.T, transitions []window.Transition) {
	t.Helper()
	var want [][]byte
	for _, transition := range transitions {
		want = append(want, h.Expected(transition))
	}
	got := h.Received(t)
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("received\n%s\nwant\n%s", bytes.Join(got, []byte{'\n'}), bytes.Join(want, []byte{'\n'}))
	}
}

func onceInOrder(t *testing.T, h *harness) {
	transitions := Transitions(1, 25)
	h.outbox.Add(transitions...)
	delivery, stop := h.start(t, 7)
	WaitFor(t, func() bool { return h.cursors.After(name) == 25 })
	stop()
	h.expect(t, transitions)
	stats := delivery.Stats()
	if stats.Delivered != 25 || stats.Waiting != 0 || stats.Failures != 0 || stats.State != sinks.StateStopped {
		t.Errorf("stats are %+v", stats)
	}
}

func triedAgain(t *testing.T, h *harness) {
	transitions := Transitions(1, 10)
	h.outbox.Add(transitions...)
	h.Fail(t)
	delivery, stop := h.start(t, 4)
	WaitFor(t, func() bool { return delivery.Stats().Failures >= 3 })
	stats := delivery.Stats()
	if stats.State != sinks.StateRetrying || stats.LastError == "" || stats.Delivered != 0 {
		t.Errorf("while it fails, stats are %+v", stats)
	}
	h.Mend(t)
	WaitFor(t, func() bool { return h.cursors.After(name) == 10 })
	stop()
	h.expect(t, transitions)
	if letters := h.letters.All(); len(letters) != 0 {
		t.Errorf("dead letters: %v", letters)
	}
}

func setAside(t *testing.T, h *harness) {
	transitions := Transitions(1, 10)
	h.outbox.Add(transitions...)
	h.Refuse(transitions[4])
	h.deliver(t, 4, 10)
	h.expect(t, slices.Delete(slices.Clone(transitions), 4, 5))
	letters := h.letters.All()
	if len(letters) != 1 {
		t.Fatalf("got %d dead letters, want 1", len(letters))
	}
	letter := letters[0]
	if letter.ID != transitions[4].ID || letter.Output != name || letter.Reason == "" {
		t.Errorf("the dead letter is %+v", letter)
	}
	if want := sinks.Document(transitions[4]); !bytes.Equal(letter.Document, want) {
		t.Errorf("the dead letter holds\n%s\nwant\n%s", letter.Document, want)
	}
}

func endsIdle(t *testing.T, h *harness) {
	delivery, stop := h.start(t, 3)
	WaitFor(t, func() bool { return delivery.Stats().State == sinks.StateOK })
	stop()
	h.expect(t, nil)
}

func endsRequest(t *testing.T, h *harness) {
	h.outbox.Add(Transitions(1, 3)...)
	reached := h.Hang(t)
	_, stop := h.start(t, 3)
	WaitFor(t, reached)
	stop()
	if after := h.cursors.After(name); after != 0 {
		t.Errorf("the cursor stands at %d although nothing was answered", after)
	}
}

func restarts(t *testing.T, h *harness) {
	h.outbox.Add(Transitions(1, 10)...)
	h.deliver(t, 4, 10)
	h.outbox.Add(Transitions(11, 10)...)
	h.deliver(t, 4, 20)
	h.expect(t, Transitions(1, 20))
}

func comesAgain(t *testing.T, h *harness) {
	transitions := Transitions(1, 10)
	h.outbox.Add(transitions...)
	h.deliver(t, 1, 10)
	h.cursors.Rewind(name, 4)
	h.deliver(t, 3, 10)
	again := transitions[4:]
	if h.Again != nil {
		again = h.Again(again)
	}
	if !h.ExactlyOnce {
		transitions = append(transitions, again...)
	}
	h.expect(t, transitions)
}

// WaitFor returns as soon as condition holds, and fails the test when it does not within 20 s.
func WaitFor(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); {
		if time.Now().After(deadline) {
			t.Fatal("the condition did not come true")
		}
		time.Sleep(time.Millisecond)
	}
}
