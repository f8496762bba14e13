package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// variables returns an environment of these pairs.
func variables(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		text, found := pairs[name]
		return text, found
	}
}

// write makes a file in a folder of the test's own and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// parse returns a configuration that has no mistake.
func parse(t testing.TB, text string, environment map[string]string) Config {
	t.Helper()
	config, err := Parse("logboom.yml", []byte(text), variables(environment))
	if err != nil {
		t.Fatalf("Parse: %v\nof:\n%s", err, text)
	}
	return config
}

// mistakesOf returns the mistakes of a file that has some.
func mistakesOf(t testing.TB, text string, environment map[string]string) Mistakes {
	t.Helper()
	_, err := Parse("logboom.yml", []byte(text), variables(environment))
	var mistakes Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatalf("Parse returned %v; want Mistakes, of:\n%s", err, text)
	}
	return mistakes
}
