package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks"
)

// mendDelay is how long to wait after an error that only a person can mend.
const mendDelay = time.Minute

// answer is an HTTP answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// messageError is what Slack says of one message; another message may be fine.
type messageError struct{ err error }

func (m *messageError) Error() string { return m.err.Error() }
func (m *messageError) Unwrap() error { return m.err }

// messageErrors are the words with which Slack refuses a message for what is in it.
var messageErrors = map[string]bool{
	"msg_too_long": true, "msg_blocks_too_long": true, "no_text": true, "invalid_blocks": true,
	"invalid_blocks_format": true, "invalid_attachments": true, "too_many_attachments": true,
	"invalid_arguments": true, "invalid_payload": true, "missing_text_or_fallback_or_attachments": true,
}

// passingErrors are the words for troubles of Slack's own that pass by themselves.
var passingErrors = map[string]bool{
	"internal_error": true, "fatal_error": true, "request_timeout": true, "service_unavailable": true,
	"team_added_to_org": true, "rollup_error": true,
	"ratelimited": true, "rate_limited": true, "message_limit_exceeded": true,
}

// remedies tell what to do about the errors that people meet when they set up a channel.
var remedies = map[string]string{
	"not_authed":          "set the token",
	"invalid_auth":        "check the token",
	"account_inactive":    "the token's bot was removed; make a new token",
	"token_revoked":       "the token was revoked; make a new one",
	"token_expired":       "the token has expired; make a new one",
	"missing_scope":       "give the bot the scope chat:write and install the app again",
	"not_in_channel":      "invite the bot to the channel",
	"channel_not_found":   "check the channel's id; a private channel must have invited the bot",
	"is_archived":         "the channel is archived; choose another",
	"channel_is_archived": "the channel is archived; choose another",
	"no_service":          "the webhook was removed or disabled; make a new one",
	"action_prohibited":   "an administrator restricts who may post there",
	"restricted_action":   "an administrator restricts who may post there",
}

// ofAPI returns what an answer of the Web API means. A status 200 means nothing there: it says ok, or not.
func (a answer) ofAPI(now time.Time) error {
	var body struct {
		OK       bool   `json:"ok"`
		Error    string `json:"error"`
		Metadata struct {
			Messages []string `json:"messages"`
		} `json:"response_metadata"`
	}
	if json.Unmarshal(a.body, &body) != nil {
		return a.unreadable(now)
	}
	if body.OK && a.status == http.StatusOK {
		return nil
	}
	return a.judge(body.Error, strings.Join(body.Metadata.Messages, "; "), now)
}

// ofWebhook returns what an answer of an incoming webhook means: the word ok, or the word for an error.
func (a answer) ofWebhook(now time.Time) error {
	word := string(bytes.TrimSpace(a.body))
	if a.status == http.StatusOK && word == "ok" {
		return nil
	}
	if !isWord(word) {
		return a.unreadable(now)
	}
	return a.judge(word, "", now)
}

// isWord tells whether text is of the form of Slack's error codes.
func isWord(text string) bool {
	return text != "" && len(text) < 64 &&
		!strings.ContainsFunc(text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

// unreadable returns the error of an answer that Slack would not give; a proxy may have, or a wrong address.
func (a answer) unreadable(now time.Time) error {
	err := fmt.Errorf("status %d, not an answer of Slack: %s", a.status, sinks.Reason(string(a.body)))
	switch {
	case a.status == http.StatusRequestEntityTooLarge:
		return &messageError{err}
	case a.status == http.StatusTooManyRequests || a.status >= 500 || a.status == http.StatusOK:
		return sinks.WithRetryAfter(err, a.header, now)
	default:
		return &sinks.RetryAfter{Err: err, Delay: mendDelay}
	}
}

// judge tells the kinds of errors apart by Slack's word. A word that is not known is taken for one about the channel: a
// kept alert can be delivered later, a refused one would be gone from it.
func (a answer) judge(word, details string, now time.Time) error {
	if word == "" {
		word = "no error named"
	}
	text := fmt.Sprintf("status %d, %s", a.status, sinks.Reason(word))
	if details != "" {
		text += ": " + sinks.Reason(details)
	}
	if remedy := remedies[word]; remedy != "" {
		text += " (" + remedy + ")"
	}
	err := errors.New(text)
	switch {
	case messageErrors[word]:
		return &messageError{err}
	case passingErrors[word], a.status == http.StatusTooManyRequests, a.status >= 500:
		return sinks.WithRetryAfter(err, a.header, now)
	default:
		return &sinks.RetryAfter{Err: err, Delay: mendDelay}
	}
}
