package sinks

import (
	"maps"
	"regexp"
	"testing"

	"github.com/logboom/logboom/window"
)

func TestLabels(t *testing.T) {
	for _, test := range []struct {
		what  string
		group []window.Field
		want  map[string]string
	}{
		{"none", nil, nil},
		{
			"paths",
			[]window.Field{{Name: "host.name", Value: "web1"}, {Name: "@timestamp", Value: "x"}, {Name: "größe", Value: "5"}},
			map[string]string{"host_name": "web1", "_timestamp": "x", "gr__e": "5"},
		},
		{"a digit first", []window.Field{{Name: "5xx", Value: "1"}}, map[string]string{"_5xx": "1"}},
		{
			"the same name twice",
			[]window.Field{{Name: "a.b", Value: "1"}, {Name: "a_b", Value: "2"}, {Name: "a-b", Value: "3"}},
			map[string]string{"a_b": "1", "a_b_": "2", "a_b__": "3"},
		},
		{
			"no value, which changes no other's name",
			[]window.Field{{Name: "a.b"}, {Name: "a_b", Value: "2"}},
			map[string]string{"a_b_": "2"},
		},
		{"no value at all", []window.Field{{Name: "host.name"}}, nil},
		{"reserved", []window.Field{{Name: "rule", Value: "1"}}, map[string]string{"rule__": "1"}},
		{"not UTF-8", []window.Field{{Name: "a", Value: "\xff"}}, map[string]string{"a": "\uFFFD"}},
	} {
		got := Labels(test.group, "rule", "rule_")
		if !maps.Equal(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%s: got %v, want %v", test.what, got, test.want)
		}
	}
}

// FuzzLabels: whatever the paths, each value has a label, and each name is one that Prometheus takes.
func FuzzLabels(f *testing.F) {
	f.Add("host.name", "host_name", "5")
	f.Add("", "\xff", "é")
	isName := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		labels := Labels([]window.Field{{Name: a, Value: "1"}, {Name: b, Value: "2"}, {Name: c, Value: "3"}}, "key")
		if len(labels) != 3 {
			t.Errorf("got %v", labels)
		}
		for name := range labels {
			if !isName.MatchString(name) || name == "key" {
				t.Errorf("got %q", name)
			}
		}
	})
}
