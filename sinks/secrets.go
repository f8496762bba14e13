package sinks

import (
	"net/url"
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
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), url.UserPassword("", text).String()[1:]} {
			if len(form) >= shortestSecret {
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

// Redact returns text with every secret in it replaced.
func (s Secrets) Redact(text string) string {
	for _, secret := range s.texts {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
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
