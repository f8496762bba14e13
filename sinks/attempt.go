package sinks

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/window"
)

// attempt is what became of some transitions in one try.
type attempt struct {
	delivered []window.Transition
	refused   []DeadLetter
	// left have to be tried again, in their order, each because of the failure with its index.
	left     []window.Transition
	failures []error
}

// failed tells whether something that was tried has to be tried again.
func (a *attempt) failed() bool {
	return slices.ContainsFunc(a.failures, func(err error) bool { return !errors.Is(err, ErrNotTried) })
}

// failure returns the first failure, or, where nothing was tried, that.
func (a *attempt) failure() error {
	for _, err := range a.failures {
		if !errors.Is(err, ErrNotTried) {
			return err
		}
	}
	return a.failures[0]
}

// attempt gives the sink the transitions once and sorts what became of them.
func (d *Delivery) attempt(ctx context.Context, transitions []window.Transition) attempt {
	var tried attempt
	outcomes, err := d.outcomes(ctx, transitions)
	if len(transitions) == 0 && err != nil {
		tried.failures = []error{err}
	}
	for i, transition := range transitions {
		switch err := outcomes[i]; {
		case err == nil:
			tried.delivered = append(tried.delivered, transition)
		case IsPermanent(err):
			tried.refused = append(tried.refused, d.letter(transition, err))
		default:
			tried.left, tried.failures = append(tried.left, transition), append(tried.failures, err)
		}
	}
	return tried
}

// outcomes calls the sink and returns one outcome for each transition, whatever the sink did, and the error that stood
// for all of them.
func (d *Delivery) outcomes(ctx context.Context, transitions []window.Transition) (outcomes []error, err error) {
	err = delivery.Guard(func() (err error) {
		outcomes, err = d.sink.Deliver(ctx, transitions)
		return err
	})
	d.notice()
	if err == nil && len(outcomes) != len(transitions) {
		err = fmt.Errorf("the sink returned %d outcomes for %d transitions", len(outcomes), len(transitions))
	}
	if err == nil {
		return outcomes, nil
	}
	return allOf(err, len(transitions)), err
}

// notice passes on what the sink has to tell.
func (d *Delivery) notice() {
	if noticing, ok := d.sink.(Noticing); ok {
		d.status.notice(noticing.Notice())
	}
}

func (d *Delivery) letter(transition window.Transition, reason error) DeadLetter {
	return DeadLetter{Output: d.name, Reason: reason.Error(), ID: transition.ID, Document: Document(transition)}
}

// settle makes an attempt last: first the dead letters, then the cursor, with the sink's state. last is the number that
// the cursor comes to when nothing is left. It tells whether something was stored.
func (d *Delivery) settle(ctx context.Context, tried attempt, last uint64) (stored bool, err error) {
	if len(tried.delivered)+len(tried.refused) == 0 {
		if !d.stateChanged() {
			return false, nil
		}
		return true, d.storeCursor(ctx)
	}
	d.retry.Succeeded()
	d.status.delivered(d.options.Now(), tried.delivered)
	for _, letter := range tried.refused {
		if err := d.setAside(ctx, letter); err != nil {
			return false, err
		}
	}
	d.after = last
	if len(tried.left) > 0 {
		d.after = tried.left[0].Number - 1
	}
	return true, d.storeCursor(ctx)
}

func (d *Delivery) setAside(ctx context.Context, letter DeadLetter) error {
	err := d.until(ctx, func() error {
		// Writing is short and local; an ended ctx must not make a refused alert come back for ever.
		if err := d.deadLetters(context.WithoutCancel(ctx), letter); err != nil {
			return fmt.Errorf("write a dead letter: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.status.refused(d.options.Now(), letter.Reason)
	d.refusals.add(letter)
	return nil
}

// allOf returns count times err.
func allOf(err error, count int) []error {
	errs := make([]error, count)
	for i := range errs {
		errs[i] = err
	}
	return errs
}
