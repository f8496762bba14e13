package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// message is the JSON of chat.postMessage and, without a channel, of an incoming webhook.
type message struct {
	Channel string  `json:"channel,omitempty"`
	Text    string  `json:"text"`
	Blocks  []block `json:"blocks,omitempty"`
	// Links in log lines must not unfold, nor be fetched by Slack.
	UnfurlLinks bool `json:"unfurl_links"`
	UnfurlMedia bool `json:"unfurl_media"`
}

type block struct {
	Type     string      `json:"type"`
	Text     *blockText  `json:"text,omitempty"`
	Elements []blockText `json:"elements,omitempty"`
}

type blockText struct {
	Type string `json:"type"`
	Text string `json:"text"`
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

// full returns the message with its blocks: the sentence, the details, the sample lines, and the receipt.
func (s *Sink) full(transition window.Transition) message {
	data := dataOf(transition)
	text := s.templates.textOf(data)
	blocks := []block{section(cutText(text, longestBlock))}
	if details := s.templates.detailsOf(data); details != "" {
		blocks = append(blocks, section(cutText(details, longestBlock)))
	}
	if s.templates.details == nil && len(transition.Samples()) > 0 {
		blocks = append(blocks, section(codeBlock(transition.Samples())))
	}
	receipt := blockText{"mrkdwn", receiptOf(transition, s.options.Now())}
	blocks = append(blocks, block{Type: "context", Elements: []blockText{receipt}})
	return message{Channel: s.options.Channel, Text: cutText(text, longestText), Blocks: blocks}
}

// plain returns the message that is left when Slack does not like the full one: the plain sentence.
func (s *Sink) plain(transition window.Transition) message {
	return message{Channel: s.options.Channel, Text: fitEscaped(sinks.Headline(transition), longestBlock)}
}

// receiptOf returns when the event happened, and how much later it was received and this message sent.
func receiptOf(transition window.Transition, now time.Time) string {
	return fmt.Sprintf("event %s · received %s · sent %s", sinks.Timestamp(transition.Time),
		delayText(time.Duration(transition.Received-transition.Time)),
		delayText(time.Duration(now.UnixNano()-transition.Time)))
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

// defaultDetails returns the lines below the sentence.
func defaultDetails(data Message) string {
	about := ""
	if data.Approximate {
		about = "about "
	}
	limit := fmt.Sprintf("threshold %d in %s", data.Threshold, data.Window)
	var lines []string
	if data.Active {
		lines = append(lines, fmt.Sprintf("*Count:* %s%d (%s)", about, data.Count, limit))
	} else {
		lines = append(lines,
			fmt.Sprintf("*Duration:* %s", data.Duration),
			fmt.Sprintf("*Peak:* %s%d (%s)", about, data.Peak, limit),
			fmt.Sprintf("*Count:* %s%d", about, data.Count))
	}
	if data.Grouped {
		lines = append(lines, "*Key:* "+data.Key)
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
	}
	return reason
}
