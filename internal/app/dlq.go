package app

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/deadletter"
)

// LetterFilter chooses dead letters. Its zero value chooses all.
type LetterFilter struct {
	// Letters are numbers or ids, of which a letter must have one; none for any letter.
	Letters []string
	// Output and Source are names of an output or sink, and of an input; empty for any.
	Output, Source string
	// Reason must be in the reason; empty for any.
	Reason string
	// Since is a time in RFC 3339, or how long ago; empty for any time.
	Since string
}

// isZero tells whether the filter chooses all letters.
func (f *LetterFilter) isZero() bool {
	return len(f.Letters) == 0 && f.Output == "" && f.Source == "" && f.Reason == "" && f.Since == ""
}

// letters are the dead letters of a configuration, as far as a filter chooses them.
type letters struct {
	config config.Config
	// configured says that the configuration is one that somebody wrote.
	configured bool

	path   string
	folder *deadletter.Folder
	filter LetterFilter
	since  time.Time
}

// openLetters reads the configuration and looks at its dead letters.
func openLetters(settings Settings, filter LetterFilter, now time.Time) (*letters, error) {
	c, source, err := settings.Load()
	if err != nil {
		return nil, err
	}
	l := &letters{
		config: c, configured: source == settings.File || source == DefaultConfigFile,
		path: filepath.Join(c.Data, deadLettersFolder), filter: filter,
	}
	if l.since, err = sinceWhen(filter.Since, now); err != nil {
		return nil, &UsageError{err}
	}
	if err := checkData(c.Data, source); err != nil {
		return nil, err
	}
	if l.folder, err = deadletter.Read(l.path); err != nil {
		return nil, explainLetters(l.path, err)
	}
	return l, nil
}

// checkData finds out that there is a data folder: without one, another is meant, and it is not that there are no letters.
func checkData(folder, source string) error {
	info, err := os.Stat(folder)
	shown := folder
	if whole, err := filepath.Abs(folder); err == nil {
		shown = whole
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &UsageError{fmt.Errorf("there is no data folder %s (configuration: %s); is -c or --data right?", shown, source)}
	case err != nil:
		return explainLetters(shown, err)
	case !info.IsDir():
		return &UsageError{fmt.Errorf("%s is no folder (configuration: %s); is -c or --data right?", shown, source)}
	}
	return nil
}

// explainLetters adds the remedy to an error of the folder of letters.
func explainLetters(folder string, err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w; let user %d read and write in %s, or be the user that logboom runs as", err, os.Getuid(), folder)
	}
	return err
}

// checkOutput finds out that --output is a name that an output or a receiver of alerts has, or a letter: one of an output that
// is no more in the configuration.
func (l *letters) checkOutput() error {
	names := append(outputNames(l.config.Outputs), sinkNames(l.config.Alerts)...)
	if l.filter.Output == "" || !l.configured || slices.Contains(names, l.filter.Output) {
		return nil
	}
	for stored, err := range l.folder.Letters() {
		if err != nil {
			return explainLetters(l.path, err)
		}
		if stored.Letter.Output == l.filter.Output {
			return nil
		}
	}
	return &UsageError{fmt.Errorf("--output=%s: no output or receiver of alerts of the configuration has this name, and no dead "+
		"letter; there %s", l.filter.Output, outputsText(names))}
}

// sinceWhen reads the value of --since.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since=%s: how long ago, such as 2h30m, or a time such as 2026-11-24T10:00:00Z or 2026-11-24", text)
}

// all yields the letters that the filter chooses, oldest first. An error is the last.
func (l *letters) all() iter.Seq2[deadletter.Stored, error] {
	return func(yield func(deadletter.Stored, error) bool) {
		for stored, err := range l.folder.Letters() {
			if err == nil && !l.matches(&stored) {
				continue
			}
			if !yield(stored, explainLetters(l.path, err)) || err != nil {
				return
			}
		}
	}
}

func (l *letters) matches(stored *deadletter.Stored) bool {
	letter := &stored.Letter
	switch {
	case l.filter.Output != "" && letter.Output != l.filter.Output,
		l.filter.Source != "" && letter.Source != l.filter.Source,
		!strings.Contains(reasonOf(stored), l.filter.Reason),
		!l.since.IsZero() && letter.Time.Before(l.since):
		return false
	}
	return len(l.filter.Letters) == 0 || slices.Contains(l.filter.Letters, stored.Number.String()) ||
		letter.ID != "" && slices.Contains(l.filter.Letters, letter.ID)
}

// check finds letters that were asked for and are not there, before anything is done.
func (l *letters) check() (count int, bytes int64, err error) {
	missing := slices.Clone(l.filter.Letters)
	for stored, err := range l.all() {
		if err != nil {
			return 0, 0, err
		}
		count++
		bytes += stored.Size
		missing = slices.DeleteFunc(missing, func(name string) bool {
			return name == stored.Number.String() || name == stored.Letter.ID
		})
	}
	if len(missing) > 0 {
		return 0, 0, fmt.Errorf("no dead letter is called %s; see logboom dlq ls, for numbers and ids", strings.Join(missing, ", "))
	}
	return count, bytes, nil
}

// reasonOf returns why a letter is one: the latest reason where it was tried again.
func reasonOf(stored *deadletter.Stored) string {
	switch {
	case stored.Damage != nil:
		return "this line of the store is damaged: " + stored.Damage.Error()
	case stored.Refused != nil && stored.Refused.Reason != "":
		return stored.Refused.Reason
	}
	return stored.Letter.Reason
}

// whatOf says what a letter is about, in a word.
func whatOf(stored *deadletter.Stored) string {
	if stored.Damage != nil {
		return "damaged"
	}
	return string(stored.Letter.Kind())
}

// whereOf says which output or input a letter belongs to.
func whereOf(stored *deadletter.Stored) string {
	letter := &stored.Letter
	switch {
	case stored.Damage != nil:
		return "-"
	case letter.Output != "":
		return letter.Output
	case letter.Source != "":
		return letter.Source
	}
	return "-"
}

// Why a letter cannot be replayed, as sentences.
var (
	errDamaged = errors.New("the line is no letter any more; `logboom dlq show` prints what is left of it")
	errInput   = errors.New("it is an event that logboom could not read, so no output can be given it; mend its sender " +
		"(or the document, and send that again), then drop the letter")
	errCut = errors.New("only its beginning was kept, because it was too long; the whole is where the event came from")
)

// unreplayable returns why a letter cannot be replayed into any output, nil where it can.
func unreplayable(stored *deadletter.Stored) error {
	switch {
	case stored.Damage != nil:
		return errDamaged
	case stored.Letter.Kind() == deadletter.KindInput:
		return errInput
	case stored.Letter.Kind() == deadletter.KindAlert && !isAlert(&stored.Letter):
		return errAlert
	case !stored.Letter.Whole():
		return errCut
	}
	return nil
}
