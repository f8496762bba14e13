package sinks

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var errTest = errors.New("test error")

func TestReason(t *testing.T) {
	for words, want := range map[string]string{
		"":                  "",
		" a\n\tb \r\n":      "a b",
		"bad \xff byte":     "bad \uFFFD byte",
		"<html>\n<body> no": "<html> <body> no",
	} {
		if got := Reason(words); got != want {
			t.Errorf("%q became %q, want %q", words, got, want)
		}
	}
	long := Reason(strings.Repeat("ü ", 1<<20))
	if len(long) > longestReason+len("…") || !strings.HasSuffix(long, "…") || !utf8.ValidString(long) {
		t.Errorf("a long one became %q", long)
	}
}

func TestWithRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 19, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "30": 30 * time.Second, "Mon, 23 Nov 2026 19:01:00 GMT": time.Minute, "Mon, 23 Nov 2026 18:00:00 GMT": 0,
	} {
		var after *RetryAfter
		err := WithRetryAfter(errTest, http.Header{"Retry-After": {value}}, now)
		if !errors.As(err, &after) || after.Delay != want || !errors.Is(err, errTest) {
			t.Errorf("%q gave %v, want a delay of %s", value, err, want)
		}
	}
	for _, value := range []string{"", "soon", "-1", "1.5", "99999999999999999999"} {
		if err := WithRetryAfter(errTest, http.Header{"Retry-After": {value}}, now); err != errTest { //nolint:errorlint // the very same
			t.Errorf("%q gave %v", value, err)
		}
	}
}
