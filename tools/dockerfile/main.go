// Command dockerfile reads a Dockerfile as BuildKit does, with all of its lint rules, and without a Docker daemon. It
// prints what it finds and ends with 1 where there is anything.
package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dockerfile FILE")
		os.Exit(2)
	}
	findings, err := check(os.Args[1])
	if err != nil {
		findings = append(findings, err.Error())
	}
	for _, finding := range findings {
		fmt.Printf("%s: %s\n", os.Args[1], finding)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

// check parses the file and every instruction in it.
func check(path string) (findings []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open Dockerfile: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	parsed, err := parser.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	for _, warning := range parsed.Warnings {
		findings = append(findings, warning.Short)
	}
	rules := linter.New(&linter.Config{Warn: func(rule, _, _, text string, at []parser.Range) {
		line := 0
		if len(at) > 0 {
			line = at[0].Start.Line
		}
		findings = append(findings, fmt.Sprintf("line %d: %s: %s", line, rule, text))
	}})
	if _, _, err := instructions.Parse(parsed.AST, rules); err != nil {
		return findings, fmt.Errorf("parse instructions: %w", err)
	}
	return findings, nil
}
