package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Run does everything and returns what was counted, which may be bad; Report.Violated tells. It fails where it could not come
// to counting. The folder is removed unless something is wrong with logboom or Options.Keep is set.
func Run(ctx context.Context, o Options) (Report, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return Report{}, err
	}
	folder := o.Folder
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "logboom-chaos-"); err != nil {
			return Report{}, fmt.Errorf("make folder: %w", err)
		}
	}
	w, err := newWorld(ctx, o, folder)
	var report Report
	if err == nil {
		report, err = w.run(ctx)
	}
	report.Folder = folder
	if err == nil && len(report.Violations()) == 0 && !o.Keep {
		err = errors.Join(w.close(), os.RemoveAll(folder))
		report.Folder = ""
		return report, err
	}
	if err := w.keepData(); err != nil {
		_, _ = fmt.Fprintf(o.Progress, "chaos: %v\n", err)
	}
	if failed := w.close(); failed != nil {
		_, _ = fmt.Fprintf(o.Progress, "chaos: %v\n", failed)
	}
	return report, err
}

// run lets faults happen, waits until everything has arrived, and counts.
func (w *world) run(ctx context.Context) (Report, error) {
	o := w.options
	_, _ = fmt.Fprintf(o.Progress, "chaos: seed %d, %s, %d kills, in %s\n", o.Seed, o.Duration, o.Kills, w.folder)
	shipping, endShipping := context.WithCancel(ctx)
	var shippers, faults sync.WaitGroup
	for _, a := range w.agents {
		shippers.Go(func() { a.run(shipping) })
	}
	defer shippers.Wait()
	defer endShipping()
	telling, endTelling := context.WithCancel(ctx)
	var progress sync.WaitGroup
	progress.Go(func() { w.progress(telling) })
	defer progress.Wait()
	defer endTelling()
	striking, endStriking := context.WithTimeout(ctx, o.Duration)
	defer endStriking()
	for _, lane := range w.lanes() {
		faults.Go(func() { strikeAll(striking, w.begin, lane, w.steps) })
	}
	faults.Wait()
	pause(striking, time.Until(w.begin.Add(o.Duration)))
	drained := w.drain(ctx)
	endTelling()
	progress.Wait()
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("run: %w", err)
	}
	report, err := w.count(ctx)
	if drained != nil {
		report.Undelivered = drained.Error()
	}
	return report, err
}

// drain waits until everything that was sent has arrived, as logboom says, and ends logboom.
func (w *world) drain(ctx context.Context) error {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, w.options.Drain)
	defer cancel()
	calm, waiting := 0, "logboom did not answer"
	for calm < 5 {
		if ctx.Err() != nil {
			_ = w.logboom.stop(30 * time.Second)
			return fmt.Errorf("not all was delivered within %s: %s", w.options.Drain, waiting)
		}
		acknowledged, all := w.acknowledged()
		h, err := w.logboom.health(ctx)
		switch {
		case acknowledged < all:
			calm, waiting = 0, fmt.Sprintf("%d of %d events are acknowledged", acknowledged, all)
		case err != nil:
			calm, waiting = 0, err.Error()
		case h.waiting() != "":
			calm, waiting = 0, h.waiting()
		default:
			calm++
		}
		pause(ctx, 200*time.Millisecond)
	}
	w.steps.note("chaos", "drained in %s", time.Since(begin))
	_, _ = fmt.Fprintf(w.options.Progress, "chaos: all delivered %.0f s after the last fault\n", time.Since(begin).Seconds())
	if err := w.logboom.stop(time.Minute); err != nil {
		return fmt.Errorf("end logboom: %w", err)
	}
	return nil
}

// progress prints a line now and then.
func (w *world) progress(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, 10*time.Second)
		acknowledged, all := w.acknowledged()
		kills, _, crashes, _ := w.logboom.snapshot()
		state := "down"
		if h, err := w.logboom.health(ctx); err == nil {
			state = h.Status + " " + h.waiting()
		}
		_, _ = fmt.Fprintf(w.options.Progress, "chaos: %3.0f s, %d kills, %d of %d events acknowledged, lumberjack %d, http %d, %d crashes; %s\n",
			time.Since(w.begin).Seconds(), len(kills), acknowledged, all, w.lumberjack.noted.size(), w.http.noted.size(), len(crashes), state)
	}
}
