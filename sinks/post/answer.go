package post

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/logboom/logboom/sinks"
)

// Answer is an HTTP answer whose body was read, up to 64 KiB of it.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	received time.Time
}

// Outcome returns what the answer means for the alert that was sent:
//   - 2xx: nil, it is done.
//   - 408, 425, 429, 5xx: an error that passes, a sinks.RetryAfter where the receiver named a delay.
//   - 3xx, 401, 403, 404, 405, 407, 410, 421: sinks.Blocked, for something is wrong with the address or the credentials
//     and not with the alert.
//   - any other 4xx: sinks.Permanent, this alert will never be taken.
func (a Answer) Outcome() error {
	if a.Status >= 200 && a.Status <= 299 {
		return nil
	}
	err := a.Error()
	switch {
	case a.passes():
		return sinks.WithRetryAfter(err, a.Header, a.received)
	case a.aboutTheWay():
		return &sinks.Blocked{Err: err}
	default:
		return &sinks.Permanent{Err: err}
	}
}

// Error returns the answer as an error: its status, a remedy where there is one, and what the receiver said.
func (a Answer) Error() error {
	text := fmt.Sprintf("status %d", a.Status)
	if words := sinks.Reason(string(a.Body)); words != "" {
		text += ": " + words
	}
	if remedy := remedyOf(a.Status); remedy != "" {
		text += " (" + remedy + ")"
	}
	return errors.New(text)
}

func (a Answer) passes() bool {
	switch a.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return a.Status >= 500 || a.Status < 200
}

func (a Answer) aboutTheWay() bool { return a.Status < 400 || remedyOf(a.Status) != "" }

// remedyOf returns what to do about a status that tells of the address or of the credentials.
func remedyOf(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "check the credentials"
	case http.StatusProxyAuthRequired:
		return "the proxy asks for credentials"
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusMisdirectedRequest:
		return "check the address"
	}
	if status >= 300 && status < 400 {
		return "redirects are not followed; give the address that it leads to"
	}
	return ""
}
