package slack

import (
	"errors"
	"strings"

	alert "github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/window"
)

// dataOf returns what templates see of a transition. All texts are escaped for Slack, so a template may put them anywhere;
// what the template itself says is taken as Slack's mrkdwn.
func dataOf(t window.Transition) alert.Message { return alert.Of(t).Escaped(escape) }

// templates are the operator's; nil ones are the defaults.
type templates struct{ text, details, link *alert.Template }

// parseTemplates compiles the sources and tries them, so that a misspelt field shows at the start and not with the first
// alert.
func parseTemplates(text, details, link string) (templates, error) {
	textTemplate, textErr := parseTemplate("text", text)
	detailsTemplate, detailsErr := parseTemplate("details", details)
	linkTemplate, linkErr := parseTemplate("link", link)
	return templates{text: textTemplate, details: detailsTemplate, link: linkTemplate},
		errors.Join(textErr, detailsErr, linkErr)
}

func parseTemplate(name, source string) (*alert.Template, error) {
	if source == "" {
		return nil, nil //nolint:nilnil // no template is the default one
	}
	return alert.Parse(name, source, nil)
}

// execute returns what a template makes, without the space around it.
func execute(t *alert.Template, data alert.Message) (string, error) {
	text, err := t.Execute(data)
	return strings.TrimSpace(text), err
}

// textOf returns the text of a message. A template that fails, or says nothing, must not cost the alert.
func (t templates) textOf(data alert.Message) string {
	if t.text != nil {
		if text, err := execute(t.text, data); err == nil && text != "" {
			return text
		}
	}
	return data.Headline
}

// detailsOf returns the lines below the text; a template may leave them out.
func (t templates) detailsOf(data alert.Message) string {
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
	link, err := execute(t.link, alert.Of(transition))
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
