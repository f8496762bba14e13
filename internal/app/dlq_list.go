package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
)

// ListLettersOptions say which dead letters are listed, and how.
type ListLettersOptions struct {
	Settings Settings
	Filter   LetterFilter
	// Limit is how many are listed, the latest; 0 for all.
	Limit int
	// Summary counts them by reason instead.
	Summary bool
	// JSON prints JSON lines.
	JSON bool
}

// letterLine is a letter as a JSON line.
type letterLine struct {
	Number     string           `json:"number,omitempty"`
	Time       *time.Time       `json:"time,omitempty"`
	What       string           `json:"what"`
	Output     string           `json:"output,omitempty"`
	Source     string           `json:"source,omitempty"`
	Peer       string           `json:"peer,omitempty"`
	ID         string           `json:"id,omitempty"`
	Size       int64            `json:"size"`
	Reason     string           `json:"reason"`
	Refused    *deadletter.Mark `json:"refused,omitempty"`
	Replayable bool             `json:"replayable"`
	Document   json.RawMessage  `json:"document,omitempty"`
	Text       string           `json:"text,omitempty"`
	Base64     []byte           `json:"base64,omitempty"`
	Truncated  bool             `json:"truncated,omitempty"`
	Length     int64            `json:"length,omitempty"`
	Texts      []string         `json:"texts,omitempty"`
}

func lineOf(stored *deadletter.Stored) letterLine {
	letter := &stored.Letter
	line := letterLine{
		Number: stored.Number.String(), What: whatOf(stored), Output: letter.Output, Source: letter.Source,
		Peer: letter.Peer, ID: letter.ID, Size: stored.Size, Reason: letter.Reason, Refused: stored.Refused,
		Replayable: unreplayable(stored) == nil,
	}
	if stored.Damage != nil {
		line.Reason = reasonOf(stored)
	} else {
		line.Time = &letter.Time
	}
	return line
}

// ListLetters prints the dead letters of a configuration, the latest last, also while logboom runs.
func ListLetters(options ListLettersOptions, streams Streams) error {
	if options.Limit < 0 {
		return &UsageError{fmt.Errorf("--limit=%d: 0 or more", options.Limit)}
	}
	l, err := openLetters(options.Settings, options.Filter, time.Now())
	if err != nil {
		return err
	}
	if err := l.checkOutput(); err != nil {
		return err
	}
	out := bufio.NewWriter(streams.Out)
	shown := newScreen(streams.Out)
	shown.out = out
	if options.Summary {
		err = l.summary(shown, options.JSON)
	} else {
		err = l.list(shown, options)
	}
	if err == nil && !options.JSON {
		l.tellRemoved(shown)
	}
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}

// latest returns the last limit letters without their documents, and how many there are in all.
func (l *letters) latest(limit int) (rows []deadletter.Stored, count int, err error) {
	for stored, err := range l.all() {
		if err != nil {
			return nil, 0, err
		}
		count++
		stored.Letter.Document = nil
		if rows = append(rows, stored); limit > 0 && len(rows) >= 2*limit {
			rows = append(rows[:0], rows[len(rows)-limit:]...)
		}
	}
	if limit > 0 && len(rows) > limit {
		rows = rows[len(rows)-limit:]
	}
	return rows, count, nil
}

func (l *letters) list(shown screen, options ListLettersOptions) error {
	if options.JSON && options.Limit == 0 {
		return l.stream(shown.out)
	}
	rows, count, err := l.latest(options.Limit)
	if err != nil {
		return err
	}
	if options.JSON {
		encoder := json.NewEncoder(shown.out)
		for i := range rows {
			if err := encoder.Encode(lineOf(&rows[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if count == 0 {
		l.tellNone(shown.out)
		return nil
	}
	table(shown, rows)
	if count > len(rows) {
		printf(shown.out, "%s\n", shown.paint(faint,
			fmt.Sprintf("the latest %d of %d; --limit 0 shows all, --summary counts them by reason", len(rows), count)))
	}
	return nil
}

func (l *letters) stream(out io.Writer) error {
	encoder := json.NewEncoder(out)
	for stored, err := range l.all() {
		if err != nil {
			return err
		}
		if err := encoder.Encode(lineOf(&stored)); err != nil {
			return err
		}
	}
	return nil
}

func (l *letters) tellNone(out io.Writer) {
	if l.filter.isZero() {
		printf(out, "no dead letters in %s\n", l.path)
		return
	}
	printf(out, "none of the dead letters in %s is like that\n", l.path)
}

// tellRemoved tells what was removed because the store was full.
func (l *letters) tellRemoved(shown screen) {
	removed := l.folder.Removed
	if removed.Letters == 0 {
		return
	}
	printf(shown.out, "%s\n", shown.paint(yellow, fmt.Sprintf(
		"%s were removed because the store was full, from %s to %s: the oldest make room for new ones",
		numberOf(int(removed.Letters), "letter"), timeText(removed.First), timeText(removed.Last))))
}

func timeText(at time.Time) string { return at.Local().Format(time.DateTime) }

// reasonWidth is how much of a reason is shown where the width of the screen is not known.
const reasonWidth = 100

// table prints letters, a line each.
func table(shown screen, rows []deadletter.Stored) {
	cells := [][]string{{"NUMBER", "TIME", "WHAT", "WHERE", "SIZE", "REASON"}}
	for i := range rows {
		row := &rows[i]
		at := "-"
		if row.Damage == nil {
			at = timeText(row.Letter.Time)
		}
		reason := plain(reasonOf(row))
		if row.Refused != nil {
			reason = "again: " + reason
		}
		cells = append(cells, []string{row.Number.String(), at, whatOf(row), plain(whereOf(row)), sizeText(row.Size), reason})
	}
	grid(shown, cells, func(row int) string {
		if row > 0 && unreplayable(&rows[row-1]) != nil {
			return faint
		}
		return ""
	})
}

// grid prints cells in columns. The last one gets the room that is left, the first row is a heading.
func grid(shown screen, cells [][]string, colour func(row int) string) {
	last := len(cells[0]) - 1
	widths := make([]int, last)
	taken := 0
	for column := range widths {
		for _, row := range cells {
			widths[column] = max(widths[column], len([]rune(row[column])))
		}
		taken += widths[column] + 2
	}
	room := reasonWidth
	if shown.width > 0 {
		room = max(shown.width-taken, 20)
	}
	for i, row := range cells {
		var line strings.Builder
		for column, width := range widths {
			line.WriteString(row[column] + strings.Repeat(" ", width-len([]rune(row[column]))+2))
		}
		line.WriteString(cut(row[last], room))
		paint := bold
		if i > 0 {
			paint = colour(i)
		}
		text := line.String()
		if paint != "" {
			text = shown.paint(paint, text)
		}
		printf(shown.out, "%s\n", text)
	}
}
