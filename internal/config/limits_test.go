package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLimits hits each bound on the work that a file can make.
func TestLimits(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"size", "# " + strings.Repeat("x", mostBytes), "logboom.yml: is larger than 1MiB"},
		{"nesting in brackets", "data: " + strings.Repeat("[", 100_000), "logboom.yml:1:39: is not valid YAML: nested deeper than 32 levels"},
		{"nesting in lines", strings.Repeat("- ", 100_000), "logboom.yml:1:65: is not valid YAML: nested deeper than 32 levels"},
		{
			"aliases", "rules:\n- &r {name: a, window: 1s, threshold: 5, group_by: &g [" + strings.Repeat("a,", 500) +
				"]}\n" + strings.Repeat("- {name: a, window: 1s, threshold: 5, group_by: *g}\n", 900),
			"has 500 entries; allowed are 0 to 16",
		},
		{"an alias of itself", "rules: &r [*r]", "rules[0]: is a list; expected settings (name: value)"},
		{"rules", "rules: [" + strings.Repeat("a,", 1001) + "]", "has 1001 entries; at most 1000 are allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			mistakes := mistakesOf(t, test.file, nil)
			if got := mistakes.Error(); !strings.Contains(got, test.want) {
				t.Errorf("got %d mistakes, and none with %q:\n%.2000s", len(mistakes), test.want, got)
			}
		})
	}
}

// TestAliasesMayBeFollowed has as much as the table takes: a thousand rules that are all the same one.
func TestAliasesMayBeFollowed(t *testing.T) {
	file := "rules:\n- &r {name: a, window: 1s, threshold: 1, group_by: &g [" + fields(16) + "]}\n" + strings.Repeat("- *r\n", 998)
	if mistakes := mistakesOf(t, file, nil); len(mistakes) != 998 {
		t.Errorf("got %d mistakes, want one for each rule but the first: %.300s", len(mistakes), mistakes)
	}
	got := parse(t, "rules:\n- {name: a, window: &w 1m, threshold: 1, group_by: &g [x, y]}\n"+
		"- {name: b, window: *w, threshold: 1, group_by: *g}", nil)
	if rule := got.Rules[1]; rule.Window != time.Minute || !slices.Equal(rule.GroupBy, []string{"x", "y"}) {
		t.Errorf("the second rule is %+v", rule)
	}
}

func fields(count int) string {
	list := make([]string, count)
	for i := range list {
		list[i] = fmt.Sprintf("f%d", i)
	}
	return strings.Join(list, ",")
}

func TestMistakesAreBounded(t *testing.T) {
	var file strings.Builder
	for i := range 2 * mostMistakes {
		fmt.Fprintf(&file, "zzzz%d: 1\n", i)
	}
	mistakes := mistakesOf(t, file.String(), nil)
	if len(mistakes) != mostMistakes+1 {
		t.Fatalf("got %d mistakes", len(mistakes))
	}
	if got, want := mistakes[mostMistakes].Error(), "logboom.yml: there may be more mistakes; mend these first"; got != want {
		t.Errorf("the last one is %q, want %q", got, want)
	}
}

func TestExpansionsAreBounded(t *testing.T) {
	path := write(t, "file", strings.Repeat("x", mostFile))
	rule := func(i int) string {
		return fmt.Sprintf("- {name: 'a%d', window: 1s, threshold: 1, where: '${file:%s}'}\n", i, path)
	}
	var file strings.Builder
	file.WriteString("rules:\n")
	for i := range mostExpanded/mostFile + 1 {
		file.WriteString(rule(i))
	}
	got := mistakesOf(t, file.String(), nil).Error()
	if want := "rules[64].where: variables and files add more than 4MiB to the file"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%.2000s", want, got)
	}
}

// TestHostileFiles has files of the greatest size; each must be over in a moment, whatever it says.
func TestHostileFiles(t *testing.T) {
	for name, part := range map[string]string{
		"keys": "a: ", "commas": "[a,", "quotes": `"`, "stars": "*a ", "anchors": "&a ", "blanks": " ", "lines": "\n",
		"dollars": "${", "brackets": "]", "questions": "? ", "hyphens": "-\n", "comments": "#\n", "pipes": "|\n ",
		"documents": "---\n", "tags": "!a ", "flows": "{a: b}, ", "texts": "a", "pairs": "a: b\n", "merges": "<<: *a\n",
	} {
		t.Run(name, func(t *testing.T) {
			for prefix, size := range map[string]int{"": mostBytes, "data: [": mostBytes / 16, "http: {token: \"": mostBytes / 16} {
				file := prefix + strings.Repeat(part, (size-len(prefix))/len(part))
				if _, err := Parse("logboom.yml", []byte(file), nil); err != nil && len(err.Error()) > mostBytes {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
			}
		})
	}
}
