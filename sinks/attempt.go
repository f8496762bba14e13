package sinks

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// attempt gives the sink the transitions once and sorts what became of them.
func (d *Delivery) attempt(ctx context.Context, transitions []window.Transition) attempt {
	var tried attempt
	outcomes := d.outcomes(ctx, transitions)
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

// outcomes calls the sink and returns one outcome for each transition, whatever the sink did.
func (d *Delivery) outcomes(ctx context.Context, transitions []window.Transition) (outcomes []error) {
	err := guard(func() (err error) {
		outcomes, err = d.sink.Deliver(ctx, transitions)
		return err
	})
	if err == nil && len(outcomes) != len(transitions) {
		err = fmt.Errorf("the sink returned %d outcomes for %d transitions", len(outcomes), len(transitions))
	}
	if err == nil {
		return outcomes
	}
	return allOf(err, len(transitions))
}

func (d *Delivery) letter(transition window.Transition, reason error) DeadLetter {
	return DeadLetter{Output: d.name, Reason: reason.Error(), ID: transition.ID, Document: Document(transition)}
}

// settle makes an attempt last: first the dead letters, then the cursor. last is the number that the cursor comes to
// when nothing is left.
func (d *Delivery) settle(ctx context.Context, tried attempt, last uint64) error {
	if len(tried.delivered)+len(tried.refused) == 0 {
		return nil
	}
	d.retry.succeeded()
	d.status.delivered(d.options.Now(), tried.delivered)
	for _, letter := range tried.refused {
		if err := d.setAside(ctx, letter); err != nil {
			return err
		}
	}
	d.after = last
	if len(tried.left) > 0 {
		d.after = tried.left[0].Number - 1
	}
	return d.storeCursor(ctx)
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
