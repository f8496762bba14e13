package config

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// single is a setting with one value.
type single[T any] struct {
	target *T
	// what is expected, as in "a duration such as 500ms, 1s, 5m".
	what string
	// parse makes a T of the text. Its error is what follows the value in a mistake, and must not repeat it.
	parse func(text string) (T, error)
	// accept judges a value by the world outside; nil accepts all.
	accept func(outside, T) error
	// show returns the value for printing, nil to leave it out.
	show   func(T) *yaml.Node
	secret bool
}

// misfit is why a text is not a value. Without a problem of its own it is not what the setting expects.
type misfit struct {
	problem string
	// cause and meant say more: what was found, and what was probably meant. They may repeat the value, and are left out
	// where that must not be.
	cause, meant string
}

func (m *misfit) Error() string { return m.problem }

func (s single[T]) form() string { return s.what }

func (s single[T]) settings() section { return nil }

func (s single[T]) encode() *yaml.Node { return s.show(*s.target) }

func (s single[T]) decode(d *decoder, node *yaml.Node, path string) {
	text, node, ok := d.scalar(node, path, s.what)
	if !ok {
		return
	}
	result, err := s.parse(text.text)
	if err == nil && s.accept != nil {
		err = s.accept(d.outside, result)
	}
	var wrong *misfit
	if errors.As(err, &wrong) && wrong.problem == "" {
		wrong.problem = "is not " + s.what
	}
	if err != nil {
		d.reject(node, path, text.complaint(err, s.secret))
		return
	}
	*s.target = result
}

// scalar returns a single value with variables and files put in.
func (d *decoder) scalar(node *yaml.Node, path, form string) (expansion, *yaml.Node, bool) {
	node, ok := d.follow(node)
	if !ok {
		return expansion{}, nil, false
	}
	d.place(path, node)
	if !d.isKind(node, path, yaml.ScalarNode, form) {
		return expansion{}, nil, false
	}
	text, err := d.outside.expand(node.Value)
	if err != nil {
		d.reject(node, path, err.Error())
		return expansion{}, nil, false
	}
	if len(text.sources) > 0 {
		d.expanded += len(text.text)
		d.subjects[path] = text.subject()
	}
	if d.expanded > mostExpanded {
		d.reject(node, path, "variables and files add more than "+formatSize(mostExpanded)+" to the file")
		d.exhausted = true
		return expansion{}, nil, false
	}
	for _, name := range text.dashed {
		d.warn(path, fmt.Sprintf("the default of ${%s:...} begins with the dash; leave it out unless it is meant", name))
	}
	return text, node, true
}

// complaint returns the message for a value that does not fit. Secrets and what came from outside are not repeated.
func (e expansion) complaint(err error, secret bool) string {
	if secret || len(e.sources) > 0 {
		return e.subject() + " " + err.Error()
	}
	message := quote(e.text) + " " + err.Error()
	var wrong *misfit
	if errors.As(err, &wrong) && wrong.cause != "" {
		message += ": " + wrong.cause
	}
	if wrong != nil && wrong.meant != "" {
		message += "; did you mean " + wrong.meant + "?"
	}
	return message
}

// subject names a value that is not shown.
func (e expansion) subject() string {
	if len(e.sources) == 0 {
		return "the value"
	}
	return "the value of " + strings.Join(e.sources, " and ")
}

// quote returns a value for a mistake: short, in quotes, without the user name and password of a URL. The @ of a field in
// a format, such as %{[@metadata][beat]}, comes behind none.
func quote(text string) string {
	at := strings.LastIndexByte(text, '@')
	for at >= 0 && strings.HasSuffix(text[:at], "%{[") {
		at = strings.LastIndexByte(text[:at], '@')
	}
	if at >= 0 {
		start := 0
		if scheme := strings.Index(text[:at], "://"); scheme >= 0 {
			start = scheme + len("://")
		}
		text = text[:start] + hidden + text[at:]
	}
	return `"` + printable(text) + `"`
}
