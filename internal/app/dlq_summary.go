package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// reasonCount is how many letters have about the same reason.
type reasonCount struct {
	What   string    `json:"what"`
	Output string    `json:"output,omitempty"`
	Source string    `json:"source,omitempty"`
	Count  int       `json:"count"`
	Size   int64     `json:"size"`
	Latest time.Time `json:"latest"`
	Reason string    `json:"reason"`
}

// mostReasons bounds how many reasons are told apart.
const mostReasons = 10_000

func (l *letters) summary(shown screen, asJSON bool) error {
	counts, err := l.countReasons()
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(shown.out)
		for _, count := range counts {
			if err := encoder.Encode(count); err != nil {
				return err
			}
		}
		return nil
	}
	if len(counts) == 0 {
		l.tellNone(shown.out)
		return nil
	}
	cells := [][]string{{"LETTERS", "LATEST", "WHAT", "WHERE", "SIZE", "REASON"}}
	for _, count := range counts {
		cells = append(cells, []string{
			fmt.Sprint(count.Count), timeText(count.Latest), count.What, plain(cmp.Or(count.Output, count.Source, "-")),
			sizeText(count.Size), plain(count.Reason),
		})
	}
	grid(shown, cells, func(int) string { return "" })
	return nil
}

// countReasons returns the counts, the most first.
func (l *letters) countReasons() ([]reasonCount, error) {
	type key struct{ what, output, source, reason string }
	counts := map[key]*reasonCount{}
	for stored, err := range l.all() {
		if err != nil {
			return nil, err
		}
		k := key{whatOf(&stored), stored.Letter.Output, stored.Letter.Source, alike(reasonOf(&stored))}
		if counts[k] == nil && len(counts) >= mostReasons {
			k = key{what: "other", reason: "other reasons"}
		}
		if counts[k] == nil {
			counts[k] = &reasonCount{What: k.what, Output: k.output, Source: k.source, Reason: k.reason}
		}
		count := counts[k]
		count.Count++
		count.Size += stored.Size
		if stored.Letter.Time.After(count.Latest) {
			count.Latest = stored.Letter.Time
		}
	}
	list := make([]reasonCount, 0, len(counts))
	for _, count := range counts {
		list = append(list, *count)
	}
	slices.SortFunc(list, func(a, b reasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Output, b.Output))
	})
	return list, nil
}

// alike returns a reason without what differs from letter to letter: what is quoted, and numbers.
func alike(reason string) string {
	var b strings.Builder
	for rest := reason; rest != ""; {
		switch c := rest[0]; {
		case c == '\'' || c == '"':
			if end := strings.IndexByte(rest[1:], c); end >= 0 {
				b.WriteString(string(c) + "…" + string(c))
				rest = rest[end+2:]
				continue
			}
		case c >= '0' && c <= '9':
			b.WriteByte('#')
			rest = strings.TrimLeft(rest, "0123456789")
			continue
		}
		b.WriteByte(rest[0])
		rest = rest[1:]
	}
	return b.String()
}
