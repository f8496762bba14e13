package logstash

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/logboom/logboom/event"
)

// ErrTemplate is wrapped by every error about a text with %{...} that cannot be understood.
var ErrTemplate = errors.New("malformed template")

// Template is a text with references in it that each event fills in, which Logstash calls sprintf:
//
//	%{[a][b]}, %{a.b}    a field
//	%{+YYYY.MM.dd}       the time of the event in UTC, in the letters of Joda-Time
//	%{{yyyy.MM.dd}}      the same in the letters of java.time; weeks are those of ISO 8601
//	%{+%s}               the same in seconds since 1970
//	%{{TIME_NOW}}        when the event arrived
//
// A field that the event does not have, or that is null, leaves the reference as it is written. A string, number or
// boolean is its text, an array its elements with commas between them, an object its JSON.
//
// A Template does not change once it is made and is safe for concurrent use.
type Template struct {
	text  string
	parts []part
}

// part is a piece of a template.
type part struct {
	kind partKind
	// text is the piece as it is written; of a literal, what it says.
	text string
	path string // of a field: its names with dots between them
	date dateFormat
}

type partKind uint8

const (
	partLiteral partKind = iota
	partField
	partDate
	partEpoch
	partArrival
)

// ParseTemplate compiles a text. The error wraps [ErrTemplate], and says what is wrong, where, and what to write
// instead.
func ParseTemplate(text string) (*Template, error) {
	t := &Template{text: text}
	for rest := text; rest != ""; {
		open := strings.Index(rest, "%{")
		if open < 0 {
			t.parts = append(t.parts, part{text: rest})
			break
		}
		if open > 0 {
			t.parts = append(t.parts, part{text: rest[:open]})
		}
		parsed, err := parseReference(rest[open:])
		if err != nil {
			at := len(text) - len(rest) + open
			return nil, fmt.Errorf("%w %q: at byte %d: %w", ErrTemplate, text, at, err)
		}
		t.parts = append(t.parts, parsed)
		rest = rest[open+len(parsed.text):]
	}
	return t, nil
}

// parseReference reads the reference at the start of a text.
func parseReference(text string) (part, error) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return part{}, errors.New("%{ is not closed, add the }")
	}
	inside := text[len("%{"):end]
	switch {
	case inside == "+%s":
		return part{kind: partEpoch, text: text[:end+1]}, nil
	case strings.HasPrefix(inside, "+"):
		date, err := parseDate(inside[1:], jodaLetters)
		return part{kind: partDate, text: text[:end+1], date: date}, err
	case strings.HasPrefix(inside, "{") && strings.HasPrefix(text[end:], "}}"):
		return parseJavaDate(text[:end+2], inside[1:])
	default:
		path, err := pathOf(inside)
		return part{kind: partField, text: text[:end+1], path: path}, err
	}
}

func parseJavaDate(text, pattern string) (part, error) {
	if pattern == "TIME_NOW" {
		return part{kind: partArrival, text: text}, nil
	}
	date, err := parseDate(pattern, javaLetters)
	return part{kind: partDate, text: text, date: date}, err
}

// pathOf returns a field reference with dots between its names.
func pathOf(reference string) (string, error) {
	if _, err := event.NewSelector(reference); err != nil {
		return "", fmt.Errorf("write a field as %%{name} or %%{[a][b]}: %w", err)
	}
	if reference[0] == '[' {
		names := strings.Split(reference[1:len(reference)-1], "][")
		for _, name := range names[1:] {
			if _, err := strconv.ParseUint(name, 10, 32); err == nil {
				return "", fmt.Errorf("%%{%s}: places in arrays, as [%s], are not supported; name a field that is a text", reference, name)
			}
		}
		reference = strings.Join(names, ".")
	}
	return reference, nil
}

// String returns the text that the template was made from.
func (t *Template) String() string { return t.text }

// Constant returns what the template says about every event, and whether that is always the same.
func (t *Template) Constant() (string, bool) {
	for _, p := range t.parts {
		if p.kind != partLiteral {
			return "", false
		}
	}
	return t.text, true
}

// Fields returns the paths of the fields that the template reads, each once, with dots between their names. Dates read
// "@timestamp", which is not among them unless it is named.
func (t *Template) Fields() []string {
	var paths []string
	for _, p := range t.parts {
		if p.kind == partField && !slices.Contains(paths, p.path) {
			paths = append(paths, p.path)
		}
	}
	return paths
}
