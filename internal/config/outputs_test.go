package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// outputsOf reads outputs, and has them printed and read again.
func outputsOf(t *testing.T, text string) []Output {
	t.Helper()
	config := parse(t, text, nil)
	again := parse(t, config.String(), nil)
	if !reflect.DeepEqual(config.Outputs, again.Outputs) {
		t.Errorf("printed\n%s\nand read again as %+v, which was %+v", config, again.Outputs, config.Outputs)
	}
	return config.Outputs
}

func TestOutputs(t *testing.T) {
	got := outputsOf(t, `
outputs:
  file:
  audit:
    type: file
    path: /var/log/logboom/audit.ndjson
    where: 'message contains "POST"'
    required: false
    max_behind: 2GiB
    rotate_size: 100MiB
    keep: 7
    gzip: false
  Best_effort-1: {type: stdout, required: false}
  stdout: {}
`)
	want := []Output{
		{Name: "file", Type: OutputFile, Required: true, File: &EventFile{Path: "events.ndjson", Gzip: true}},
		{
			Name: "audit", Type: OutputFile, Where: `message contains "POST"`, MaxBehind: 2 * gibibyte,
			File: &EventFile{Path: "/var/log/logboom/audit.ndjson", RotateSize: 100 * mebibyte, Keep: 7},
		},
		{Name: "Best_effort-1", Type: OutputStdout, MaxBehind: gibibyte},
		{Name: "stdout", Type: OutputStdout, Required: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNoOutputs(t *testing.T) {
	for _, text := range []string{"", "outputs:", "outputs: {}", "outputs: ~"} {
		if got := outputsOf(t, text); len(got) != 0 {
			t.Errorf("%q gives %+v", text, got)
		}
	}
}

func TestMostOutputs(t *testing.T) {
	list := func(count int) string {
		var file strings.Builder
		file.WriteString("outputs:\n")
		for i := range count {
			fmt.Fprintf(&file, "  o%d: {type: stdout}\n", i)
		}
		return file.String()
	}
	if got := parse(t, list(mostOutputs), nil).Outputs; len(got) != mostOutputs {
		t.Errorf("%d outputs", len(got))
	}
	got := mistakesOf(t, list(mostOutputs+1), nil).Error()
	if want := "logboom.yml:2:3: outputs: has 101 outputs; at most 100 are allowed"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A condition that came from outside is not repeated.
func TestOutputConditionFromOutside(t *testing.T) {
	got := mistakesOf(t, "outputs: {file: {where: '${A}'}}", map[string]string{"A": "hunter2 >>"}).Error()
	if strings.Contains(got, "hunter2") || !strings.Contains(got, "1:25: outputs.file.where: the value of ${A} is not valid here") {
		t.Errorf("got %s", got)
	}
}

func TestLumberjackOutput(t *testing.T) {
	got := outputsOf(t, `
outputs:
  lumberjack: {hosts: ["a:5044"]}
  on:
    type: lumberjack
    hosts: ["a:5044", "b:5044"]
    tls: {ca: testdata/tls.pem, server_name: logs}
    window: 100
    pipelining: 3
    compression_level: 0
    connections: 4
    load_balance: true
    timeout: 5s
`)
	if want := (EventLumberjack{
		Hosts: []string{"a:5044"}, Window: 2048, Pipelining: 2, CompressionLevel: 3, Connections: 1, Timeout: 30 * time.Second,
	}); !reflect.DeepEqual(*got[0].Lumberjack, want) {
		t.Errorf("got %+v, want %+v", *got[0].Lumberjack, want)
	}
	if want := (EventLumberjack{
		Hosts: []string{"a:5044", "b:5044"}, TLS: ClientTLS{Enabled: true, CA: "testdata/tls.pem", ServerName: "logs"},
		Window: 100, Pipelining: 3, Connections: 4, LoadBalance: true, Timeout: 5 * time.Second,
	}); !reflect.DeepEqual(*got[1].Lumberjack, want) {
		t.Errorf("got %+v, want %+v", *got[1].Lumberjack, want)
	}
}

func TestHTTPOutput(t *testing.T) {
	got := parse(t, `
outputs:
  http: {url: "https://example.com/hunter2-a"}
  other:
    type: http
    url: "http://example.com/hunter2-b?c=d"
    format: json_array
    headers: {X-Key: hunter2-c}
    token: hunter2-d
    ca: testdata/tls.pem
    compression_level: 5
    batch_size: 5MiB
    batch_events: 100
    concurrency: 8
    timeout: 5s
  third: {type: http, url: "https://example.com/", username: u, password: hunter2-e, insecure_skip_verify: true}
`, nil)
	refuseLeaks(t, got)
	first, other := *got.Outputs[0].HTTP, *got.Outputs[1].HTTP
	if want := (EventHTTP{
		URL: first.URL, Format: HTTPFormatLines, BatchSize: mebibyte, BatchEvents: 5000, Concurrency: 2, Timeout: 30 * time.Second,
	}); !reflect.DeepEqual(first, want) || first.URL.Reveal() != "https://example.com/hunter2-a" {
		t.Errorf("got %+v, want %+v", first, want)
	}
	if want := (EventHTTP{
		URL: other.URL, Format: HTTPFormatArray, Headers: other.Headers, Token: other.Token, CA: "testdata/tls.pem",
		CompressionLevel: 5, BatchSize: 5 * mebibyte, BatchEvents: 100, Concurrency: 8, Timeout: 5 * time.Second,
	}); !reflect.DeepEqual(other, want) || other.Headers["X-Key"].Reveal() != "hunter2-c" || other.Token.Reveal() != "hunter2-d" {
		t.Errorf("got %+v, want %+v", other, want)
	}
	if got.Outputs[2].HTTP.Password.Reveal() != "hunter2-e" || len(got.Warnings) != 2 {
		t.Errorf("got %+v, %v", got.Outputs[2].HTTP, got.Warnings)
	}
	if printed := got.String(); strings.Contains(printed, leak) || strings.Count(printed, hidden) != 6 {
		t.Errorf("printed as %s", printed)
	}
}

// No mistake shows a secret of an output, or what was meant to be one.
func TestOutputMistakesShowNoSecret(t *testing.T) {
	for _, setting := range []string{"url", "token", "password", "headers"} {
		for _, form := range []string{"[hunter2]", "{a: hunter2}", `"hunter2\n"`, "a,hunter2", "a,hunter2: b", "!hunter2 a", "*hunter2"} {
			for _, file := range []string{inLines("outputs.http."+setting, form), inOneLine("outputs.http."+setting, form)} {
				_, err := Parse("logboom.yml", []byte(file), nil)
				if err != nil && strings.Contains(err.Error(), leak) {
					t.Errorf("of\n%s\nthe secret is shown:\n%v", file, err)
				}
			}
		}
	}
}
