package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/logboom/logboom/window"
)

// Longest is the most bytes that a template may make.
const Longest = 256 << 10

// ErrTooLong is the error of a template that makes more than Longest bytes.
var ErrTooLong = errors.New("the template makes too long a text")

// functions are what templates may call besides what text/template offers.
var functions = template.FuncMap{"toJson": toJSON, "join": strings.Join}

// toJSON returns any value as JSON on one line, nothing of it escaped for HTML.
func toJSON(value any) (string, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("make JSON: %w", err)
	}
	return strings.TrimSuffix(buffer.String(), "\n"), nil
}

// Template is a text/template over a Message. It is safe for concurrent use.
type Template struct{ parsed *template.Template }

// Parse compiles a source and tries it on alerts of every form: a start and an end, with a key and without, with lines and
// without, and with texts that are hard to quote. check judges each result; nil accepts all. The error says which template
// it was by name.
func Parse(name, source string, check func(string) error) (*Template, error) {
	parsed, err := template.New(name).Option("missingkey=error").Funcs(functions).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("parse the %s template: %w", name, err)
	}
	t := &Template{parsed}
	for _, trial := range trials() {
		result, err := t.Execute(Of(trial))
		if err == nil && check != nil {
			err = check(result)
		}
		if err != nil {
			return nil, fmt.Errorf("try the %s template on an alert that is %s: %w", name, trial.State, err)
		}
	}
	return t, nil
}

// Execute returns what the template makes of m, as valid UTF-8. It fails where the template does, and with ErrTooLong.
func (t *Template) Execute(m Message) (string, error) {
	var result bounded
	if err := t.parsed.Execute(&result, m); err != nil {
		return "", err
	}
	return Text(result.String()), nil
}

// bounded is a strings.Builder that refuses to grow without end.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > Longest {
		return 0, ErrTooLong
	}
	return b.Builder.Write(p)
}

// trials are the forms that an alert can have.
func trials() []window.Transition {
	const odd = "a \"quoted\" \\ text,\r\nin two lines"
	plain := window.Transition{
		ID: "1", Rule: "rule", RuleID: "rule", State: window.Active, Window: time.Second, Threshold: 1, Count: 1, Peak: 1,
	}
	grouped := plain
	grouped.Rule, grouped.Grouped, grouped.Key, grouped.First = odd, true, odd, []string{odd, "line"}
	grouped.Group = []window.Field{{Name: odd, Value: odd}}
	ended, idle := plain, grouped
	ended.State, ended.End, ended.Last = window.Inactive, 1e9, []string{"line"}
	idle.State, idle.End, idle.Reason = window.Inactive, 1e9, window.ReasonIdle
	return []window.Transition{plain, grouped, ended, idle}
}
