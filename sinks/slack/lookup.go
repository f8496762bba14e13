package slack

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// How far a lookup goes: pages of messages, the newest first, back to the latest message that Slack is known to have
// taken, or an hour before the post where none is known.
const (
	pageSize   = 200
	mostPages  = 10
	longestAgo = time.Hour
)

// unreadableWords are what Slack answers where a bot may post and not read.
var unreadableWords = map[string]bool{
	"missing_scope": true, "not_allowed_token_type": true, "no_permission": true, "access_denied": true,
	"not_in_channel": true, "unknown_method": true, "method_not_supported_for_channel_type": true,
	"team_access_not_granted": true, "method_deprecated": true, "deprecated_endpoint": true,
}

// page is an answer of conversations.history or conversations.replies.
type page struct {
	Messages []struct {
		TS       string    `json:"ts"`
		Metadata *metadata `json:"metadata"`
		Blocks   []struct {
			ID string `json:"block_id"`
		} `json:"blocks"`
	} `json:"messages"`
	Metadata struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// find looks for the message of an intent whose request had an unknown outcome. It returns an empty place where there is
// none, or where the bot may not look: the message is written again then, for one too many is better than none.
func (s *Sink) find(ctx context.Context, sought *intent) (place, error) {
	channel, known := s.channelOf(sought)
	method, arguments := "conversations.history", url.Values{
		"channel": {channel}, "include_all_metadata": {"true"}, "limit": {strconv.Itoa(pageSize)},
		"oldest": {s.oldest(sought)},
	}
	if sought.Thread != "" {
		method = "conversations.replies"
		arguments.Set("ts", sought.Thread)
	}
	for range mostPages {
		var found page
		err := s.ask(ctx, method, arguments, &found)
		switch {
		case wordOf(err) == "thread_not_found":
			return place{}, nil
		case mayNotLook(err, known):
			s.blind(method, err)
			return place{}, nil
		case err != nil:
			return place{}, fmt.Errorf("look for a message that may have been taken: %w", err)
		}
		s.seeing(method)
		if ts := found.with(sought.Marker); ts != "" {
			return place{Channel: channel, TS: ts}, nil
		}
		if found.Metadata.Cursor == "" {
			break
		}
		arguments.Set("cursor", found.Metadata.Cursor)
	}
	return place{}, nil
}

// mayNotLook tells whether a lookup will not succeed however often it is tried, though posting may. known says that the
// channel is named by Slack's own id: posting takes a channel's name, or a person, as well, and reading does not.
func mayNotLook(err error, known bool) bool {
	word := wordOf(err)
	return unreadableWords[word] || word == "channel_not_found" && !known || unforeseen(err) || forbidden(err)
}

// with returns the id of the message with a marker.
func (p *page) with(marker string) string {
	for _, m := range p.Messages {
		if m.Metadata != nil && m.Metadata.Payload.ID == marker {
			return m.TS
		}
		for _, b := range m.Blocks {
			if b.ID == marker {
				return m.TS
			}
		}
	}
	return ""
}

// oldest returns the time from which on the message can be, in Slack's form. A message that Slack took is later, by
// Slack's own clock, than every one that it took before.
func (s *Sink) oldest(sought *intent) string {
	since := strconv.FormatInt(time.Unix(0, sought.At).Add(-longestAgo).Unix(), 10) + ".000000"
	return slices.MaxFunc([]string{since, s.state.Latest}, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		if a < b {
			return -1
		}
		return 1
	})
}

// channelOf returns Slack's id of the channel, as far as it is known.
func (s *Sink) channelOf(sought *intent) (channel string, known bool) {
	switch {
	case sought.Channel != "":
		return sought.Channel, true
	case s.state.Channel != "" && s.state.Configured == s.options.Channel:
		return s.state.Channel, true
	}
	return s.options.Channel, false
}

// blind takes note that the bot may not look, and says so once.
func (s *Sink) blind(method string, err error) {
	if s.blindTo == "" {
		s.options.Logger.Warn().Err(s.secrets.Scrub(err)).Msg(
			"messages cannot be looked up, so one whose request got no answer is written again and may be there twice; " +
				"give the bot the scope channels:history, or groups:history for a private channel")
	}
	s.blindTo = method
	s.notice = "messages cannot be looked up, so some may be posted twice; give the bot the scope channels:history, " +
		"or groups:history for a private channel: " + s.secrets.Redact(err.Error())
}

func (s *Sink) seeing(method string) {
	if s.blindTo == method {
		s.notice = ""
	}
}

// Notice implements sinks.Noticing.
func (s *Sink) Notice() string { return s.notice }
