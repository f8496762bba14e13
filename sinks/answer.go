package sinks

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// longestReason is the most bytes of a receiver's words that go into an error.
const longestReason = 500

// ellipsis stands where something was cut off.
const ellipsis = "…"

// Reason returns what a receiver said in a form that is fit for an error: on one line, valid UTF-8, of at most 500 bytes
// and an ellipsis.
func Reason(words string) string {
	// What lies far behind the end is not looked at: an answer can be megabytes long.
	if len(words) > 8*longestReason {
		words = words[:8*longestReason] + ellipsis
	}
	words = strings.Join(strings.Fields(validText(words)), " ")
	if len(words) <= longestReason {
		return words
	}
	end := longestReason
	for !utf8.RuneStart(words[end]) {
		end--
	}
	return words[:end] + ellipsis
}

// WithRetryAfter returns err as a RetryAfter if the header of an HTTP answer names a delay, in seconds or as a time, and
// else err itself.
func WithRetryAfter(err error, header http.Header, now time.Time) error {
	value := header.Get("Retry-After")
	if seconds, parseErr := strconv.ParseUint(value, 10, 31); parseErr == nil {
		return &RetryAfter{Err: err, Delay: time.Duration(seconds) * time.Second}
	}
	if at, parseErr := http.ParseTime(value); parseErr == nil {
		return &RetryAfter{Err: err, Delay: max(0, at.Sub(now))}
	}
	return err
}
