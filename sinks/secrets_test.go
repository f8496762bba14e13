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

// A receiver may repeat a secret anywhere in a long answer, in which Reason then cuts it.
func TestScrubLeavesNoPartOfASecretThatWasCut(t *testing.T) {
	const secret = "tok-0123456789  abcdefghijklmnop"
	secrets := NewSecrets(secret)
	for _, length := range []int{longestReason, 8 * longestReason} {
		for before := length - len(secret) - 5; before < length+5; before++ {
			for _, filling := range []string{"x", " "} {
				said := secrets.Redact(Reason(strings.Repeat(filling, before) + secret + strings.Repeat(" more", 2000)))
				if strings.Contains(said, secret[:shortestSecret]) {
					t.Fatalf("behind %d bytes: %s", before, said)
				}
			}
		}
	}
	if text := secrets.Redact("tok… and tok-0… and " + secret + "…"); text != "tok… and [redacted]… and [redacted]…" {
		t.Error(text)
	}
}
