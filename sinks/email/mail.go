package email

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/window"
)

// longestSubject is how many characters a subject has at most.
const longestSubject = 200

// The templates that are used where no others are set.
const (
	defaultSubject = `{{.Headline}}`
	defaultText    = `{{.Headline}}

{{if .Active -}}
Count:     {{if .Approximate}}about {{end}}{{.Count}} events{{if ne .Window "0s"}} in {{.Window}}{{end}} (threshold {{.Threshold}})
{{- else -}}
Duration:  {{.Duration}}{{if .Reason}} (ended because: {{.Reason}}){{end}}
Peak:      {{if .Approximate}}about {{end}}{{.Peak}} events{{if ne .Window "0s"}} in {{.Window}}{{end}} (threshold {{.Threshold}})
{{- end}}
Rule:      {{.Rule}}
{{- range $field, $value := .Group}}
{{printf "%-10s" (print $field ":")}} {{or $value "(none)"}}
{{- end}}
Start:     {{.Start}}
{{- if not .Active}}
End:       {{.End}}
{{- end}}
Received:  {{.Received}}
{{- if .Samples}}

{{if .Active}}The lines that made it:{{else}}The last lines:{{end}}
{{- range .Samples}}
  {{.}}
{{- end}}
{{- end}}
`
)

// templates make a mail's subject and text.
type templates struct{ subject, text *message.Template }

// parseTemplates compiles the sources, or the defaults where they are empty.
func parseTemplates(subject, text string) (templates, error) {
	if subject == "" {
		subject = defaultSubject
	}
	if text == "" {
		text = defaultText
	}
	subjectTemplate, err := message.Parse("subject", subject, nil)
	if err != nil {
		return templates{}, err
	}
	textTemplate, err := message.Parse("text", text, nil)
	return templates{subjectTemplate, textTemplate}, err
}

// compose returns the mail for a transition.
func (s *Sink) compose(t window.Transition) ([]byte, error) {
	m := message.Of(t)
	start := ""
	if !m.Active {
		start = idOf(m.Episode, window.Active)
	}
	return s.mail(s.subject(m), s.text(m), idOf(m.Episode, t.State), start)
}

// idOf returns what stands before the @ in the Message-ID of an episode's start or end.
func idOf(episode string, state window.State) string { return episode + "." + state.String() }

// mail returns a mail as it is sent, with CRLF at the ends of lines. id is what stands before the @ in its Message-ID, answers
// in that of the mail that it answers; empty for none.
func (s *Sink) mail(subject, text, id, answers string) ([]byte, error) {
	mail := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	mail.FromMailAddress(s.options.from)
	mail.ToMailAddress(s.options.to...)
	mail.Subject(subject)
	mail.SetBodyString(gomail.TypeTextPlain, text)
	mail.SetDateWithValue(s.options.Now())
	mail.SetMessageIDWithValue(s.messageID(id))
	mail.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's vacation notice should answer
	if answers != "" {
		start := "<" + s.messageID(answers) + ">"
		mail.SetGenHeader(gomail.HeaderInReplyTo, start)
		mail.SetGenHeader(gomail.HeaderReferences, start)
	}
	var buffer bytes.Buffer
	if _, err := mail.WriteTo(&buffer); err != nil {
		return nil, &sinks.Permanent{Err: fmt.Errorf("write the mail: %w", err)}
	}
	return buffer.Bytes(), nil
}

// messageID returns what stands in the angle brackets of a Message-ID.
func (s *Sink) messageID(id string) string {
	_, domain, _ := cutLast(s.options.from.Address, "@")
	return id + "@" + domain
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// subject returns the subject on one line. A template that fails, or says nothing, must not cost the alert.
func (s *Sink) subject(m message.Message) string {
	text, err := s.templates.subject.Execute(m)
	if text = oneLine(text); err != nil || text == "" {
		text = oneLine(m.Headline)
	}
	return message.Cut(text, longestSubject)
}

// oneLine returns text without control characters and line breaks of any kind, and without what a reader would take for an
// encoded word of RFC 2047 and decode: the library sends ASCII as it is.
func oneLine(text string) string {
	text = strings.ReplaceAll(text, "=?", "= ?")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// text returns the mail's text, without the control characters that a terminal might obey.
func (s *Sink) text(m message.Message) string {
	text, err := s.templates.text.Execute(m)
	if err != nil || strings.TrimSpace(text) == "" {
		text = m.Headline
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}
