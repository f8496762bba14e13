package slack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/logboom/logboom/sinks"
)

// message returns the digest as it is to be shown.
func (d *digest) message(channel string, threshold int) message {
	blocks := []block{section("*" + d.headline() + "*")}
	for _, text := range []string{d.top("Rules", d.Rules), d.top("Keys", d.Keys), d.latest()} {
		if text != "" {
			blocks = append(blocks, section(cutText(text, longestBlock)))
		}
	}
	note := fmt.Sprintf("events from %s to %s · %s", sinks.Timestamp(d.First), sinks.Timestamp(d.Last), d.note(threshold))
	blocks = append(blocks, block{Type: "context", Elements: []blockText{{"mrkdwn", note}}})
	return message{
		Channel: channel, Text: d.headline(), Blocks: blocks,
		Metadata: &metadata{Type: "logboom_digest", Payload: payload{ID: d.ID}},
	}
}

func (d *digest) headline() string {
	subject := "Alert storm"
	if d.Backlog {
		subject = "Alerts that could not be delivered in time"
	}
	if d.Over != 0 {
		subject += ", over"
	}
	text := fmt.Sprintf("%s: %d started, %d active, %d ended", subject, d.Started, d.active(), d.Ended)
	if d.Strays > 0 {
		text += fmt.Sprintf("; %d more ended that had started before", d.Strays)
	}
	return text
}

func (d *digest) note(threshold int) string {
	switch {
	case d.final():
		return "these numbers are final"
	case d.Over != 0:
		return "over; the ends of those that are active are still counted here"
	case d.Backlog:
		return "one message in the place of many"
	}
	return fmt.Sprintf("more than %d alerts a minute, so they are counted here", threshold)
}

// mostShown is how many rules and keys are named.
const mostShown = 5

// top returns those that alerted most, and how many alerts the others had.
func (d *digest) top(title string, counts map[string]uint64) string {
	if len(counts) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	text, rest := "*"+title+":*", d.Started
	for _, name := range names[:min(mostShown, len(names))] {
		text += fmt.Sprintf("\n%d × %s", counts[name], fitEscaped(name, longestName))
		rest -= counts[name]
	}
	if rest > 0 {
		text += fmt.Sprintf("\n%d × others", rest)
	}
	return text
}

// longestName is how much of a rule's name, a key or a headline is shown, in characters.
const longestName = 200

func (d *digest) latest() string {
	text := "*Latest:*"
	for _, headline := range slices.Backward(d.Latest) {
		text += "\n" + fitEscaped(headline, longestName)
	}
	return text
}
