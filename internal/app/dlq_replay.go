package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
)

// ReplayLettersOptions say which dead letters are written to which output again.
type ReplayLettersOptions struct {
	Settings Settings
	Filter   LetterFilter
	// To is the name of an output; each letter's own where empty.
	To string
	// DryRun tells what would be written, and writes nothing.
	DryRun bool
	// Attempts is how often a batch is tried before the output is given up; at least 1.
	Attempts int
	// JSON prints a JSON line for each letter.
	JSON bool
}

// lettersReplay is one replay.
type lettersReplay struct {
	options ReplayLettersOptions
	streams Streams
	letters *letters
	encoder *logstash.Encoder
	values  logstash.Values
	targets map[string]*target
	remover *deadletter.Remover // nil in a dry run
	report  *replayReport
	bar     *letterProgress
}

// ReplayLetters writes dead letters to the outputs that refused them, or to another one, also while logboom runs; of alerts
// those for Elasticsearch. Letters that were taken are no letters any more; those that are refused again stay, with the new
// reason. What a crash ends before it is marked is written again by the next replay: at least once.
func ReplayLetters(ctx context.Context, options ReplayLettersOptions, streams Streams) error {
	if options.Attempts < 1 {
		return &UsageError{fmt.Errorf("--attempts=%d: 1 or more", options.Attempts)}
	}
	l, err := openLetters(options.Settings, options.Filter, time.Now())
	if err != nil {
		return err
	}
	r := &lettersReplay{options: options, streams: streams, letters: l, targets: map[string]*target{}}
	if options.To != "" && !l.hasOutput(options.To) {
		return &UsageError{fmt.Errorf("--to=%s: no output of the configuration has this name; there %s",
			options.To, outputsText(outputNames(l.config.Outputs)))}
	}
	count, _, err := l.check()
	if err != nil {
		return err
	}
	if count == 0 {
		l.tellNone(streams.Err)
		return nil
	}
	if r.encoder, err = newEncoder(l.config); err != nil {
		return err
	}
	if !options.DryRun {
		if r.remover, err = deadletter.OpenRemover(l.path); err != nil {
			return explainLetters(l.path, err)
		}
		defer r.remover.Close() //nolint:errcheck // nothing was written to it
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	r.report, r.bar = newReplayReport(options, streams), newLetterProgress(streams.Err, "replaying", count)
	err = r.run(ctx)
	r.bar.finish()
	return errors.Join(err, r.report.finish())
}

func outputsText(names []string) string {
	if len(names) == 0 {
		return "are none"
	}
	return "are " + list(names)
}

func (r *lettersReplay) run(ctx context.Context) (err error) {
	defer func() {
		for _, t := range r.targets {
			if t.opened.output != nil {
				err = errors.Join(err, t.opened.output.Close())
			}
		}
	}()
	for stored, err := range r.letters.all() {
		if err != nil {
			return err
		}
		if err := r.add(ctx, stored); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.targets)) {
		if err := r.flush(ctx, r.targets[name]); err != nil {
			return err
		}
	}
	if r.remover != nil {
		_, err = r.remover.Sweep(context.WithoutCancel(ctx))
	}
	return err
}

// add puts a letter into its target's batch, and has that written when it is full.
func (r *lettersReplay) add(ctx context.Context, stored deadletter.Stored) error {
	err := unreplayable(&stored)
	if err == nil && isAlert(&stored.Letter) && r.options.To != "" {
		err = errAlertTo
	}
	if err != nil {
		r.tell(&stored, whereOf(&stored), outcomeSkipped, err)
		return nil
	}
	name := r.options.To
	switch {
	case isAlert(&stored.Letter):
		name = alertsTarget
	case name == "":
		name = stored.Letter.Output
	}
	t := r.openTarget(name)
	if t.broken != nil {
		r.tell(&stored, name, outcomeFailed, t.broken)
		return nil
	}
	event, err := r.event(t, &stored)
	if err != nil {
		r.tell(&stored, name, outcomeFailed, err)
		return nil
	}
	t.pending = append(t.pending, pendingLetter{stored, event})
	t.bytes += len(event.Body)
	if t.full() {
		return r.flush(ctx, t)
	}
	return nil
}

