package slack

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Message is what the templates see of a transition. All texts are escaped for Slack, so a template may put them
// anywhere; what the template itself says is taken as Slack's mrkdwn.
type Message struct {
	// Headline is the sentence that is posted by default.
	Headline string
	// ID is the transition's, Rule and RuleID are the rule's name and identifier.
	ID, Rule, RuleID string
	// Grouped says whether the rule has a window for each key, and Key which this is.
	Grouped bool
	Key     string
	// Active is the state after the change, State the word for it: ACTIVE or INACTIVE.
	Active bool
	State  string
	// Count and Peak are the events in the window now and the most in the episode; Approximate says that they are about
	// so many. Threshold and Window are the rule's.
	Count, Peak, Threshold uint64
	Approximate            bool
	Window                 string
	// Time is the event's, Start and End are the episode's, as in the alert document. End, Duration and Reason are empty
	// while it is active, Reason also where an event made the change.
	Time, Start, End, Duration, Reason string
	// Samples are log lines: the first ones of an episode that begins, the last ones of one that ends.
	Samples []string
}

// dataOf returns what templates of messages see.
func dataOf(t window.Transition) Message { return messageOf(t, escape) }

func messageOf(t window.Transition, escape func(string) string) Message {
	data := Message{
		Headline: escape(sinks.Headline(t)), ID: escape(t.ID), Rule: escape(t.Rule), RuleID: escape(t.RuleID),
		Grouped: t.Grouped, Key: escape(t.Key), Active: t.State == window.Active, State: strings.ToUpper(t.State.String()),
		Count: t.Count, Peak: t.Peak, Threshold: t.Threshold, Approximate: t.Approximate,
		Window: sinks.DurationText(t.Window), Time: sinks.Timestamp(t.Time), Start: sinks.Timestamp(t.Start),
		Reason: escape(t.Reason),
	}
	if !data.Active {
		data.End = sinks.Timestamp(t.End)
		data.Duration = sinks.DurationText(sinks.EpisodeDuration(t))
	}
	for _, line := range t.Samples() {
		data.Samples = append(data.Samples, escape(line))
	}
	return data
}

// templates are the operator's; nil ones are the defaults.
type templates struct{ text, details, link *template.Template }

// parseTemplates compiles the sources and tries them on a transition of each kind, so that a misspelt field shows at the
// start and not with the first alert.
func parseTemplates(text, details, link string) (templates, error) {
	textTemplate, textErr := parseTemplate("text template", text)
	detailsTemplate, detailsErr := parseTemplate("details template", details)
	linkTemplate, linkErr := parseTemplate("link template", link)
	return templates{text: textTemplate, details: detailsTemplate, link: linkTemplate},
		errors.Join(textErr, detailsErr, linkErr)
}

func parseTemplate(name, source string) (*template.Template, error) {
	if source == "" {
		return nil, nil //nolint:nilnil // no template is the default one
	}
	parsed, err := template.New(name).Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, fmt.Errorf("parse the %s: %w", name, err)
	}
	for _, sample := range samples() {
		if _, err := execute(parsed, dataOf(sample)); err != nil {
			return nil, fmt.Errorf("try the %s: %w", name, err)
		}
	}
	return parsed, nil
}

func samples() []window.Transition {
	active := window.Transition{
		Rule: "rule", Grouped: true, Key: "key", State: window.Active, Window: time.Second, First: []string{"line"},
	}
	inactive := window.Transition{Rule: "rule", State: window.Inactive, Window: time.Second, Reason: window.ReasonIdle}
	return []window.Transition{active, inactive}
}

// longestTemplated bounds, in bytes, what a template can make.
const longestTemplated = 64 << 10

var errTemplateTooLong = errors.New("the template makes too long a text")

// bounded is a strings.Builder that refuses to grow without end.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > longestTemplated {
		return 0, errTemplateTooLong
	}
	return b.Builder.Write(p)
}

func execute(t *template.Template, data Message) (string, error) {
	var result bounded
	if err := t.Execute(&result, data); err != nil {
		return "", err
	}
	return strings.TrimSpace(strings.ToValidUTF8(result.String(), "\uFFFD")), nil
}

// textOf returns the text of a message. A template that fails, or says nothing, must not cost the alert.
func (t templates) textOf(data Message) string {
	if t.text != nil {
		if text, err := execute(t.text, data); err == nil && text != "" {
			return text
		}
	}
	return data.Headline
}

// detailsOf returns the lines below the text; a template may leave them out.
func (t templates) detailsOf(data Message) string {
	if t.details != nil {
		if details, err := execute(t.details, data); err == nil {
			return details
		}
	}
	return defaultDetails(data)
}

// linkOf returns the link of the operator's template, in Slack's form, empty where there is none. A URL must not end
// early: what could end it there is encoded.
func (t templates) linkOf(transition window.Transition) string {
	if t.link == nil {
		return ""
	}
	link, err := execute(t.link, messageOf(transition, validText))
	if err != nil || !isURL(link) || len(link) > longestLink {
		return ""
	}
	return "<" + escape(urlEncoder.Replace(link)) + "|" + linkText + ">"
}

const (
	longestLink = 2000
	linkText    = "Look at the logs"
)

var urlEncoder = strings.NewReplacer(" ", "%20", "|", "%7C", "<", "%3C", ">", "%3E", "\n", "%0A", "\t", "%09")

func validText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
