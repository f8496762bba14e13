package sinks

import (
	"bytes"
	"context"
	"fmt"
)

// restore takes the cursor, and the sink's state, to where they were. A sink that has no cursor gets one at once, so
// that the place where it begins does not change with the next start.
func (d *Delivery) restore(ctx context.Context) error {
	var found bool
	err := d.until(ctx, func() (err error) {
		found, err = d.loadCursor()
		return err
	})
	if err != nil {
		return err
	}
	if !found {
		if err := d.storeCursor(ctx); err != nil {
			return err
		}
	}
	d.status.moved(d.after)
	d.status.recovered()
	return nil
}

func (d *Delivery) loadCursor() (found bool, err error) {
	cursor, found, err := d.cursors.LoadCursor(d.name)
	if err != nil {
		return false, fmt.Errorf("load the cursor: %w", err)
	}
	if !found {
		cursor = Cursor{After: d.options.StartAfter}
	}
	if bounded, ok := d.sink.(Bounded); ok && d.options.Last != nil {
		bounded.WillComeAgain(func() int {
			last := d.options.Last()
			return int(last - min(last, cursor.After))
		})
	}
	if stateful, ok := d.sink.(Stateful); ok {
		if err := stateful.Restore(cursor.State); err != nil {
			return false, fmt.Errorf("restore the sink's state: %w", err)
		}
		// A cursor may have been set up by whoever owns the store. What the sink has to say of its beginning must be
		// on disk before its first delivery: a kill behind that would leave nothing to go back to.
		found = found && len(cursor.State) > 0
	}
	d.after, d.state = d.within(cursor.After), cursor.State
	return found, nil
}

// within returns after, or the latest committed number if after is beyond it. A cursor beyond the end belongs to
// transitions that the journal lost; without this the next ones would be taken for delivered.
func (d *Delivery) within(after uint64) uint64 {
	if d.options.Last == nil {
		return after
	}
	last := d.options.Last()
	if after <= last {
		return after
	}
	d.options.Logger.Warn().Uint64("cursor", after).Uint64("last", last).
		Msg("the sink's cursor is beyond the last committed alert: going on behind that one")
	return last
}

func (d *Delivery) storeCursor(ctx context.Context) error {
	cursor := Cursor{After: d.after}
	err := d.until(ctx, func() error {
		if stateful, ok := d.sink.(Stateful); ok {
			cursor.State = stateful.State()
		}
		if err := d.cursors.StoreCursor(d.name, cursor); err != nil {
			return fmt.Errorf("store the cursor: %w", err)
		}
		return nil
	})
	if err == nil {
		d.state = cursor.State
		d.status.moved(d.after)
	}
	return err
}

// stateChanged tells whether a Continuing sink has a state that is not on disk yet.
func (d *Delivery) stateChanged() bool {
	continuing, ok := d.sink.(Continuing)
	return ok && !bytes.Equal(continuing.State(), d.state)
}
