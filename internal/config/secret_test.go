package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const leak = "hunter2"

// exposures are all ways in which a value ends up in a log or an error.
func exposures(t *testing.T, value any) map[string]string {
	t.Helper()
	shown := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10s", "%-10v", "%p"} {
		shown[verb] = fmt.Sprintf(verb, value)
	}
	shown["Sprint"] = fmt.Sprint(value)
	shown["Errorf"] = fmt.Errorf("with %v", value).Error()
	asJSON, err := json.Marshal(value)
	if err != nil {
		t.Errorf("marshal JSON: %v", err)
	}
	shown["JSON"] = string(asJSON)
	asYAML, err := yaml.Dump(value)
	if err != nil {
		t.Errorf("dump YAML: %v", err)
	}
	shown["YAML"] = string(asYAML)
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "value", value)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "value", value)
	shown["slog"] = logged.String()
	return shown
}

func refuseLeaks(t *testing.T, value any) {
	t.Helper()
	encoded := fmt.Sprintf("%x", leak)
	for way, text := range exposures(t, value) {
		if strings.Contains(text, leak) || strings.Contains(strings.ToLower(text), encoded) {
			t.Errorf("%s of %T shows the secret: %s", way, value, text)
		}
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	secret := NewSecret(leak)
	type exported struct{ Secret Secret }
	type unexported struct{ secret Secret }
	refuseLeaks(t, secret)
	refuseLeaks(t, &secret)
	refuseLeaks(t, exported{secret})
	refuseLeaks(t, &exported{secret})
	refuseLeaks(t, unexported{secret})
	refuseLeaks(t, &unexported{secret})
	refuseLeaks(t, []Secret{secret})
	refuseLeaks(t, map[string]Secret{"a": secret})
	if secret.Reveal() != leak || !secret.IsSet() {
		t.Errorf("Reveal returns %q, IsSet %v", secret.Reveal(), secret.IsSet())
	}
}

func TestSecretStandsIn(t *testing.T) {
	for way, want := range map[string]string{
		"%v": hidden, "%+v": hidden, "%s": hidden, "%d": hidden, "%q": `"<secret>"`, "%#v": `config.Secret("<secret>")`,
		"JSON": `"\u003csecret\u003e"`, "YAML": hidden + "\n",
	} {
		if got := exposures(t, NewSecret(leak))[way]; got != want {
			t.Errorf("%s gives %q, want %q", way, got, want)
		}
	}
	if got := fmt.Sprintf("%v|%q|%#v", Secret{}, Secret{}, Secret{}); got != `|""|config.Secret("")` {
		t.Errorf("no secret is shown as %s", got)
	}
	if (Secret{}).IsSet() || NewSecret("").IsSet() || (Secret{}).Reveal() != "" {
		t.Error("an empty secret is set")
	}
}

// TestConfigShowsNoSecret has a secret in each setting that takes one.
func TestConfigShowsNoSecret(t *testing.T) {
	config := parse(t, `
inputs: {kafka: {brokers: 'k:1', sasl: {username: u, password: hunter2-a}}}
alerts:
  elasticsearch: {hosts: 'http://es', username: u, password: hunter2-b}
  slack: {token: hunter2-c, channel: C1}
  webhook: {url: "https://hooks/hunter2-h", secret: hunter2-i, username: u, password: hunter2-j, headers: {X-Key: hunter2-k}}
  alertmanager: {urls: "http://am", username: u, password: hunter2-l}
  pagerduty: {routing_key: hunter2-m}
  email: {server: "smtp:587", from: a@b.c, to: a@b.c, username: u, password: hunter2-n}
http: {token: hunter2-e}`, nil)
	config.Alerts.Elasticsearch.APIKey = NewSecret("hunter2-f")
	config.Alerts.Slack.Webhook = NewSecret("https://hooks/hunter2-g")
	config.Alerts.Webhook.Token, config.Alerts.Alertmanager.Token = NewSecret("hunter2-o"), NewSecret("hunter2-p")
	for name, secret := range secretsOf(config) {
		if !strings.Contains(secret.Reveal(), leak) {
			t.Errorf("%s was not read", name)
		}
	}
	refuseLeaks(t, config)
	refuseLeaks(t, &config)
	for _, part := range []any{
		config.Inputs, *config.Inputs.Kafka, config.Inputs.Kafka, *config.Inputs.Kafka.SASL, config.Alerts,
		*config.Alerts.Elasticsearch, config.Alerts.Elasticsearch, *config.Alerts.Slack, config.Alerts.Slack, config.HTTP,
		*config.Alerts.Webhook, config.Alerts.Webhook, *config.Alerts.Alertmanager, *config.Alerts.PagerDuty, *config.Alerts.Email,
	} {
		refuseLeaks(t, part)
	}
	var printed strings.Builder
	if err := config.Print(&printed); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(printed.String(), leak) || strings.Count(printed.String(), hidden) != 15 {
		t.Errorf("printed as\n%s", printed.String())
	}
}

func secretsOf(config Config) map[string]Secret {
	return map[string]Secret{
		"inputs.kafka.sasl.password":    config.Inputs.Kafka.SASL.Password,
		"alerts.elasticsearch.password": config.Alerts.Elasticsearch.Password,
		"alerts.elasticsearch.api_key":  config.Alerts.Elasticsearch.APIKey,
		"alerts.slack.token":            config.Alerts.Slack.Token,
		"alerts.slack.webhook":          config.Alerts.Slack.Webhook,
		"alerts.webhook.url":            config.Alerts.Webhook.URL,
		"alerts.webhook.secret":         config.Alerts.Webhook.Secret,
		"alerts.webhook.password":       config.Alerts.Webhook.Password,
		"alerts.webhook.token":          config.Alerts.Webhook.Token,
		"alerts.webhook.headers":        config.Alerts.Webhook.Headers["X-Key"],
		"alerts.alertmanager.password":  config.Alerts.Alertmanager.Password,
		"alerts.alertmanager.token":     config.Alerts.Alertmanager.Token,
		"alerts.pagerduty.routing_key":  config.Alerts.PagerDuty.RoutingKey,
		"alerts.email.password":         config.Alerts.Email.Password,
		"http.token":                    config.HTTP.Token,
	}
}

// TestSecretSettingsAreMarked finds settings of the type Secret that are not marked in the table, and the other way round.
func TestSecretSettingsAreMarked(t *testing.T) {
	marked := map[string]bool{}
	walk("", rootSettings(&Config{}), func(path string, setting setting) {
		_, isSecret := setting.value.(single[Secret])
		if _, arePairs := setting.value.(pairs[Secret]); arePairs {
			isSecret = true
		}
		if isSecret != setting.secret {
			t.Errorf("%s: of the type Secret %v, marked %v", path, isSecret, setting.secret)
		}
		if isSecret {
			marked[path] = true
		}
	})
	config := parse(t, "inputs: {kafka: {brokers: 'k:1', sasl: {username: u, password: p}}}\n"+
		"alerts: {elasticsearch: {hosts: 'http://es'}, slack: {webhook: 'https://h/x'}, webhook: {url: 'https://h/x'}, "+
		"alertmanager: {urls: 'http://am'}, pagerduty: {routing_key: k}, email: {server: 's:587', from: a@b.c, to: a@b.c}}", nil)
	for path := range secretsOf(config) {
		if !marked[path] {
			t.Errorf("%s is not in the table", path)
		}
		delete(marked, path)
	}
	if len(marked) > 0 {
		t.Errorf("not tested: %v", marked)
	}
}

// TestMistakesShowNoSecret puts a secret, or what was meant to be one, where it is a mistake, for each setting that takes one.
func TestMistakesShowNoSecret(t *testing.T) {
	forms := []string{
		"[hunter2]", "{a: hunter2}", "{hunter2}", `"hunter2\n"`, `"hunter2\x01"`, "hunter2: a", "!hunter2 a", "!!hunter2 a",
		"*hunter2", "&hunter2", "@hunter2", "%hunter2", "`hunter2", "'hunter2", `"hunter2`, `"\hunter2"`, "a: hunter2",
		"a,hunter2", "a,hunter2: b", "a,b: c,hunter2: d", "[hunter2", "{hunter2", "!a!hunter2 b", "${hunter", "#hunter2",
		"|hunter2", ">hunter2", "? hunter2", "- hunter2", "'a' hunter2", `"a" hunter2`, "!<hunter2 a", "!a%hunter2 b", "${A}\x01",
		"${NONE:hunter2}\x01", "!hunter2! a", "a\thunter2: b", "**hunter2", "&a&hunter2", "hunter2\xff", "&hunter2 *hunter2",
	}
	walk("", rootSettings(&Config{}), func(path string, setting setting) {
		if !setting.secret {
			return
		}
		for _, form := range forms {
			for _, file := range []string{inLines(path, form), inOneLine(path, form)} {
				_, err := Parse("logboom.yml", []byte(file), variables(map[string]string{"A": leak}))
				if err != nil && strings.Contains(err.Error(), leak) {
					t.Errorf("of\n%s\nthe secret is shown:\n%v", file, err)
				}
			}
		}
	})
}

// inLines returns a file with one setting, each section in a line of its own; the value is the last.
func inLines(path, value string) string {
	var file strings.Builder
	for i, name := range strings.Split(path, ".") {
		file.WriteString("\n" + strings.Repeat("  ", i) + name + ":")
	}
	return file.String() + " " + value + "\n"
}

// inOneLine returns a file with one setting in braces.
func inOneLine(path, value string) string {
	names := strings.Split(path, ".")
	return strings.Join(names, ": {") + ": " + value + strings.Repeat("}", len(names)-1)
}
