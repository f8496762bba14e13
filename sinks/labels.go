package sinks

import (
	"slices"
	"strings"

	"github.com/logboom/logboom/window"
)

// Labels returns the values of a key by names that every receiver of labels takes, Prometheus' among them: host_name for
// the field host.name. A name that another field has, or that is reserved, gets an underscore more. A field without a
// value has no label, because Prometheus takes an empty one for none. It returns nil where there are no labels.
func Labels(group []window.Field, reserved ...string) map[string]string {
	var labels map[string]string
	taken := make(map[string]bool, len(group))
	for _, field := range group {
		name := labelName(field.Name)
		for taken[name] || slices.Contains(reserved, name) {
			name += "_"
		}
		taken[name] = true
		if field.Value == "" {
			continue
		}
		if labels == nil {
			labels = make(map[string]string, len(group))
		}
		labels[name] = validText(field.Value)
	}
	return labels
}

// labelName returns a field's path by Prometheus' rule for names of labels: [a-zA-Z_][a-zA-Z0-9_]*.
func labelName(path string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, path)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}
