package slack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks"
	alert "github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/window"
)

// message is the JSON of chat.postMessage and chat.update and, without a channel, of an incoming webhook.
type message struct {
	Channel string `json:"channel,omitempty"`
	// TS is the message to be changed, Thread the one to be replied to.
	TS     string `json:"ts,omitempty"`
	Thread string `json:"thread_ts,omitempty"`
	Text   string `json:"text"`
	// Blocks are left out where they are nil; chat.update keeps the old ones then, and takes an empty list for none.
	Blocks   []block   `json:"blocks,omitzero"`
	Metadata *metadata `json:"metadata,omitempty"`
	// Links in log lines must not unfold, nor be fetched by Slack.
	UnfurlLinks bool `json:"unfurl_links"`
	UnfurlMedia bool `json:"unfurl_media"`
}

// metadata is what a message tells programs; people do not see it. The sink finds its messages by it.
type metadata struct {
	Type    string  `json:"event_type"`
	Payload payload `json:"event_payload"`
}

type payload struct {
	ID string `json:"id"`
}

type block struct {
	Type string `json:"type"`
	// ID comes back with the message, also where metadata do not.
	ID       string      `json:"block_id,omitempty"`
	Text     *blockText  `json:"text,omitempty"`
	Elements []blockText `json:"elements,omitempty"`
}

type blockText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// longestMarker is the longest block_id that Slack takes, in characters.
const longestMarker = 255

// marked returns the message with a marker by which it can be found. A webhook's has none: nothing can be found there.
func (m message) marked(kind, marker string) message {
	if m.Channel == "" || marker == "" || len(marker) > longestMarker {
		return m
	}
	m.Metadata = &metadata{Type: kind, Payload: payload{ID: marker}}
	if len(m.Blocks) > 0 {
		m.Blocks[0].ID = marker
	}
	return m
}

func section(text string) block { return block{Type: "section", Text: &blockText{"mrkdwn", text}} }

func (m message) encode() []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		panic(fmt.Sprintf("slack: encode a message: %v", err)) // texts and booleans always encode
	}
	return buffer.Bytes()
}

// full returns a message that has everything: the sentence, the details, the sample lines, and the receipt.
func (s *Sink) full(transition window.Transition) message {
	return s.compose(transition, transition.Samples())
}

// whole is full, with the lines of the beginning too.
func (s *Sink) whole(transition window.Transition) message {
	return s.compose(transition, transition.First, transition.Last)
}

// head returns the message that an episode has in the channel. Its lines are in the thread.
func (s *Sink) head(transition window.Transition) message {
	return s.compose(transition)
}

func (s *Sink) compose(transition window.Transition, lines ...[]string) message {
	data := dataOf(transition)
	text := s.templates.textOf(data)
	blocks := []block{section(cutText(text, longestBlock))}
	if details := s.templates.detailsOf(data); details != "" {
		blocks = append(blocks, section(cutText(details, longestBlock)))
	}
	for _, some := range lines {
		if s.templates.details == nil && len(some) > 0 {
			blocks = append(blocks, section(codeBlock(some)))
		}
	}
	if link := s.templates.linkOf(transition); link != "" {
		blocks = append(blocks, section(link))
	}
	receipt := blockText{"mrkdwn", receiptOf(transition, s.options.Now())}
	blocks = append(blocks, block{Type: "context", Elements: []blockText{receipt}})
	return message{Channel: s.options.Channel, Text: cutText(text, longestText), Blocks: blocks}
}

// details returns the first reply in an episode's thread.
func (s *Sink) details(transition window.Transition) message {
	data := dataOf(transition)
	text := fmt.Sprintf("Details: %d events, threshold %d%s", data.Count, data.Threshold, sinks.InWindow(data.Window))
	blocks := []block{section(cutText(defaultDetails(data)+"\n*Began:* "+data.Start, longestBlock))}
	if len(transition.First) > 0 {
		blocks = append(blocks, section(codeBlock(transition.First)))
	}
	if link := s.templates.linkOf(transition); link != "" {
		blocks = append(blocks, section(link))
	}
	return message{Channel: s.options.Channel, Text: text, Blocks: blocks}
}

// plain returns the message that is left when Slack does not like the full one: a sentence without blocks.
func (m message) plain(transition *window.Transition) message {
	if transition != nil {
		m.Text = fitEscaped(sinks.Headline(*transition), longestBlock)
	}
	m.Blocks = nil
	if m.TS != "" {
		m.Blocks = []block{}
	}
	return m
}

// receiptOf returns when the event happened, how much later it was received, and how long after that this message goes
// out.
func receiptOf(transition window.Transition, now time.Time) string {
	return fmt.Sprintf("event %s · received %s · delivered %s after the line was received", sinks.Timestamp(transition.Time),
		delayText(time.Duration(transition.Received-transition.Time)),
		strings.TrimPrefix(delayText(time.Duration(now.UnixNano()-transition.Received)), "+"))
}

// delayText returns a delay as "+12 ms", or in seconds and more from 10 s on.
func delayText(delay time.Duration) string {
	sign := "+"
	if delay < 0 {
		sign, delay = "-", -delay
	}
	if delay < 10*time.Second {
		return fmt.Sprintf("%s%d ms", sign, delay.Milliseconds())
	}
	return sign + sinks.DurationText(delay.Round(time.Second))
}

// defaultDetails returns the lines below the sentence. Fields stand as code, lest Slack take host.name for a site.
func defaultDetails(data alert.Message) string {
	about := ""
	if data.Approximate {
		about = "about "
	}
	limit := fmt.Sprintf("threshold %d%s", data.Threshold, sinks.InWindow(data.Window))
	var lines []string
	if data.Active {
		lines = append(lines, fmt.Sprintf("*Count:* %s%d (%s)", about, data.Count, limit))
	} else {
		lines = append(lines,
			fmt.Sprintf("*Duration:* %s", data.Duration),
			fmt.Sprintf("*Peak:* %s%d (%s)", about, data.Peak, limit),
			fmt.Sprintf("*Count:* %s%d", about, data.Count))
	}
	for _, field := range slices.Sorted(maps.Keys(data.Group)) {
		lines = append(lines, fmt.Sprintf("`%s`: %s", escape(strings.ReplaceAll(field, "`", "'")), cmp.Or(data.Group[field], "(none)")))
	}
	if data.Reason != "" {
		lines = append(lines, "*Ended because:* "+reasonText(data.Reason))
	}
	return strings.Join(lines, "\n")
}

// reasonText returns a reason for an end in words, or an unknown one as it is.
func reasonText(reason string) string {
	switch reason {
	case window.ReasonIdle:
		return "no more events came"
	case window.ReasonEvicted:
		return "its key had to make room for others"
	case window.ReasonRuleChanged:
		return "its rule was changed or removed"
	case window.ReasonStateLost:
		return "damage to the journal lost its window"
	}
	return reason
}
