package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestKafkaOutput(t *testing.T) {
	c := parse(t, "outputs: {kafka: {brokers: 'kafka:9092'}}", nil)
	want := EventKafka{
		Brokers: []string{"kafka:9092"}, Topic: "logs", ClientID: "logboom", Compression: "snappy", MaxRecordBytes: 1 << 20,
		Timeout: 30 * time.Second,
	}
	if o := c.Outputs[0]; o.Type != OutputKafka || !o.Required || !reflect.DeepEqual(*o.Kafka, want) {
		t.Errorf("%+v: %+v, want %+v", o, *o.Kafka, want)
	}
	c = parse(t, `outputs:
  copy:
    type: kafka
    where: 'message contains "POST"'
    required: false
    max_behind: 1GiB
    brokers: ["kafka:9092", "[::1]:9093"]
    topic: "%{[@metadata][beat]}-%{+YYYY.MM}"
    key: "%{[host][name]}"
    client_id: web
    compression: zstd
    max_record_bytes: 10MiB
    timeout: 5s
    tls: {ca: testdata/tls.pem, server_name: kafka}
    sasl: {mechanism: SCRAM-SHA-512, username: u, password: hunter2}
`, nil)
	k := c.Outputs[0].Kafka
	if k.SASL.Password.Reveal() != "hunter2" || !k.TLS.Enabled || k.MaxRecordBytes != 10<<20 || k.Key != "%{[host][name]}" {
		t.Errorf("%+v", k)
	}
	refuseLeaks(t, c)
	refuseLeaks(t, *k)
	refuseLeaks(t, k)
	var printed strings.Builder
	if err := c.Print(&printed); err != nil || strings.Contains(printed.String(), "hunter2") {
		t.Errorf("printed, %v:\n%s", err, printed.String())
	}
	again := parse(t, strings.ReplaceAll(printed.String(), "<secret>", "hunter2"), nil)
	if !reflect.DeepEqual(again.Outputs, c.Outputs) {
		t.Errorf("%+v, printed and read again %+v", *k, *again.Outputs[0].Kafka)
	}
}

func TestKafkaOutputMistakes(t *testing.T) {
	for settings, want := range map[string]string{
		"":                                       "brokers: missing",
		"brokers: kafka":                         `"kafka" is not a host and port such as kafka:9092; did you mean kafka:9092?`,
		"topic: ''":                              "is empty",
		"topic: a b":                             `"a b" is not a name of a topic`,
		"topic: ..":                              "is not a name of a topic",
		"topic: 'a%{b'":                          "%{ is not closed",
		"key: '%{}'":                             "write a field as",
		"compression: ztsd":                      "did you mean zstd?",
		"max_record_bytes: 1":                    "out of range: from 1KiB to 256MiB",
		"timeout: 5":                             "did you mean 5s?",
		"client_id: " + strings.Repeat("i", 250): "at most 249 are allowed",
		"tls: {certificate: testdata/tls.pem}":   "needs key too",
		"sasl: {username: u}":                    "password: missing",
		"sasl: {mechanism: GSSAPI, username: u, password: p}": "not one of SCRAM-SHA-256",
		"topics: [logs]": "unknown setting",
	} {
		if !strings.HasPrefix(settings, "brokers") && settings != "" {
			settings = "brokers: 'k:1', " + settings
		}
		got := mistakesOf(t, "outputs: {kafka: {"+settings+"}}", nil)
		if len(got) != 1 || !strings.Contains(got.Error(), want) || !strings.Contains(got.Error(), "outputs.kafka") {
			t.Errorf("%s:\n%v\nwant %s", settings, got, want)
		}
	}
}

func TestKafkaOutputWarnings(t *testing.T) {
	for settings, want := range map[string]int{
		"tls: {insecure_skip_verify: true}":                           1,
		"sasl: {mechanism: PLAIN, username: a, password: b}":          1,
		"tls: {}, sasl: {mechanism: PLAIN, username: a, password: b}": 0,
		"sasl: {mechanism: SCRAM-SHA-256, username: a, password: b}":  0,
	} {
		if got := parse(t, "outputs: {kafka: {brokers: 'k:1', "+settings+"}}", nil).Warnings; len(got) != want {
			t.Errorf("%s: %v", settings, got)
		}
	}
}

func TestEventsDoNotComeBack(t *testing.T) {
	file := "inputs: {kafka: {brokers: ['k:1', 'k:2'], topics: [logs, more]}}\noutputs: {copy: {type: kafka, brokers: 'k:%d', topic: %s}}"
	got := mistakesOf(t, fmt.Sprintf(file, 2, "more"), nil).Error()
	if !strings.Contains(got, `outputs.copy.topic: "more" is a topic that inputs.kafka reads`) {
		t.Errorf("got %s", got)
	}
	parse(t, fmt.Sprintf(file, 2, "other"), nil)
	parse(t, fmt.Sprintf(file, 3, "more"), nil)
}
