package message

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

func TestMessage(t *testing.T) {
	m := Of(sinktest.Transition(2))
	if m.Active || m.State != "INACTIVE" || m.Rule != "too many lines" || m.Key != "web0 <a&b>" || m.Duration != "3s" ||
		m.End != "2026-11-23T19:00:03.123Z" || m.Peak != 100 || len(m.Samples) != 1 ||
		m.Document != string(sinks.Document(sinktest.Transition(2))) {
		t.Errorf("got %+v", m)
	}
	if m.Episode != sinktest.Transition(1).ID || len(m.Group) != 1 || m.Group["host.name"] != "web0 <a&b>" {
		t.Errorf("got %+v", m)
	}
	m = Of(window.Transition{
		Rule: "\xff", Key: "\xff", Group: []window.Field{{Name: "a", Value: "\xff"}}, State: window.Active, First: []string{"\xff"},
	})
	if m.Rule != "\uFFFD" || m.Key != "\uFFFD" || m.Group["a"] != "\uFFFD" || m.Samples[0] != "\uFFFD" || m.End != "" || m.Duration != "" {
		t.Errorf("got %+v", m)
	}
}

func TestEscaped(t *testing.T) {
	plain := Of(sinktest.Transition(2))
	plain.Samples = []string{"a&b"}
	escaped := plain.Escaped(func(text string) string { return strings.ReplaceAll(text, "&", "+") })
	if escaped.Key != "web0 <a+b>" || escaped.Group["host.name"] != "web0 <a+b>" || escaped.Samples[0] != "a+b" ||
		strings.Contains(escaped.Headline+escaped.Document, "&") || escaped.Count != plain.Count {
		t.Errorf("got %+v", escaped)
	}
	if plain.Group["host.name"] != "web0 <a&b>" || plain.Samples[0] != "a&b" {
		t.Errorf("the original became %+v", plain)
	}
}

func TestTemplate(t *testing.T) {
	template, err := Parse("body", `{"state":{{toJson .State}},"lines":{{toJson .Samples}},"all":"{{join .Samples "|"}}",`+
		`"host":{{toJson (index .Group "host.name")}},"group":{{toJson .Group}}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := template.Execute(Of(sinktest.Transition(1)))
	want := `{"state":"ACTIVE","lines":["101","102 <x> & \"y\"","103"],"all":"101|102 <x> & "y"|103",` +
		`"host":"web0 <a&b>","group":{"host.name":"web0 <a&b>"}}`
	if err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestMistakesInTemplatesShowAtOnce(t *testing.T) {
	isJSON := func(text string) error {
		if !json.Valid([]byte(text)) {
			return errors.New("no JSON")
		}
		return nil
	}
	for source, want := range map[string]string{
		"{{":                                   "parse the body template",
		"{{.Nope}}":                            "Nope",
		"{{index .Samples 0}}":                 "index out of range", // some alerts have no lines
		"{{if .Active}}{{else}}{{.No}}{{end}}": "an alert that is inactive",
		`{"rule": "{{.Rule}}"}`:                "no JSON", // some names hold a quote
		"{{nope .Rule}}":                       `function "nope" not defined`,
		`{{range .Samples}}{{printf "%0300000d" 1}}{{end}}`: ErrTooLong.Error(),
	} {
		if _, err := Parse("body", source, nil); err == nil {
			_, err = Parse("body", source, isJSON)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s gave %v, want %q", source, err, want)
			}
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %q", source, err, want)
		}
	}
	if _, err := Parse("body", `{"rule": {{toJson .Rule}}}`, isJSON); err != nil {
		t.Error(err)
	}
}

func TestTooLongATextAtWork(t *testing.T) {
	template, err := Parse("text", `{{range .Samples}}{{if eq . "now"}}{{printf "%0300000d" 1}}{{end}}{{end}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	transition := window.Transition{State: window.Active, First: []string{"now"}}
	if _, err := template.Execute(Of(transition)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"}, {"longer", 5, "long…"}, {"ü€üü", 4, "ü€üü"}, {"ü€üüü", 4, "ü€ü…"}, {"ab", 1, "…"}, {"", 1, ""},
	} {
		if got := Cut(test.text, test.limit); got != test.want {
			t.Errorf("%q became %q, want %q", test.text, got, test.want)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("ü€üü", 2)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		text, limit = Text(text), 1+(limit&0xff)
		got := Cut(text, limit)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit {
			t.Errorf("%q cut to %d is %q", text, limit, got)
		}
		if utf8.RuneCountInString(text) <= limit && got != text {
			t.Errorf("%q was cut to %q without need", text, got)
		}
	})
}
