package config

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// flagSetting is true or false.
func flagSetting(target *bool) single[bool] {
	parse := func(text string) (bool, error) {
		switch strings.ToLower(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		case "yes", "on", "y", "1":
			return false, &misfit{problem: "is neither true nor false", meant: "true"}
		case "no", "off", "n", "0":
			return false, &misfit{problem: "is neither true nor false", meant: "false"}
		}
		return false, &misfit{problem: "is neither true nor false"}
	}
	show := func(flag bool) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(flag)}
	}
	return single[bool]{target: target, what: "true or false", parse: parse, show: show}
}

// choiceSetting is one of a few words.
func choiceSetting[T ~string](target *T, allowed ...T) single[T] {
	words := make([]string, len(allowed))
	for i, word := range allowed {
		words[i] = string(word)
	}
	what := "one of " + strings.Join(words, ", ")
	parse := func(text string) (T, error) {
		if slices.Contains(words, text) {
			return T(text), nil
		}
		return "", &misfit{meant: nearestName(text, words)}
	}
	show := func(word T) *yaml.Node { return showText(string(word)) }
	return single[T]{target: target, what: what, parse: parse, show: show}
}
