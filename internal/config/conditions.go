package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/logboom/logboom/rules"
)

// longestMessage bounds what is repeated of the compiler, which may quote the condition.
const longestMessage = 300

// checkRules judges the rules together, and has them compiled for what only the compiler knows: conditions and fields.
func (d *decoder) checkRules(list []rules.Rule) {
	if len(list) == 0 && d.sound("rules") {
		d.warn("rules", "no rule, so that nothing raises an alert")
	}
	first := map[string]int{}
	for i, rule := range list {
		before, found := first[rule.Name]
		if !found {
			first[rule.Name] = i
		} else if path := namePath(i); d.sound(path, namePath(before)) {
			d.complain(path, fmt.Sprintf("the same name as rules[%d]; names are unique", before))
		}
	}
	if _, err := rules.Compile(list); err != nil {
		d.complainOfRules(err)
	}
}

func namePath(rule int) string { return fmt.Sprintf("rules[%d].name", rule) }

// complainOfRules finds the places of what the compiler found. What the decoder reported already is left out.
func (d *decoder) complainOfRules(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // each of them, where errors.As finds one
		for _, single := range joined.Unwrap() {
			d.complainOfRules(single)
		}
		return
	}
	path := "rules"
	var wrong *rules.Error
	if errors.As(err, &wrong) {
		path, err = fmt.Sprintf("rules[%d].%s", wrong.Rule, wrong.Field), wrong.Err
	}
	if !d.sound(path) {
		return
	}
	if subject := d.borrowed(path); subject != "" {
		d.complain(path, subject+" is not valid here")
		return
	}
	d.complain(path, compilerMessage(err))
}

// compilerMessage returns what the compiler says in one line, and what was meant by the one mistake that all languages teach.
func compilerMessage(err error) string {
	message, _, _ := strings.Cut(err.Error(), "\n")
	meant := ""
	if strings.Contains(message, `unexpected token Operator("=")`) {
		meant = "; did you mean ==?"
	}
	return shortened(message, longestMessage) + meant
}

// borrowed names what a setting, or anything below it, took from variables and files; it is empty where all is written in
// the file and may be repeated.
func (d *decoder) borrowed(path string) string {
	for _, at := range slices.Sorted(maps.Keys(d.subjects)) {
		if rest, below := strings.CutPrefix(at, path); below && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return d.subjects[at]
		}
	}
	return ""
}
