package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/logboom/logboom/outputs/logstash"
)

// writtenOf reads settings of the beats input, and has them printed and read again.
func writtenOf(t *testing.T, text string) logstash.Settings {
	t.Helper()
	config := parse(t, text, map[string]string{"ENV": "production"})
	again := parse(t, config.String(), nil)
	if !reflect.DeepEqual(config.Inputs, again.Inputs) {
		t.Errorf("printed\n%s\nand read again as %+v, which was %+v", config, again.Inputs.Lumberjack, config.Inputs.Lumberjack)
	}
	if _, err := logstash.NewEncoder(config.Inputs.Lumberjack.Written); err != nil {
		t.Errorf("no encoder can be made: %v", err)
	}
	return config.Inputs.Lumberjack.Written
}

func TestWritten(t *testing.T) {
	got := writtenOf(t, `
inputs:
  lumberjack:
    enrich: [source_metadata, ssl_peer_metadata]
    ecs_compatibility: disabled
    tags: [web, "%{[host][name]}"]
    type: nginx
    add_field:
      "[fields][env]": ${ENV}
      port: 8080
      "[labels][team]": [ops, "", "%{[fields][env]}"]
      "[@metadata][topic]": "logs-%{+YYYY.MM.dd}"
      "a ${b": "c $${d}"
      other: |
        two
        lines
    add_hostname: true
`)
	want := logstash.Settings{
		Enrich:           []string{logstash.EnrichSourceMetadata, logstash.EnrichSSLPeerMetadata},
		ECSCompatibility: logstash.ECSDisabled, Tags: []string{"web", "%{[host][name]}"}, Type: "nginx", AddHostname: true,
		AddField: []logstash.Field{
			{Name: "[fields][env]", Value: "production"},
			{Name: "port", Value: "8080"},
			{Name: "[labels][team]", Value: "ops"},
			{Name: "[labels][team]"},
			{Name: "[labels][team]", Value: "%{[fields][env]}"},
			{Name: "[@metadata][topic]", Value: "logs-%{+YYYY.MM.dd}"},
			{Name: "a ${b", Value: "c ${d}"},
			{Name: "other", Value: "two\nlines\n"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWrittenByDefault(t *testing.T) {
	for _, text := range []string{
		"", "inputs: {lumberjack: }", "inputs: {lumberjack: {add_field: {}, tags: [], add_hostname: false}}",
		"inputs: {lumberjack: {add_field: ~, ecs_compatibility: v8}}",
	} {
		if got := writtenOf(t, text); !reflect.DeepEqual(got, newWritten()) {
			t.Errorf("%q gives %+v", text, got)
		}
	}
}

func TestEnrich(t *testing.T) {
	for _, name := range []string{"all", "none", "source_metadata", "codec_metadata", "ssl_peer_metadata"} {
		if got := writtenOf(t, "inputs: {lumberjack: {enrich: "+name+"}}").Enrich; !reflect.DeepEqual(got, []string{name}) {
			t.Errorf("%s gives %q", name, got)
		}
	}
}

func TestIncludeCodecTag(t *testing.T) {
	for _, want := range []bool{true, false} {
		got := writtenOf(t, fmt.Sprintf("inputs: {lumberjack: {include_codec_tag: %v}}", want)).IncludeCodecTag
		if got == nil || *got != want {
			t.Errorf("%v gives %v", want, got)
		}
	}
	if got := writtenOf(t, "").IncludeCodecTag; got != nil {
		t.Errorf("not set gives %v", *got)
	}
}

// ssl_peer_metadata without clients that are asked for certificates is allowed, and hardly meant.
func TestPeerMetadataWithoutClients(t *testing.T) {
	got := parse(t, "inputs: {lumberjack: {enrich: [ssl_peer_metadata]}}", nil).Warnings
	if len(got) != 1 || got[0].Path != "inputs.lumberjack.enrich" || !strings.Contains(got[0].Message, "client_authorities") {
		t.Errorf("warnings %v", got)
	}
	const asked = "inputs: {lumberjack: {enrich: [ssl_peer_metadata], tls: {certificate: testdata/tls.pem, key: testdata/tls.pem, " +
		"client_authorities: testdata/tls.pem}}}"
	if got := parse(t, asked, nil).Warnings; len(got) != 0 {
		t.Errorf("warnings %v", got)
	}
}

func TestWrittenMistakes(t *testing.T) {
	for _, test := range []struct{ setting, want string }{
		{"enrich: [peer]", `1:32: inputs.lumberjack.enrich[0]: "peer" is not one of source_metadata, codec_metadata, ssl_peer_metadata, all, none`},
		{"enrich: [nome]", `1:32: inputs.lumberjack.enrich[0]: "nome" is not one of source_metadata, codec_metadata, ssl_peer_metadata, all, none; did you mean none?`},
		{"enrich: []", "1:31: inputs.lumberjack.enrich: has 0 entries; allowed are 1 to 5"},
		{"enrich: [codec_metadata, all]", "1:31: inputs.lumberjack.enrich: all must stand alone; leave out the others"},
		{"enrich: [none, codec_metadata]", "1:31: inputs.lumberjack.enrich: none must stand alone; leave out the others"},
		{"enrich: [codec_metadata, codec_metadata]", "1:48: inputs.lumberjack.enrich[1]: the same as inputs.lumberjack.enrich[0]"},
		{"include_codec_tag: false, enrich: all", "1:42: inputs.lumberjack.include_codec_tag: include_codec_tag and enrich exclude each other; keep enrich alone"},
		{"include_codec_tag: no", `1:42: inputs.lumberjack.include_codec_tag: "no" is neither true nor false; did you mean false?`},
		{"ecs_compatibility: v9", `1:42: inputs.lumberjack.ecs_compatibility: "v9" is not one of v8, v1, disabled; did you mean v8?`},
		{"tags: ['%{[a']", `1:30: inputs.lumberjack.tags[0]: "%{[a" is not a tag such as web: at byte 0: %{ is not closed, add the }`},
		{"type: ''", `1:29: inputs.lumberjack.type: "" is empty`},
		{"add_field: [a]", "1:34: inputs.lumberjack.add_field: is a list; expected fields (name: value)"},
		{"add_field: {a: {b: c}}", "1:38: inputs.lumberjack.add_field.a: is a section of settings; expected a list: a text such as production or %{[host][name]} each"},
		{"add_field: {a: }", "1:38: inputs.lumberjack.add_field.a: has no value; expected a text such as production or %{[host][name]}, or a list of them"},
		{"add_field: {a: []}", "1:38: inputs.lumberjack.add_field.a: has 0 entries; allowed are 1 to 1000"},
		{"add_field: {a: b, c: d, a: e}", "1:47: inputs.lumberjack.add_field.a: set twice, first in line 1; give a list of values for an array"},
		{"add_field: {a: 'x%{'}", `1:38: inputs.lumberjack.add_field.a: "x%{" is not a text such as production or %{[host][name]}: at byte 1: %{ is not closed, add the }`},
		{"add_field: {'[a': b}", "1:35: inputs.lumberjack.add_field.[a: "},
		{"add_field: {'': b}", "1:35: inputs.lumberjack.add_field.: "},
		{"add_field: {'[a%{b}]': b}", "1:35: inputs.lumberjack.add_field.[a%{b}]: the name of a field to add must not contain %{...}, write the name itself"},
		{"add_field: {'@timestamp': b}", "1:35: inputs.lumberjack.add_field.@timestamp: @timestamp cannot be added, the event has it; choose another name"},
		{"add_field: {[a]: b}", "1:35: inputs.lumberjack.add_field: a name of a setting is expected here"},
		{"add_fields: {a: b}", "1:23: inputs.lumberjack.add_fields: unknown setting; did you mean add_field?"},
	} {
		got := mistakesOf(t, "inputs: {lumberjack: {"+test.setting+"}}", nil).Error()
		want := "logboom.yml:" + test.want
		if got != want && (!strings.HasSuffix(want, ": ") || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.setting, got, want)
		}
	}
}

func TestMostAddedFields(t *testing.T) {
	fields := func(count int) string {
		var file strings.Builder
		file.WriteString("inputs:\n  lumberjack:\n    add_field:\n")
		for i := range count {
			fmt.Fprintf(&file, "      f%d: v\n", i)
		}
		return file.String()
	}
	if got := writtenOf(t, fields(mostEntries)).AddField; len(got) != mostEntries || got[mostEntries-1].Name != "f999" {
		t.Errorf("%d fields", len(got))
	}
	got := mistakesOf(t, fields(mostEntries+1), nil).Error()
	if want := "logboom.yml:4:7: inputs.lumberjack.add_field: has 1001 entries; at most 1000 are allowed"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What came from outside is not repeated where it is no text of references.
func TestEventTextFromOutside(t *testing.T) {
	for _, file := range []string{
		"inputs: {lumberjack: {tags: '${A}'}}",
		"inputs: {lumberjack: {add_field: {a: '${A}'}}}",
		"outputs: {kafka: {brokers: 'k:1', topic: '${A}'}}",
		"outputs: {kafka: {brokers: 'k:1', key: '${A}'}}",
		"outputs: {elasticsearch: {hosts: 'http://h', document_id: '${A}'}}",
	} {
		got := mistakesOf(t, file, map[string]string{"A": "%{[" + leak}).Error()
		if strings.Contains(got, leak) || !strings.Contains(got, "the value of ${A} is not ") {
			t.Errorf("of %s: %s", file, got)
		}
	}
}
