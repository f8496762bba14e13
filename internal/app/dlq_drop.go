package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
)

// dropAtOnce is how many letters are marked at once.
const dropAtOnce = 10_000

// DropLettersOptions say which dead letters are dropped.
type DropLettersOptions struct {
	Settings Settings
	// Filter chooses them. It must say something, unless All is set.
	Filter LetterFilter
	All    bool
	// Yes asks nobody.
	Yes bool
}

// DropLetters drops dead letters, after asking on a terminal whether that is meant.
func DropLetters(ctx context.Context, options DropLettersOptions, streams Streams) error {
	if options.Filter.isZero() && !options.All {
		return &UsageError{errors.New("which ones? Numbers or ids as logboom dlq ls shows them, a filter such as --output, or --all")}
	}
	if options.All && !options.Filter.isZero() {
		return &UsageError{errors.New("--all and a filter or a number: which of the two is meant?")}
	}
	l, err := openLetters(options.Settings, options.Filter, time.Now())
	if err != nil {
		return err
	}
	count, size, err := l.check()
	if err != nil {
		return err
	}
	if count == 0 && l.folder.Removed.Letters == 0 {
		l.tellNone(streams.Err)
		return nil
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !options.Yes {
		sure, err := confirm(ctx, streams, fmt.Sprintf("Drop %s (%s) of %s for ever?", numberOf(count, "letter"), sizeText(size), l.path))
		if err != nil || !sure {
			return err
		}
	}
	return l.drop(ctx, options.All, streams)
}

// confirm asks on a terminal. It fails where there is none.
func confirm(ctx context.Context, streams Streams, question string) (bool, error) {
	if !isTerminal(streams.In) {
		return false, &UsageError{errors.New("nobody can be asked whether that is meant, since this is no terminal; say --yes")}
	}
	printf(streams.Err, "%s [y/N] ", question)
	answered := make(chan string, 1)
	go func() { // it ends with the process where nothing is answered
		answer, _ := bufio.NewReader(streams.In).ReadString('\n') // no answer is none
		answered <- strings.ToLower(strings.TrimSpace(answer))
	}()
	select {
	case answer := <-answered:
		if answer == "y" || answer == "yes" {
			return true, nil
		}
	case <-ctx.Done():
		printf(streams.Err, "\n")
	}
	printf(streams.Err, "nothing was dropped\n")
	return false, nil
}

func (l *letters) drop(ctx context.Context, all bool, streams Streams) error {
	remover, err := deadletter.OpenRemover(l.path)
	if err != nil {
		return explainLetters(l.path, err)
	}
	defer remover.Close() //nolint:errcheck // nothing was written to it
	dropped, err := l.markDropped(ctx, remover)
	freed, sweepErr := remover.Sweep(context.WithoutCancel(ctx))
	err = errors.Join(err, sweepErr)
	if all && err == nil {
		err = remover.ForgetRemoval(ctx)
	}
	printf(streams.Out, "%s dropped, %s freed\n", numberOf(dropped, "letter"), sizeText(freed))
	return err
}

// markDropped marks the letters, and returns how many that were.
func (l *letters) markDropped(ctx context.Context, remover *deadletter.Remover) (dropped int, err error) {
	mark := deadletter.Mark{Did: deadletter.Dropped, Time: time.Now()}
	var chosen []deadletter.Marked
	flush := func() error {
		if len(chosen) == 0 {
			return nil
		}
		if err := remover.Mark(ctx, chosen...); err != nil {
			return err
		}
		dropped += len(chosen)
		chosen = chosen[:0]
		return nil
	}
	for stored, err := range l.all() {
		if err != nil {
			return dropped, errors.Join(err, flush())
		}
		stored.Letter = deadletter.Letter{} // only what names it is needed
		if chosen = append(chosen, deadletter.Marked{Letter: stored, Mark: mark}); len(chosen) >= dropAtOnce {
			if err := flush(); err != nil {
				return dropped, err
			}
		}
	}
	return dropped, flush()
}
