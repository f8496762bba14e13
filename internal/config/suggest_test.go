package config

import (
	"strings"
	"testing"
)

func TestEditDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"window", "window", 0},
		{"windw", "window", 1},
		{"wimdow", "window", 1},
		{"windoww", "window", 1},
		{"widnow", "window", 1},
		{"treshold", "threshold", 1},
		{"kitten", "sitting", 3},
	} {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestNearestName(t *testing.T) {
	names := []string{"name", "where", "group_by", "window", "threshold", "idle", "max_keys"}
	for text, want := range map[string]string{
		"treshold":                   "threshold",
		"Window":                     "window",
		"groupBy":                    "group_by",
		"group-by":                   "group_by",
		"group":                      "group_by",
		"maxkeys":                    "max_keys",
		"naem":                       "name",
		"condition":                  "",
		"x":                          "",
		"":                           "",
		strings.Repeat("window", 11): "",
	} {
		if got := nearestName(text, names); got != want {
			t.Errorf("nearestName(%q) = %q, want %q", text, got, want)
		}
	}
}
