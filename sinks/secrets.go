package sinks

import (
	"net/url"
	"slices"
	"strings"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// shortestSecret is the length from which a secret is looked for. Shorter ones would be found in every other word.
const shortestSecret = 4

// Secrets are texts that must never be seen in an error or a log line. The zero value knows none. It prints as nothing
// but its name, and is safe for concurrent use once made.
type Secrets struct{ texts []string }

// NewSecrets returns the secrets among texts, each also in the forms that it takes in a URL. Empty ones are left out.
func NewSecrets(texts ...string) Secrets {
	var secrets Secrets
	for _, text := range texts {
		onOneLine := strings.Join(strings.Fields(text), " ") // as Reason makes it
		for _, form := range []string{
			text, url.QueryEscape(text), url.PathEscape(text), url.UserPassword("", text).String()[1:], onOneLine,
		} {
			if len(form) >= shortestSecret && !slices.Contains(secrets.texts, form) {
				secrets.texts = append(secrets.texts, form)
			}
		}
	}
	return secrets
}

// String returns a text without any secret.
func (s Secrets) String() string { return redacted }

// GoString returns a text without any secret.
func (s Secrets) GoString() string { return redacted }

// Redact returns text with every secret in it replaced, also one that was cut by [Reason], of which the beginning is left.
func (s Secrets) Redact(text string) string {
	for _, secret := range s.texts {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	if !strings.Contains(text, ellipsis) {
		return text
	}
	parts := strings.SplitAfter(text, ellipsis)
	for i := range parts {
		if before, cut := strings.CutSuffix(parts[i], ellipsis); cut {
			parts[i] = s.withoutBeginning(before) + ellipsis
		}
	}
	return strings.Join(parts, "")
}

// withoutBeginning replaces the beginning of a secret at the end of text, the longest there is.
func (s Secrets) withoutBeginning(text string) string {
	longest := 0
	for _, secret := range s.texts {
		for length := min(len(secret)-1, len(text)); length > longest && length >= shortestSecret; length-- {
			if strings.HasSuffix(text, secret[:length]) {
				longest = length
			}
		}
	}
	if longest == 0 {
		return text
	}
	return text[:len(text)-longest] + redacted
}

// Scrub returns err, or, if its text holds a secret, an error that wraps it and whose text does not. What err wraps is
// still found by errors.Is and errors.As; print only the error that Scrub returned.
func (s Secrets) Scrub(err error) error {
	if err == nil {
		return nil
	}
	text := s.Redact(err.Error())
	if text == err.Error() {
		return err
	}
	return &scrubbed{text: text, err: err}
}

type scrubbed struct {
	text string
	err  error
}

func (s *scrubbed) Error() string    { return s.text }
func (s *scrubbed) GoString() string { return s.text }
func (s *scrubbed) Unwrap() error    { return s.err }
