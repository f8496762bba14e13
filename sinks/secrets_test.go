package sinks

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestScrubLeavesNoSecret(t *testing.T) {
	secrets := NewSecrets("pass word/+", "", "abc")
	for _, form := range []string{"pass word/+", "pass+word%2F%2B", "pass%20word%2F+"} {
		err := secrets.Scrub(&RetryAfter{Err: &Permanent{Err: fmt.Errorf("said %s: %w", form, errTest)}, Delay: 1})
		for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%q"} {
			if text := fmt.Sprintf(verb, err); strings.Contains(text, form) {
				t.Errorf("%s of the error shows the secret: %s", verb, text)
			}
		}
		var after *RetryAfter
		if !errors.Is(err, errTest) || !IsPermanent(err) || !errors.As(err, &after) {
			t.Errorf("%v lost what it wraps", err)
		}
	}
	for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%q"} {
		if text := fmt.Sprintf(verb, secrets); strings.Contains(text, "pass") {
			t.Errorf("%s of the secrets shows them: %s", verb, text)
		}
	}
}

func TestScrubLeavesOtherErrorsAlone(t *testing.T) {
	secrets := NewSecrets("abc")                       // too short to be looked for
	if err := secrets.Scrub(errTest); err != errTest { //nolint:errorlint // it must be the very same
		t.Errorf("got %v", err)
	}
	if err := secrets.Scrub(nil); err != nil {
		t.Errorf("got %v for nil", err)
	}
	if text := NewSecrets("", "").Redact("nothing is secret"); text != "nothing is secret" {
		t.Errorf("got %q", text)
	}
}
