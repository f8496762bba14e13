// Package sinks delivers alerts. It holds the contract of a sink, the alert document, and the one delivery loop that
// every sink runs under: it reads committed transitions behind the sink's cursor, tries, waits, sets aside what can
// never succeed, and moves the cursor only past what is done.
//
// A sink sees committed transitions only, in the order of their numbers. What it is given again after a crash or an
// unknown outcome is the same, byte for byte.
package sinks

import (
	"context"
	"time"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/window"
)

// Sink is a place where alerts go. A sink is driven by one goroutine, its delivery loop; it need not be safe for
// concurrent use.
type Sink interface {
	// Deliver tries to deliver the transitions, in order, and returns one outcome for each, or a single error that
	// stands for all of them. nil is done; a Permanent error goes to the dead letters and counts as done; any other
	// is tried again, after RetryAfter's delay where the error carries one, seldom where it is Blocked. Deliver must not
	// try again by itself and must return soon after ctx ends. A sink for which the order matters does not go past a
	// transition that has to be tried again: the ones behind it get ErrNotTried.
	Deliver(ctx context.Context, transitions []window.Transition) ([]error, error)
	// Close releases what the sink holds. It is called once, after the last Deliver.
	Close() error
}

// Stateful is a Sink with facts of its own that must survive a restart: the length of a file, the ids of messages.
// They are stored with the cursor, in one atomic write.
type Stateful interface {
	Sink
	// State returns the facts as bytes, as of the last Deliver.
	State() []byte
	// Restore takes back what State returned, before the first Deliver. It is called with nil where nothing is stored,
	// and again with the same where it failed. State may be called once it has succeeded.
	Restore(state []byte) error
}

// Bounded is a Stateful sink that takes away what a crash left, and must not take away more than will be delivered again.
type Bounded interface {
	Stateful
	// WillComeAgain gives before each Restore what tells, during it, how many transitions stand behind the cursor.
	WillComeAgain(transitions func() int)
}

// Continuing is a Stateful sink with work of its own besides the transitions: a message to bring up to date later, a
// fact to have on disk before a request goes out.
//
// For it, a State that changed in a Deliver is stored before the next one, whatever became of the transitions, and where
// nothing has failed that next one comes at once. So a sink commits an intent by returning ErrNotTried. It must not
// change its State without end.
type Continuing interface {
	Stateful
	// Due returns when Deliver is wanted although no transition has come, the zero time for not before one comes. Deliver
	// is called without transitions then; it returns no outcomes, and nil, ErrNotTried or a failure for its own work.
	Due() time.Time
}

// Noticing is a Sink that may have something to tell an operator although it delivers.
type Noticing interface {
	Sink
	// Notice returns what there is to tell, on one line and without a secret, or nothing. It is called after each Deliver.
	Notice() string
}

// Cursor is how far a sink has come: every transition with a Number up to After is done.
type Cursor struct {
	After uint64
	// State is what Stateful.State returned.
	State []byte
}

// Outbox is where committed transitions are read from.
type Outbox interface {
	// Next returns up to limit transitions with numbers greater than after, in order, as soon as there is one. It
	// returns ctx's error when ctx ends first.
	Next(ctx context.Context, after uint64, limit int) ([]window.Transition, error)
}

// CursorStore keeps the cursors of sinks, durably, by the sink's name.
type CursorStore interface {
	// LoadCursor returns the stored cursor, and false where there is none.
	LoadCursor(sink string) (Cursor, bool, error)
	// StoreCursor returns after the cursor is on disk.
	StoreCursor(sink string, cursor Cursor) error
}

// DeadLetter is an alert that a receiver refused for good.
type DeadLetter struct {
	// Output is the sink's name, Reason what the receiver said.
	Output string
	Reason string
	// ID is the transition's, and Document its alert document, as Document returns it.
	ID       string
	Document []byte
}

// The kinds of outcomes are those of every delivery.
type (
	// Permanent is an error that trying again cannot mend.
	Permanent = delivery.Permanent
	// RetryAfter is an error of a receiver that said when to come again.
	RetryAfter = delivery.RetryAfter
	// Blocked is an error that only a person can mend: credentials that are not taken, a place that is not there. What is
	// to be delivered is kept, and tried seldom.
	Blocked = delivery.Blocked
)

// ErrNotTried is the outcome of a transition that a sink left alone for now: it wants one before it delivered first, or
// the cursor stored in between. It is no failure; the transition comes again, at once where nothing else has failed.
var ErrNotTried = delivery.ErrNotTried

// IsBlocked tells whether err, or an error that it wraps, is Blocked.
func IsBlocked(err error) bool { return delivery.IsBlocked(err) }

// IsPermanent tells whether err, or an error that it wraps, is Permanent.
func IsPermanent(err error) bool { return delivery.IsPermanent(err) }
