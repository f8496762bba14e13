package pipeline

import (
	"fmt"
	"time"

	"github.com/logboom/logboom/window"
)

// quietLetters is how long no dead letter may come before the alert about them ends.
const quietLetters = time.Hour

// The most lines of an alert, and the most characters of a reason in one.
const (
	mostLines     = 5
	longestReason = 300
)

// letters is what is known of the dead letters that were written.
type letters struct {
	// count is that of the present episode, or of the one that is to begin.
	count uint64
	// last is when the latest was written; the zero time where none was since the process began.
	last  time.Time
	lines []string
	// since is when the writer asked for the first time.
	since time.Time
}

// add takes note of dead letters.
func (l *letters) add(now time.Time, of, reason string, count uint64) {
	l.count += count
	l.last = now
	line := fmt.Sprintf("%s: %s", of, shortened(reason))
	if count > 1 {
		line = fmt.Sprintf("%s (%d of them)", line, count)
	}
	if l.lines = append(l.lines, line); len(l.lines) > mostLines-2 {
		l.lines = l.lines[1:]
	}
}

// judge returns the transition that is due, if there is one.
func (l *letters) judge(open openings, now time.Time) (window.Transition, bool) {
	if l.since.IsZero() {
		l.since = now
	}
	opening, active := open[lettersID]
	switch {
	case !active && l.count > 0:
		t := begun(DeadLetters, lettersID, now, l.text(l.count))
		t.Count, t.Peak, t.Threshold, t.Window = l.count, l.count, 1, quietLetters
		return t, true
	case active && now.Sub(l.latest()) >= quietLetters:
		return l.end(opening, now), true
	}
	return window.Transition{}, false
}

// latest returns when the latest was written. What another process wrote counts as written when this one began.
func (l *letters) latest() time.Time {
	if l.last.After(l.since) {
		return l.last
	}
	return l.since
}

// end ends the episode. How many there were before a restart is not known beyond those that began it.
func (l *letters) end(opening window.Transition, now time.Time) window.Transition {
	restarted := opening.Start < l.since.UnixNano()
	total := l.count
	if restarted {
		total += opening.Count
	}
	t := ended(opening, now, window.ReasonIdle, l.text(total))
	t.Count, t.Peak, t.Approximate = 0, max(total, opening.Peak), restarted
	*l = letters{since: l.since}
	return t
}

// text returns the lines of the alert.
func (l *letters) text(count uint64) []string {
	what := "1 event or alert was refused for good and set aside"
	if count != 1 {
		what = fmt.Sprintf("%d events or alerts were refused for good and set aside", count)
	}
	return append([]string{
		what + " among the dead letters; logboom dlq ls shows them, with the reasons.",
	}, l.lines...)
}

// shortened returns a text that fits into a line of an alert.
func shortened(text string) string {
	if runes := []rune(text); len(runes) > longestReason {
		return string(runes[:longestReason]) + "..."
	}
	return text
}
