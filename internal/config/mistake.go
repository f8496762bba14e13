package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong, or worth a warning, in a configuration file.
type Mistake struct {
	// File is the name of the file as it was given to Load or Parse.
	File string
	// Line and Column count from 1; 0 where the mistake belongs to no place. Columns count characters.
	Line, Column int
	// Path names the setting, as in rules[0].window. It is empty where the file is not valid YAML.
	Path string
	// Message says what is wrong and what was expected. It never holds a secret.
	Message string
}

// Error returns the mistake as one line: file:line:column: path: message.
func (m Mistake) Error() string {
	var line strings.Builder
	line.WriteString(m.File)
	if m.Line > 0 {
		fmt.Fprintf(&line, ":%d:%d", m.Line, m.Column)
	}
	line.WriteString(": ")
	if m.Path != "" {
		line.WriteString(m.Path + ": ")
	}
	line.WriteString(m.Message)
	return line.String()
}

// Mistakes are all mistakes of a file, in the order of their places. It is the error that Load and Parse return for a
// file that could be read; errors.As finds it, and a single Mistake in it.
type Mistakes []Mistake

// Error returns one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes one by one.
func (m Mistakes) Unwrap() []error {
	errs := make([]error, len(m))
	for i, mistake := range m {
		errs[i] = mistake
	}
	return errs
}

// sort puts the mistakes in the order of their places; those without a place come last.
func (m Mistakes) sort() {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