// flush has the batch of a target written, and marks what became of it. Its error is one of marking: then nothing more may
// be written.
func (r *lettersReplay) flush(ctx context.Context, t *target) error {
	remaining := t.pending
	t.pending, t.bytes = nil, 0
	if r.options.DryRun {
		for i := range remaining {
			r.tell(&remaining[i].stored, t.name, outcomeReplayed, nil)
		}
		return nil
	}
	retry := delivery.NewRetry(delivery.DefaultRetryMin, delivery.DefaultRetryMax)
	for tries := 1; len(remaining) > 0 && t.broken == nil; tries++ {
		sorted := sortOutcomes(remaining, t.write(ctx, remaining))
		if err := r.settle(ctx, t, sorted); err != nil {
			return err
		}
		if len(sorted.left) < len(remaining) {
			tries = 1
			retry.Succeeded()
		}
		remaining = sorted.left
		switch {
		case len(remaining) == 0 || sorted.failure == nil && ctx.Err() == nil && tries < r.options.Attempts:
		case ctx.Err() != nil:
			t.broken = errors.New("the replay was stopped before")
		case delivery.IsBlocked(sorted.failure) || tries >= r.options.Attempts:
			t.broken = sorted.failure
			if t.broken == nil {
				t.broken = outputs.ErrNotTried
			}
		case retry.Wait(ctx, []error{sorted.failure}) != nil:
			t.broken = errors.New("the replay was stopped before")
		}
	}
	for i := range remaining {
		r.tell(&remaining[i].stored, t.name, outcomeFailed, t.broken)
	}
	return nil
}

// sortedLetters are letters by what became of them.
type sortedLetters struct {
	taken   []pendingLetter
	refused []pendingLetter
	reasons []error // of refused
	left    []pendingLetter
	failure error // why some are left; nil where only because of the order
}

func sortOutcomes(list []pendingLetter, outcomes []error) (s sortedLetters) {
	for i, outcome := range outcomes {
		switch {
		case outcome == nil:
			s.taken = append(s.taken, list[i])
		case delivery.IsPermanent(outcome):
			s.refused, s.reasons = append(s.refused, list[i]), append(s.reasons, outcome)
		default:
			s.left = append(s.left, list[i])
			if s.failure == nil && !errors.Is(outcome, outputs.ErrNotTried) {
				s.failure = outcome
			}
		}
	}
	return s
}

// settle marks what was taken and what was refused, and tells of it. It does so also when ctx has ended.
func (r *lettersReplay) settle(ctx context.Context, t *target, s sortedLetters) error {
	now := time.Now()
	marked := make([]deadletter.Marked, 0, len(s.taken)+len(s.refused))
	for _, taken := range s.taken {
		marked = append(marked, deadletter.Marked{
			Letter: taken.stored, Mark: deadletter.Mark{Did: deadletter.Replayed, To: t.name, Time: now},
		})
	}
	for i, refused := range s.refused {
		marked = append(marked, deadletter.Marked{Letter: refused.stored, Mark: deadletter.Mark{
			Did: deadletter.Refused, To: t.name, Reason: s.reasons[i].Error(), Time: now,
		}})
	}
	if len(marked) > 0 {
		if err := r.remover.Mark(context.WithoutCancel(ctx), marked...); err != nil {
			return fmt.Errorf("%s were written to %s and could not be marked, so the next replay writes them again: %w",
				numberOf(len(s.taken), "letter"), t.name, err)
		}
	}
	for i := range s.taken {
		r.tell(&s.taken[i].stored, t.name, outcomeReplayed, nil)
	}
	for i := range s.refused {
		r.tell(&s.refused[i].stored, t.name, outcomeRefused, s.reasons[i])
	}
	return nil
}

func (r *lettersReplay) tell(stored *deadletter.Stored, to string, outcome replayOutcome, reason error) {
	r.bar.add()
	r.report.add(stored, to, outcome, reason)
}
