package app

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/logboom/logboom/internal/deadletter"
)

// ShowLettersOptions say which dead letters are shown, and how.
type ShowLettersOptions struct {
	Settings Settings
	// Filter must choose some letters by number or id, or all that are like something.
	Filter LetterFilter
	// JSON prints each as a JSON line, Document only the document, as it is, and a newline.
	JSON, Document bool
}

// ShowLetters prints dead letters wholly. It fails where one that is asked for is not there.
func ShowLetters(options ShowLettersOptions, streams Streams) error {
	if options.Filter.isZero() {
		return &UsageError{errors.New("which one? A number or an id as logboom dlq ls shows it, or a filter such as --output; " +
			"see logboom dlq show --help")}
	}
	l, err := openLetters(options.Settings, options.Filter, time.Now())
	if err != nil {
		return err
	}
	count, _, err := l.check()
	if err != nil {
		return err
	}
	if count == 0 {
		l.tellNone(streams.Err)
		return nil
	}
	out := bufio.NewWriter(streams.Out)
	shown := newScreen(streams.Out)
	shown.out = out
	first := true
	for stored, err := range l.all() {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		switch {
		case options.Document:
			_, err = fmt.Fprintf(out, "%s\n", stored.Letter.Document)
		case options.JSON:
			err = json.NewEncoder(out).Encode(wholeLineOf(&stored))
		default:
			if !first {
				printf(out, "\n")
			}
			l.show(shown, &stored)
		}
		if err != nil {
			return err
		}
		first = false
	}
	return out.Flush()
}

// wholeLineOf is lineOf with the document.
func wholeLineOf(stored *deadletter.Stored) letterLine {
	line, letter := lineOf(stored), &stored.Letter
	if letter.Length > int64(len(letter.Document)) {
		line.Truncated, line.Length = true, letter.Length
	}
	switch {
	case len(letter.Document) == 0:
	case !utf8.Valid(letter.Document):
		line.Base64 = letter.Document
	case json.Valid(letter.Document):
		line.Document = letter.Document
	default:
		line.Text = string(letter.Document)
	}
	if letter.Event != nil {
		for _, text := range letter.Event.Texts {
			line.Texts = append(line.Texts, string(text))
		}
	}
	return line
}

// show prints a letter for people.
func (l *letters) show(shown screen, stored *deadletter.Stored) {
	letter := &stored.Letter
	field := func(name, value string) {
		if value != "" {
			printf(shown.out, "%s%s\n", shown.paint(faint, fmt.Sprintf("%-9s", name)), plain(value))
		}
	}
	printf(shown.out, "%s\n", shown.paint(bold, "dead letter "+stored.Number.String()))
	field("what", map[string]string{
		string(deadletter.KindInput): "an event that could not be taken",
		string(deadletter.KindEvent): "an event that an output refused for good",
		string(deadletter.KindAlert): "an alert that its receiver refused for good", "damaged": "a damaged line of the store",
	}[whatOf(stored)])
	if stored.Damage == nil {
		field("time", timeText(letter.Time))
	}
	field("output", letter.Output)
	field("source", letter.Source)
	field("peer", letter.Peer)
	field("id", letter.ID)
	field("size", sizeText(stored.Size))
	showReasons(stored, field)
	if letter.Event != nil {
		for _, text := range letter.Event.Texts {
			field("text", string(text))
		}
	}
	field("to do", l.remedy(stored))
	showDocument(shown.out, letter)
}

func showReasons(stored *deadletter.Stored, field func(name, value string)) {
	if stored.Damage != nil {
		field("reason", reasonOf(stored))
		return
	}
	field("reason", stored.Letter.Reason)
	if mark := stored.Refused; mark != nil {
		field("again", fmt.Sprintf("refused by %s at %s: %s", mark.To, timeText(mark.Time), mark.Reason))
	}
}

// showDocument prints the document, or what is left of it.
func showDocument(out io.Writer, letter *deadletter.Letter) {
	if len(letter.Document) == 0 {
		return
	}
	printf(out, "\n%s\n", pretty(letter.Document))
	if letter.Length > int64(len(letter.Document)) {
		printf(out, "... only the first %d of %d bytes were kept\n", len(letter.Document), letter.Length)
	}
}

// remedy says what to do about a letter.
func (l *letters) remedy(stored *deadletter.Stored) string {
	number := stored.Number.String()
	if err := unreplayable(stored); err != nil {
		return err.Error() + ": logboom dlq drop " + number
	}
	output := stored.Letter.Output
	if isAlert(&stored.Letter) {
		output = alertsTarget
	} else if !l.hasOutput(output) {
		return fmt.Sprintf("no output is called %s any more: logboom dlq replay --to OUTPUT %s", output, number)
	}
	return fmt.Sprintf("mend what the reason says in %s, then: logboom dlq replay %s", output, number)
}

func (l *letters) hasOutput(name string) bool {
	for _, output := range l.config.Outputs {
		if output.Name == name {
			return true
		}
	}
	return false
}
