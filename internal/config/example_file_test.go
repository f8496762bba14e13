package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const exampleFile = "../../logboom.example.yml"

// unused finds settings that the example has behind a # in the first column.
var unused = regexp.MustCompile(`(?m)^#( {2,}[a-z_]+:.*)$`)

// TestExampleIsDefault reads the example as it is shipped.
func TestExampleIsDefault(t *testing.T) {
	got, err := Load(exampleFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, Default()) {
		t.Errorf("got\n%swant\n%s%v", got, Default(), got.Warnings)
	}
}

// everySetting decodes the example with all settings in use. Some exclude each other, so they are not judged together.
func everySetting(t *testing.T) (*decoder, Config) {
	t.Helper()
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	d := newDecoder(exampleFile, outside{
		variable: func(string) (string, bool) { return "value", true },
		read:     func(string) (string, error) { return "https://example.com/value", nil },
		contents: func(string) ([]byte, error) { return os.ReadFile(filepath.Join("testdata", "tls.pem")) },
	})
	config := d.decode(unused.ReplaceAll(data, []byte("$1")))
	if len(d.mistakes) > 0 {
		t.Fatal(d.mistakes)
	}
	return d, config
}

// TestExampleIsComplete compares the settings in the example with those in the table.
func TestExampleIsComplete(t *testing.T) {
	d, config := everySetting(t)
	inFile := map[string]bool{}
	for path := range d.places {
		inFile[regexp.MustCompile(`\[\d+\]`).ReplaceAllString(path, "[]")] = true
	}
	var missing []string
	look := func(path string, _ setting) {
		if !inFile[path] {
			missing = append(missing, path)
		}
	}
	walk("", d.root, look)
	for i, output := range outputOfEachKind(t, config) {
		// What all outputs have stands under the first of them.
		settings := outputKinds()[i].inside(&output)
		if i == 0 {
			settings = outputSettings(&output)
		}
		walk(join("outputs", output.Name), settings, look)
	}
	if len(missing) > 0 {
		t.Errorf("not in the example: %v", missing)
	}
}

// TestExampleShowsDefaults compares the values in the example with the defaults, where there are any.
func TestExampleShowsDefaults(t *testing.T) {
	_, config := everySetting(t)
	shown, defaults := flatten(config), flatten(defaultOfAll())
	for path, want := range defaults {
		if got := shown[path]; got != want {
			t.Errorf("%s: the example has %q, the default is %q", path, got, want)
		}
	}
	if len(defaults) < 40 {
		t.Errorf("only %d defaults were compared", len(defaults))
	}
}

// TestExampleShowsDefaultsOfOutputs does the same for each type of output, under whatever name it has there.
func TestExampleShowsDefaultsOfOutputs(t *testing.T) {
	_, config := everySetting(t)
	for i, output := range outputOfEachKind(t, config) {
		fresh := defaultOutput(outputKinds()[i], output.Name)
		if output.Elasticsearch != nil {
			output.Elasticsearch.Index = "" // where it is given, data_stream is not printed
		}
		if output.MaxBehind == 0 {
			fresh.MaxBehind = 0 // it stands under the first output, for all of them
		}
		shown, defaults := flatten(Config{Outputs: []Output{output}}), flatten(Config{Outputs: []Output{fresh}})
		for path, want := range defaults {
			if got := shown[path]; strings.HasPrefix(path, "outputs.") && got != want {
				t.Errorf("%s: the example has %q, the default is %q", path, got, want)
			}
		}
	}
}

// outputOfEachKind returns an output of each type from the example, in the order of outputKinds.
func outputOfEachKind(t *testing.T, config Config) []Output {
	t.Helper()
	var found []Output
	for _, kind := range outputKinds() {
		i := slices.IndexFunc(config.Outputs, func(output Output) bool { return output.Type == kind.name })
		if i < 0 {
			t.Fatalf("the example has no output of type %s", kind.name)
		}
		found = append(found, config.Outputs[i])
	}
	return found
}

// defaultOutput returns the defaults of a type of output with every section in use.
func defaultOutput(kind outputKind, name string) Output {
	output := Output{Name: name, Type: kind.name, Required: true, MaxBehind: defaultMaxBehind}
	kind.start(&output)
	if k := output.Kafka; k != nil {
		sasl := defaultSASL()
		k.TLS.Enabled, k.SASL = true, &sasl
	}
	if l := output.Lumberjack; l != nil {
		l.TLS.Enabled = true
	}
	return output
}

// defaultOfAll returns the defaults with every section in use.
func defaultOfAll() Config {
	config := Default()
	kafka, sasl := defaultKafka(), defaultSASL()
	kafka.TLS.Enabled, kafka.SASL = true, &sasl
	elasticsearch, slack, file := defaultElasticsearch(), defaultSlack(), defaultFile()
	webhook, alertmanager, pagerDuty, email := defaultWebhook(), defaultAlertmanager(), defaultPagerDuty(), defaultEmail()
	config.Inputs.Lumberjack.TLS = &ServerTLS{}
	config.Inputs.Kafka = &kafka
	config.Alerts = Alerts{
		Elasticsearch: &elasticsearch, Slack: &slack, Webhook: &webhook, Alertmanager: &alertmanager, PagerDuty: &pagerDuty,
		Email: &email, File: &file, Stdout: &Stdout{}, Builtin: true,
	}
	return config
}

// flatten returns the printed values of a configuration by their paths.
func flatten(config Config) map[string]string {
	values := map[string]string{}
	var visit func(path string, node *yaml.Node)
	visit = func(path string, node *yaml.Node) {
		switch node.Kind {
		case yaml.MappingNode:
			for pair := range slices.Chunk(node.Content, 2) {
				visit(join(path, pair[0].Value), pair[1])
			}
		case yaml.SequenceNode:
			for i, entry := range node.Content {
				visit(fmt.Sprintf("%s[%d]", path, i), entry)
			}
		default:
			values[path] = node.Value
		}
	}
	visit("", rootSettings(&config).encode())
	return values
}
