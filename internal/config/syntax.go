package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// deepest is how far a file may be nested; no setting is deeper than seven levels.
const deepest = 32

// parseDocument returns the root of the only document in data, a null where there is none, or what is wrong with it,
// whose File is left open.
func parseDocument(data []byte) (*yaml.Node, *Mistake) {
	if wrong := checkBytes(data); wrong != nil {
		return nil, wrong
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(deepest))))
	if err != nil {
		return nil, &Mistake{Message: "cannot be read as YAML"}
	}
	var first, second yaml.Node
	if err := loader.Load(&first); errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: 1, Column: 1}, nil
	} else if err != nil {
		return nil, syntaxMistake(data, err)
	}
	if err := loader.Load(&second); err == nil {
		return nil, &Mistake{
			Line: second.Line, Column: second.Column,
			Message: "a second document starts here; a configuration is one document",
		}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxMistake(data, err)
	}
	return first.Content[0], nil
}

// checkBytes finds what makes a file no text at all, for which the parser has no place to name.
func checkBytes(data []byte) *Mistake {
	if len(data) > mostBytes {
		return &Mistake{Message: "is larger than " + formatSize(mostBytes)}
	}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return &Mistake{Line: 1, Column: 1, Message: "is UTF-16; save it as UTF-8"}
	}
	line, column := 1, 1
	for i := 0; i < len(data); {
		r, length := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && length == 1:
			return &Mistake{Line: line, Column: column, Message: "is not UTF-8 here; save the file as UTF-8"}
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			return &Mistake{Line: line, Column: column, Message: fmt.Sprintf("has a control character (%U) here", r)}
		case r == '\n':
			line, column = line+1, 0
		}
		column++
		i += length
	}
	return nil
}

// syntaxHints say what people did where the parser says what it did not find, for messages that hold a text.
var syntaxHints = []struct{ message, hint string }{
	{"unknown anchor", "a value that starts with * must be in quotes"},
	{"not allowed in a YAML tag", "a value that starts with ! must be in quotes"},
	{"tag handle", "a value that starts with ! must be in quotes"},
	{"mapping values are not allowed", "a colon where no value can start; " +
		"put values that hold \": \" in quotes, and check the indentation"},
	{"cannot start any token", "a value that starts with @, ` or % must be in quotes"},
	{"unknown escape character", "an unknown \\ in double quotes; write \\\\ or use single quotes"},
	{"found unexpected end of stream", "a quote that is not closed"},
	{"could not find expected ':'", "a name without a colon and a value"},
	{"did not find expected ',' or ']'", "a [ that is not closed, or a comma that is missing"},
	{"did not find expected ',' or '}'", "a { that is not closed, or a comma that is missing"},
	{"did not find expected '-' indicator", "this is not in line with the entries of the list above; check the indentation"},
	{"did not find expected key", "this is not in line with the settings above; check the indentation and the quotes"},
	{"incompatible YAML document", "leave out the line that begins with %YAML"},
	{"exceeded max depth", fmt.Sprintf("nested deeper than %d levels", deepest)},
}

// quotedText is what the parser may have copied from the file.
var quotedText = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`")

// withoutText takes copies of the file out of a parser's message. Single characters are the parser's own.
func withoutText(message string) string {
	return quotedText.ReplaceAllStringFunc(message, func(quoted string) string {
		if len(quoted) <= len("'x'") {
			return quoted
		}
		return "a text"
	})
}

// syntaxMistake puts a parser's error into words, none of them from the file: a secret may stand there.
func syntaxMistake(data []byte, err error) *Mistake {
	var loading *yaml.LoadError
	if !errors.As(err, &loading) {
		return &Mistake{Message: "is not valid YAML"}
	}
	mistake := &Mistake{Line: loading.Mark.Line, Column: loading.Mark.Column}
	if mistake.Line > 0 && tabAt(data, mistake.Line) {
		mistake.Message = "is not valid YAML: a tab in the indentation; use spaces"
		return mistake
	}
	for _, known := range syntaxHints {
		if strings.Contains(loading.Message, known.message) {
			mistake.Message = "is not valid YAML: " + known.hint
			return mistake
		}
	}
	mistake.Message = "is not valid YAML: " + withoutText(loading.Message)
	return mistake
}

// tabAt tells whether a line's indentation holds a tab.
func tabAt(data []byte, line int) bool {
	for ; line > 1; line-- {
		_, after, found := bytes.Cut(data, []byte("\n"))
		if !found {
			return false
		}
		data = after
	}
	text := bytes.TrimLeft(data, " ")
	return bytes.HasPrefix(text, []byte("\t"))
}
