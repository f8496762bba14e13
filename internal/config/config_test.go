package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/rules"
)

func TestDefault(t *testing.T) {
	got := Default()
	want := Config{
		Data: "./data",
		Ack:  AckDurable,
		Inputs: Inputs{Lumberjack: &Lumberjack{
			Listen: ":5044",
			Limits: LumberjackLimits{
				Window: 100_000, Event: 16 << 20, Inflated: 100 << 20, Ratio: 250, InFlight: 256 << 20, Connections: 10_000,
			},
			IdleTimeout: 5 * time.Minute, ReadTimeout: 30 * time.Second, HandshakeTimeout: 10 * time.Second,
			WriteTimeout: 30 * time.Second, Heartbeat: 5 * time.Second, Keepalive: 15 * time.Second,
			Written: logstash.Settings{ECSCompatibility: "v8"},
		}},
		Rules: []rules.Rule{{
			Name: "too many lines", Window: time.Second, Threshold: 5, Idle: 5 * time.Second, MaxKeys: 10_000,
		}},
		Alerts: Alerts{Stdout: &Stdout{}, Builtin: true},
		HTTP:   HTTP{Listen: "127.0.0.1:9600"},
		Log:    Log{Level: LevelInfo, Format: FormatAuto},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	got.Rules[0].Threshold, got.Inputs.Lumberjack.Listen = 1, ""
	if !reflect.DeepEqual(Default(), want) {
		t.Error("a change of one default shows in the next")
	}
}

// TestEmptyFilesAreDefault reads files that say nothing.
func TestEmptyFilesAreDefault(t *testing.T) {
	for _, file := range []string{
		"", "\n", "# nothing\n", "---\n", "{}", "~", "\ufeff", "journal:\nhttp: {}\noutputs:\nlog: ~", "---\n...\n",
	} {
		if got := parse(t, file, nil); !reflect.DeepEqual(got, Default()) {
			t.Errorf("%q gives\n%s", file, got)
		}
	}
}

// TestSample reads the file that the documentation begins with, whose dots stand for names of files.
func TestSample(t *testing.T) {
	const sample = `data: ./data                     # the journal; also --data
ack: durable
inputs:
  lumberjack: {listen: ":5044", tls: {certificate: ..., key: ..., client_authorities: [...], client_authentication: none}}
  kafka: {brokers: ["kafka:9092"], topics: [logs], group: "0"}
rules:
  - {name: too many lines, window: 1s, threshold: 5}
alerts:                          # where alerts go
  elasticsearch: {hosts: ["http://elasticsearch:9200"], index: alerts, username: elastic, password: "${ES_PASSWORD:password}"}
  slack: {token: "${file:/run/secrets/slack}", channel: C0123, url: https://slack.com/api}
  file: {path: alerts.ndjson}
  stdout: {}
outputs: {}                      # where the log events themselves go
http: {listen: "127.0.0.1:9600"}
`
	d := newDecoder("logboom.yml", outside{
		variable: variables(nil),
		contents: func(path string) ([]byte, error) {
			if path != "..." {
				return nil, fs.ErrNotExist
			}
			return os.ReadFile(filepath.Join("testdata", "tls.pem"))
		},
		read: func(path string) (string, error) {
			if path != "/run/secrets/slack" {
				return "", fs.ErrNotExist
			}
			return "xoxb-1\n", nil
		},
	})
	got := d.config([]byte(sample))
	if len(d.mistakes) > 0 || len(d.warnings) > 0 {
		t.Fatalf("%v\n%v", d.mistakes, d.warnings)
	}
	want := Default()
	want.Inputs.Lumberjack.TLS = &ServerTLS{
		Certificate: "...", Key: "...", ClientAuthorities: []string{"..."}, ClientAuthentication: ClientAuthenticationNone,
	}
	want.Inputs.Kafka = &Kafka{
		Brokers: []string{"kafka:9092"}, Topics: []string{"logs"}, Group: "0", ClientID: "logboom",
		SessionTimeout: 6 * time.Second, Start: StartEarliest,
	}
	want.Alerts = Alerts{
		Elasticsearch: &Elasticsearch{
			Hosts: []string{"http://elasticsearch:9200"}, Index: "alerts", Username: "elastic",
			Password: NewSecret("password"), Template: true, Timeout: time.Minute,
		},
		Slack:  &Slack{Token: NewSecret("xoxb-1"), Channel: "C0123", URL: "https://slack.com/api", StormThreshold: 20, Timeout: 10 * time.Second},
		File:   &File{Path: "alerts.ndjson"},
		Stdout: &Stdout{}, Builtin: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestSections reads what the presence of a section means.
func TestSections(t *testing.T) {
	for _, test := range []struct {
		name, file string
		holds      func(Config) bool
	}{
		{"kafka alone", "inputs: {kafka: {brokers: 'k:1'}}", func(c Config) bool {
			return c.Inputs.Lumberjack == nil && c.Inputs.Kafka != nil && !c.Inputs.Kafka.TLS.Enabled && c.Inputs.Kafka.SASL == nil
		}},
		{"lumberjack alone", "inputs:\n  lumberjack:\n", func(c Config) bool {
			return reflect.DeepEqual(c.Inputs, Default().Inputs)
		}},
		{"kafka tls without a value", "inputs: {kafka: {brokers: 'k:1', tls: }}", func(c Config) bool { return c.Inputs.Kafka.TLS.Enabled }},
		{"kafka tls off", "inputs: {kafka: {brokers: 'k:1', tls: {enabled: false}}}", func(c Config) bool { return !c.Inputs.Kafka.TLS.Enabled }},
		{"no alerts", "alerts: {}", func(c Config) bool { return c.Alerts == Alerts{Builtin: true} && len(c.Warnings) == 1 }},
		{"alerts without a value", "alerts:", func(c Config) bool { return c.Alerts == Alerts{Builtin: true} && len(c.Warnings) == 1 }},
		{"no built-in alerts", "alerts: {builtin: false}", func(c Config) bool { return c.Alerts == Alerts{} && len(c.Warnings) == 1 }},
		{"stdout without a value", "alerts:\n  stdout:\n", func(c Config) bool {
			return c.Alerts == Alerts{Stdout: c.Alerts.Stdout, Builtin: true} && c.Alerts.Stdout != nil
		}},
		{"file without a value", "alerts:\n  file:\n", func(c Config) bool { return c.Alerts.File.Path == "alerts.ndjson" && c.Alerts.Stdout == nil }},
		{"no rules", "rules: []", func(c Config) bool { return c.Rules != nil && len(c.Rules) == 0 && len(c.Warnings) == 1 }},
		{"idle off", "rules: [{name: a, window: 1s, threshold: 5, idle: off}]", func(c Config) bool { return c.Rules[0].Idle == 0 }},
		{"idle 0", "rules: [{name: a, window: 1s, threshold: 5, idle: 0}]", func(c Config) bool { return c.Rules[0].Idle == 0 }},
		{"one field", "rules: [{name: a, window: 1s, threshold: 5, group_by: host.name}]", func(c Config) bool {
			return slices.Equal(c.Rules[0].GroupBy, []string{"host.name"})
		}},
		{"no field", "rules: [{name: a, window: 1s, threshold: 5, group_by: []}]", func(c Config) bool { return c.Rules[0].GroupBy == nil }},
		{"numbers as text", "inputs: {kafka: {brokers: 'k:1', group: 007}}\nhttp: {token: 0x10}", func(c Config) bool {
			return c.Inputs.Kafka.Group == "007" && c.HTTP.Token.Reveal() == "0x10"
		}},
		{"a budget", "journal: {budget: 1GiB}", func(c Config) bool { return c.Journal.Budget == 1<<30 }},
		{"no token", "http: {token: '${HTTP_TOKEN:}'}", func(c Config) bool { return !c.HTTP.Token.IsSet() }},
		{"authorities", "inputs: {lumberjack: {tls: {certificate: testdata/tls.pem, key: testdata/tls.pem, client_authorities: testdata/tls.pem}}}", func(c Config) bool {
			return c.Inputs.Lumberjack.TLS.ClientAuthentication == ClientAuthenticationRequired
		}},
		{"no authorities", "inputs: {lumberjack: {tls: {certificate: testdata/tls.pem, key: testdata/tls.pem}}}", func(c Config) bool {
			return c.Inputs.Lumberjack.TLS.ClientAuthentication == ClientAuthenticationNone
		}},
		{"webhook", "alerts: {slack: {webhook: 'https://hooks.slack.com/services/a?b=c'}}", func(c Config) bool {
			return c.Alerts.Slack.Webhook.Reveal() == "https://hooks.slack.com/services/a?b=c"
		}},
		{"free ports", "inputs: {lumberjack: {listen: ':0'}}\nhttp: {listen: '[::1]:0'}", func(c Config) bool {
			return c.Inputs.Lumberjack.Listen == ":0" && len(c.Warnings) == 0
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := parse(t, test.file, nil); !test.holds(got) {
				t.Errorf("got\n%s%v", got, got.Warnings)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for file, want := range map[string]string{
		"http: {listen: '127.0.0.2:1'}":        "",
		"http: {listen: 'localhost:1'}":        "",
		"http: {listen: '[::1]:1'}":            "",
		"http: {listen: ':1', token: a}":       "",
		"http: {listen: ':1', insecure: true}": "",
		"http: {listen: ':1'}":                 "1:16: http.listen: off loopback and without http.token only /livez and /readyz are answered; set http.token, or http.insecure: true to open everything",
		"http: {listen: 'a:1'}":                "1:16: http.listen: off loopback and without http.token only /livez and /readyz are answered; set http.token, or http.insecure: true to open everything",
		"alerts: {}":                           "1:9: alerts: alerts go nowhere but to the journal",
		"rules: []":                            "1:8: rules: no rule, so that nothing raises an alert",
		"data: ${A:-/data}":                    "1:7: data: the default of ${A:...} begins with the dash; leave it out unless it is meant",
		"inputs: {kafka: {brokers: 'k:1', tls: {insecure_skip_verify: true}}}":                         "1:62: inputs.kafka.tls.insecure_skip_verify: anybody can pose as the server",
		"inputs: {kafka: {brokers: 'k:1', sasl: {mechanism: PLAIN, username: a, password: b}}}":        "1:40: inputs.kafka.sasl: with PLAIN and without tls the password travels readable",
		"inputs: {kafka: {brokers: 'k:1', tls: , sasl: {mechanism: PLAIN, username: a, password: b}}}": "",
		"alerts: {elasticsearch: {hosts: 'https://es', insecure_skip_verify: true}}":                   "1:69: alerts.elasticsearch.insecure_skip_verify: anybody can pose as the server",
		"alerts: {elasticsearch: {hosts: ['https://a', 'http://b'], ca: testdata/tls.pem}}":            "1:47: alerts.elasticsearch.hosts[1]: ca has no effect on http; did you mean https?",
	} {
		var lines []string
		for _, warning := range parse(t, file, nil).Warnings {
			lines = append(lines, strings.TrimPrefix(warning.Error(), "logboom.yml:"))
		}
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("of %s\ngot  %s\nwant %s", file, got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := write(t, "logboom.yml", "data: ${DATA}\n")
	got, err := Load(path, variables(map[string]string{"DATA": "/var/lib/logboom"}))
	if err != nil || got.Data != "/var/lib/logboom" {
		t.Errorf("got %q, %v", got.Data, err)
	}
	if _, err := Load(path, nil); err == nil || !strings.HasPrefix(err.Error(), path+":1:7: data: the variable DATA is not set") {
		t.Errorf("without the variable: %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yml"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Load(t.TempDir(), nil); err == nil {
		t.Error("a folder was read")
	}
	large := write(t, "large.yml", strings.Repeat("#", mostBytes+1))
	if _, err := Load(large, nil); err == nil || err.Error() != large+": is larger than 1MiB" {
		t.Errorf("a large file: %v", err)
	}
	if _, err := Load("/dev/zero", nil); err == nil || err.Error() != "/dev/zero: is larger than 1MiB" {
		t.Errorf("a file without an end: %v", err)
	}
}

// TestPrintIsRead prints configurations and reads them back.
func TestPrintIsRead(t *testing.T) {
	files := []string{
		"",
		"data: 'a $${X} $$${Y} # ~'\nack: memory\nalerts: {}\nrules: []",
		"data: \"null\"\nalerts: {file: {path: '1'}}",
		"inputs: {kafka: {brokers: ['k:1', '[::1]:2'], group: '0', tls: {enabled: false, ca: testdata/tls.pem}}}\nalerts: {file: , stdout: }",
		"rules: [{name: ' a', where: \"message contains 'a: #b'\\n  || true\", window: 1500us, threshold: 9, group_by: [a, '1', x], idle: off}]",
		"alerts: {elasticsearch: {hosts: ['https://es'], template: false, timeout: 1h}}\njournal: {budget: 3GiB, reserve: 1MiB}",
	}
	for _, file := range files {
		want := parse(t, file, nil)
		want.Warnings = nil
		got, err := Parse("b", []byte(want.String()), nil)
		got.Warnings = nil
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("of\n%s\nprinted\n%sread\n%s%v", file, want, got, err)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestPrintFails(t *testing.T) {
	if err := Default().Print(brokenWriter{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
