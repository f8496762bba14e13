// Package delivery is what delivering to any receiver has in common, be it alerts or events: the kinds of outcomes, the
// waits between tries, and what is logged of failures.
package delivery

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotTried is the outcome of what a receiver left alone for now: it wants something before it delivered first, or the
// cursor stored in between. It is no failure; it comes again, at once where nothing else has failed.
var ErrNotTried = errors.New("left for the next try")

// Permanent is an error that trying again cannot mend.
type Permanent struct{ Err error }

// Error returns the wrapped error's text.
func (p *Permanent) Error() string { return p.Err.Error() }

// Unwrap returns the wrapped error.
func (p *Permanent) Unwrap() error { return p.Err }

// RetryAfter is an error of a receiver that said when to come again.
type RetryAfter struct {
	Err   error
	Delay time.Duration
}

// Error returns the wrapped error's text with the delay.
func (r *RetryAfter) Error() string { return fmt.Sprintf("%v (try again after %s)", r.Err, r.Delay) }

// Unwrap returns the wrapped error.
func (r *RetryAfter) Unwrap() error { return r.Err }

// Blocked is an error that only a person can mend: credentials that are not taken, a place that is not there. What is to
// be delivered is kept, and tried seldom.
type Blocked struct{ Err error }

// Error returns the wrapped error's text.
func (b *Blocked) Error() string { return b.Err.Error() }

// Unwrap returns the wrapped error.
func (b *Blocked) Unwrap() error { return b.Err }

// IsBlocked tells whether err, or an error that it wraps, is Blocked.
func IsBlocked(err error) bool {
	var blocked *Blocked
	return errors.As(err, &blocked)
}

// IsPermanent tells whether err, or an error that it wraps, is Permanent.
func IsPermanent(err error) bool {
	var permanent *Permanent
	return errors.As(err, &permanent)
}
