package config

import (
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	secret := write(t, "secret", "from a file\n")
	windows := write(t, "windows", "from a file\r\n")
	lines := write(t, "lines", "one\n\n")
	o := outside{read: readSecretFile, variable: variables(map[string]string{
		"A": "a", "EMPTY": "", "_x.1": "x", "NESTED": "${A}", "YAML": "{a: b}, [",
	})}
	for text, want := range map[string]string{
		"":                        "",
		"plain $ text } {":        "plain $ text } {",
		"${A}":                    "a",
		"1${A}2${A}3":             "1a2a3",
		"${_x.1}":                 "x",
		"${EMPTY}":                "",
		"${EMPTY:default}":        "",
		"${B:default}":            "default",
		"${B:}":                   "",
		"${B:a:b}":                "a:b",
		"${A:default}":            "a",
		"${NESTED}":               "${A}",
		"${YAML}":                 "{a: b}, [",
		"$${A}":                   "${A}",
		"$$${A}":                  "$${A}",
		"$A":                      "$A",
		"$$":                      "$$",
		"${file:" + secret + "}":  "from a file",
		"${file:" + windows + "}": "from a file",
		"${file:" + lines + "}":   "one\n",
	} {
		if got, err := o.expand(text); err != nil || got.text != want {
			t.Errorf("expand(%q) = %q, %v; want %q", text, got.text, err, want)
		}
	}
}

// TestExpandRefuses holds what the tables of mistakes do not: files of odd kinds.
func TestExpandRefuses(t *testing.T) {
	full := write(t, "full", strings.Repeat("x", mostFile))
	large := write(t, "large", strings.Repeat("x", mostFile+1))
	empty := write(t, "empty", "\n")
	binary := write(t, "binary", "\xff")
	o := outside{read: readSecretFile, variable: variables(map[string]string{"BINARY": "\xff"})}
	if got, err := o.expand("${file:" + full + "}"); err != nil || len(got.text) != mostFile {
		t.Errorf("a file of the greatest size: %d bytes, %v", len(got.text), err)
	}
	for text, want := range map[string]string{
		"${file:" + large + "}":  "cannot read the file " + printable(large) + ": it is larger than 64KiB",
		"${file:" + empty + "}":  "the file " + printable(empty) + " is empty",
		"${file:" + binary + "}": "the file " + printable(binary) + " is not UTF-8",
		"${file:/dev/zero}":      "cannot read the file /dev/zero: it is not a regular file",
		"${file:}":               "cannot read the file : no such file or directory",
		"${BINARY}":              "the variable BINARY is not UTF-8",
	} {
		if _, err := o.expand(text); err == nil || err.Error() != want {
			t.Errorf("expand(%q): %v, want %s", text, err, want)
		}
	}
}

// TestExpansionIsAValue shows that a variable cannot add a setting, change a kind, or become a second variable.
func TestExpansionIsAValue(t *testing.T) {
	got := parse(t, "data: ${A}\nlog: {level: \"${LEVEL}\"}\nrules: [{name: \"${B}\", window: \"${W}\", threshold: \"${T}\"}]",
		map[string]string{"A": "x # y: {z}", "LEVEL": "warn", "B": "${A}", "W": "2s", "T": "7"})
	if got.Data != "x # y: {z}" {
		t.Errorf("data is %q", got.Data)
	}
	if got.Log.Level != LevelWarn {
		t.Errorf("level is %q", got.Log.Level)
	}
	if rule := got.Rules[0]; rule.Name != "${A}" || rule.Window != 2e9 || rule.Threshold != 7 {
		t.Errorf("rule is %+v", rule)
	}
}

// TestExpansionsAreNotRepeated has mistakes in values from outside, which may be secrets by accident.
func TestExpansionsAreNotRepeated(t *testing.T) {
	path := write(t, "file", leak)
	environment := map[string]string{"A": leak, "B": "hunter2 >>", "SIZE": "128123123"}
	for file, want := range map[string]string{
		"ack: ${A}":                          "1:6: ack: the value of ${A} is not one of durable, memory",
		"ack: ${NONE:hunter2}":               "1:6: ack: the value of ${NONE} is not one of durable, memory",
		"journal: {budget: '${A}${NONE:1}'}": "1:19: journal.budget: the value of ${A} and ${NONE} is not auto or " + sizeForm,
		"data: \"${A}\\n\"":                  "1:7: data: the value of ${A} holds a line break or another control character",
		"ack: '${file:" + path + "}'":        "1:6: ack: the value of ${file:" + printable(path) + "} is not one of durable, memory",
		"alerts: {elasticsearch: {hosts: 'https://me:${A}@es'}}": "1:33: alerts.elasticsearch.hosts: the value of ${A} " +
			"holds a user name or a password; they have settings of their own",
		"alerts: {elasticsearch: {hosts: 'https://es', ca: '/${A}'}}": "1:51: alerts.elasticsearch.ca: the value of ${A} " +
			"cannot be read: no such file or directory",
		"rules: [{name: a, window: 1s, threshold: 1, where: '${B}'}]": "1:52: rules[0].where: the value of ${B} is not valid here",
		"rules: [{name: a, window: 1s, threshold: 1, group_by: ['a..${A}']}]": "1:55: rules[0].group_by: " +
			"the value of ${A} is not valid here",
		"alerts: {slack: {webhook: 'https://h/x', text: '{{${A}}}'}}": "1:48: alerts.slack.text: the value of ${A} is not a template",
		"inputs: {lumberjack: {limits: {inflated: '${SIZE}', in_flight: 128MiB}}}": "1:42: inputs.lumberjack.limits.inflated: " +
			"inflated is more than half of in_flight (128MiB)",
	} {
		got := mistakesOf(t, file, environment).Error()
		if got != "logboom.yml:"+want {
			t.Errorf("of %s\ngot  %s\nwant %s", file, got, want)
		}
		if strings.Contains(got, leak) || strings.Contains(got, "122") {
			t.Errorf("a value from outside is repeated: %s", got)
		}
	}
}
