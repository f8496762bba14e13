package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// topicName is Kafka's rule for the names of topics.
var topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)

func isTopic(text string) error {
	if !topicName.MatchString(text) || text == "." || text == ".." {
		return errors.New("is not a name of a topic: at most 249 letters, digits, dots, hyphens and underscores")
	}
	return nil
}

// isIndex is Elasticsearch's rule for the names of indices, aliases and data streams.
func isIndex(text string) error {
	switch {
	case text != strings.ToLower(text):
		return &misfit{problem: "is not a name of an index, which has no capital letters", meant: strings.ToLower(text)}
	case strings.ContainsAny(text, "\\/*?\"<>| ,#:%") || strings.ContainsAny(text[:1], "-_+") || text == "." || text == "..":
		return errors.New(`is not a name of an index: none of \ / * ? " < > | , # : % or a space, and no - _ + in front`)
	case len(text) > 255:
		return errors.New("is not a name of an index, which has at most 255 bytes")
	}
	return nil
}

// atMost bounds the bytes of a text.
func atMost(most int) func(string) error {
	return func(text string) error {
		if length := len(text); length > most {
			return fmt.Errorf("has %d bytes; at most %d are allowed", length, most)
		}
		return nil
	}
}
