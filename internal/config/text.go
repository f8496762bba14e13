package config

import (
	"errors"
	"strings"
	"text/template"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// textSetting is one line of text that is not empty and passes all checks.
func textSetting(target *string, what string, checks ...func(string) error) single[string] {
	return single[string]{target: target, what: what, show: showText, parse: func(text string) (string, error) {
		return text, inspect(text, append([]func(string) error{notEmpty, oneLine}, checks...))
	}}
}

// linesSetting is text that may be empty and may have several lines.
func linesSetting(target *string, what string) single[string] {
	return single[string]{target: target, what: what, show: showText, parse: func(text string) (string, error) {
		return text, inspect(text, []func(string) error{noControl})
	}}
}

// templateSetting is a source of text/template, or empty. What its fields may be only who executes it knows.
func templateSetting(target *string) single[string] {
	setting := linesSetting(target, "a template")
	parse := setting.parse
	setting.parse = func(text string) (string, error) {
		if _, err := template.New("").Parse(text); err != nil {
			return "", &misfit{cause: "line " + shortened(strings.TrimPrefix(err.Error(), "template: :"), longestMessage)}
		}
		return parse(text)
	}
	return setting
}

// secretSetting is one line of text that is never shown.
func secretSetting(target *Secret, what string, checks ...func(string) error) single[Secret] {
	checks = append([]func(string) error{oneLine, notHidden}, checks...)
	parse := func(text string) (Secret, error) { return NewSecret(text), inspect(text, checks) }
	return single[Secret]{target: target, what: what, parse: parse, show: showSecret, secret: true}
}

func showText(text string) *yaml.Node {
	if text == "" {
		return nil
	}
	return textNode(text)
}

func showSecret(secret Secret) *yaml.Node { return showText(secret.String()) }

// inspect returns what the first check says that a text does not pass.
func inspect(text string, checks []func(string) error) error {
	for _, check := range checks {
		if err := check(text); err != nil {
			return err
		}
	}
	return nil
}

func notEmpty(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("is empty")
	}
	return nil
}

func oneLine(text string) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("holds a line break or another control character")
	}
	return nil
}

// visible is what can be sent in a header as it is.
func visible(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("holds a space, a line break or another character that a token never has")
	}
	return nil
}

// notHidden finds what Print wrote in the place of a secret.
func notHidden(text string) error {
	if text == hidden {
		return errors.New("is what is printed in the place of a secret; put the secret here")
	}
	return nil
}

func noControl(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return errors.New("holds a control character")
	}
	return nil
}
