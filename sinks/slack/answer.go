package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks"
)

// mendDelay is how long to wait after an error that is not known, and that probably a person has to mend.
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

// answerError is what Slack, or what stands before it, answered.
type answerError struct {
	text   string
	word   string // Slack's word for the error, empty where it gave none
	status int
}

func (a *answerError) Error() string { return a.text }

// wordOf returns Slack's word for an error, empty where there is none.
func wordOf(err error) string {
	var answered *answerError
	if !errors.As(err, &answered) {
		return ""
	}
	return answered.word
}

// perhapsTaken tells whether Slack may have taken a message although its request failed: it answered so that one cannot
// know, or the connection broke behind the request.
func perhapsTaken(err error) bool {
	var answered *answerError
	if errors.As(err, &answered) {
		halfDone := answered.word == "" || unsureWords[answered.word]
		return halfDone && (answered.status == http.StatusOK || answered.status >= 500)
	}
	var dialled *net.OpError
	return !errors.Is(err, errPace) && (!errors.As(err, &dialled) || dialled.Op != "dial")
}

// unforeseen tells whether Slack refused a request with a word that is neither passing nor known to need a person.
func unforeseen(err error) bool {
	word := wordOf(err)
	return word != "" && !passingErrors[word] && !sinks.IsBlocked(err)
}

// forbidden tells whether something before Slack refused a request.
func forbidden(err error) bool {
	var answered *answerError
	return errors.As(err, &answered) && answered.word == "" &&
		answered.status >= 400 && answered.status < 500 && answered.status != http.StatusTooManyRequests
}

// unsureWords are the words for errors after which a part may have succeeded, as Slack says of them.
var unsureWords = map[string]bool{
	"internal_error": true, "fatal_error": true, "request_timeout": true, "service_unavailable": true,
}

// threadWords are the words for a thread that takes no reply.
var threadWords = map[string]bool{
	"thread_not_found": true, "message_not_found": true, "cannot_reply_to_message": true, "invalid_thread_ts": true,
	"restricted_action_thread_locked": true, "restricted_action_non_threadable_channel": true,
}

// goneWords are the words for a message that cannot be changed, because it is gone or because of somebody's settings.
var goneWords = map[string]bool{
	"message_not_found": true, "cant_update_message": true, "edit_window_closed": true, "is_inactive": true,
}

// closed tells whether a thread takes no reply. A word that is not known is taken for one about the thread: in the channel
// it is seen what is the matter.
func closed(err error) bool {
	return threadWords[wordOf(err)] || unforeseen(err) && !isMessageError(err)
}

// fixed tells whether a message cannot be changed. A word that is not known must not hold up what comes behind it.
func fixed(err error) bool { return goneWords[wordOf(err)] || unforeseen(err) && !isMessageError(err) }

func isMessageError(err error) bool {
	var refused *messageError
	return errors.As(err, &refused)
}

// messageErrors are the words with which Slack refuses a message for what is in it.
var messageErrors = map[string]bool{
	"msg_too_long": true, "msg_blocks_too_long": true, "no_text": true, "invalid_blocks": true,
	"invalid_blocks_format": true, "invalid_attachments": true, "too_many_attachments": true,
	"invalid_arguments": true, "invalid_payload": true, "missing_text_or_fallback_or_attachments": true,
	"metadata_too_large": true, "invalid_metadata_format": true, "invalid_metadata_schema": true,
}

// passingErrors are the words for troubles of Slack's own that pass by themselves.
var passingErrors = map[string]bool{
	"internal_error": true, "fatal_error": true, "request_timeout": true, "service_unavailable": true,
	"team_added_to_org": true, "rollup_error": true, "update_failed": true,
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

// blockedWords are the words, besides those that have a remedy, for what only a person can mend.
var blockedWords = map[string]bool{
	"access_denied": true, "accesslimited": true, "ekm_access_denied": true, "enterprise_is_restricted": true,
	"invalid_token": true, "no_active_hooks": true, "no_permission": true, "no_team": true, "not_allowed_token_type": true,
	"org_login_required": true, "posting_to_general_channel_denied": true, "restricted_action_read_only_channel": true,
	"restricted_action_thread_only_channel": true, "team_access_not_granted": true, "team_disabled": true,
	"two_factor_setup_required": true, "user_not_found": true,
}

// ofAPI returns what an answer of the Web API means, and takes a good one into result unless that is nil. A status 200
// means nothing there: it says ok, or not.
func (a answer) ofAPI(now time.Time, result any) error {
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
		if result != nil && json.Unmarshal(a.body, result) != nil {
			return a.unreadable(now)
		}
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
	err := error(&answerError{
		text: fmt.Sprintf("status %d, not an answer of Slack: %s", a.status, sinks.Reason(string(a.body))), status: a.status,
	})
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
	shown := word
	if word == "" {
		shown = "no error named"
	}
	text := fmt.Sprintf("status %d, %s", a.status, sinks.Reason(shown))
	if details != "" {
		text += ": " + sinks.Reason(details)
	}
	if remedy := remedies[word]; remedy != "" {
		text += " (" + remedy + ")"
	}
	err := error(&answerError{text: text, word: word, status: a.status})
	switch {
	case messageErrors[word]:
		return &messageError{err}
	case passingErrors[word], a.status == http.StatusTooManyRequests, a.status >= 500:
		return sinks.WithRetryAfter(err, a.header, now)
	case blockedWords[word], remedies[word] != "":
		return &sinks.Blocked{Err: err}
	default:
		return &sinks.RetryAfter{Err: err, Delay: mendDelay}
	}
}
