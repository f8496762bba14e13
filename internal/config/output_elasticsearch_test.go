package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestElasticsearchOutput(t *testing.T) {
	c := parse(t, "outputs: {elasticsearch: {hosts: 'http://es:9200'}}", nil)
	want := EventElasticsearch{
		Hosts: []string{"http://es:9200"}, DataStream: EventDataStream{"logs", "generic", "default"}, DocumentID: "event",
		CompressionLevel: 1, Timeout: time.Minute, BulkSize: 5 << 20, BulkEvents: 20_480, Concurrency: 2,
	}
	if o := c.Outputs[0]; o.Type != OutputElasticsearch || !o.Required || !reflect.DeepEqual(*o.Elasticsearch, want) {
		t.Errorf("%+v: %+v, want %+v", o, *o.Elasticsearch, want)
	}
	all := `outputs:
  logs:
    type: elasticsearch
    where: 'message contains "POST"'
    required: false
    max_behind: 1GiB
    hosts: ["http://a:9200", "https://b"]
    index: "%{[@metadata][beat]}-%{+YYYY.MM.dd}"
    action: create
    pipeline: "%{[@metadata][pipeline]}"
    routing: "%{[host][name]}"
    document_id: "%{[event][id]}"
    username: u
    password: hunter2
    ca: testdata/tls.pem
    compression_level: 0
    timeout: 10s
    bulk_size: 1MiB
    bulk_events: 1000
    concurrency: 4
`
	c = parse(t, all, nil)
	e := c.Outputs[0].Elasticsearch
	if e.Password.Reveal() != "hunter2" || e.BulkSize != 1<<20 || e.Action != EventActionCreate || e.Concurrency != 4 {
		t.Errorf("%+v", e)
	}
	if shown := fmt.Sprintf("%+v %#v", *e, e); strings.Contains(shown, "hunter2") {
		t.Errorf("the password is shown: %s", shown)
	}
	var printed strings.Builder
	if err := c.Print(&printed); err != nil || strings.Contains(printed.String(), "hunter2") {
		t.Errorf("printed, %v:\n%s", err, printed.String())
	}
	again := parse(t, strings.ReplaceAll(printed.String(), "<secret>", "hunter2"), nil)
	if !reflect.DeepEqual(again.Outputs, c.Outputs) {
		t.Errorf("%+v, printed and read again %+v", *e, *again.Outputs[0].Elasticsearch)
	}
}

func TestElasticsearchOutputMistakes(t *testing.T) {
	for settings, want := range map[string]string{
		"":              "hosts: missing",
		"hosts: 'es'":   `hosts: "es" is not a URL`,
		"index: 'a%{b'": "%{ is not closed",
		"index: '%{[@metadata][beat]}-%{[@metadata][version]'": `"%{[@metadata][beat]}-%{[@metadata][version]" is not a name`,
		"index: 'user:word@%{[@metadata]'":                     `"<secret>@%{[@metadata]" is not a name`,
		"index: Logs":                                          `"Logs" is not a name of an index, which has no capital letters`,
		"action: update":                                       "not one of create, index",
		"action: index":                                        "data streams take create only",
		"index: a, data_stream: {dataset: d}":                  "data_stream: has no effect with index",
		"data_stream: {dataset: a-b}":                          "holds a -",
		"data_stream: {namespace: 'A'}":                        "capital letters",
		"document_id: x":                                       "is the same for all events",
		"document_id: '%{}'":                                   "write a field as",
		"pipeline: '%{+}'":                                     "the date pattern is empty",
		"routing: '%{'":                                        "not closed",
		"username: a":                                          "needs password too",
		"api_key: a, username: b, password: c":                 "either api_key, or username and password",
		"compression_level: 10":                                "out of range: from 0 to 9",
		"bulk_size: 1GiB":                                      "out of range",
		"concurrency: 0":                                       "out of range: from 1 to 64",
		"bulk: 1":                                              "unknown setting",
	} {
		if !strings.HasPrefix(settings, "hosts") && settings != "" {
			settings = "hosts: 'http://es', " + settings
		}
		got := mistakesOf(t, "outputs: {elasticsearch: {"+settings+"}}", nil)
		if len(got) != 1 || !strings.Contains(got.Error(), want) || !strings.Contains(got.Error(), "outputs.elasticsearch") {
			t.Errorf("%s:\n%v\nwant %s", settings, got, want)
		}
	}
	c := parse(t, "outputs: {es: {type: elasticsearch, hosts: ['http://a'], ca: testdata/tls.pem, insecure_skip_verify: true}}", nil)
	if len(c.Warnings) != 2 {
		t.Errorf("warnings %v", c.Warnings)
	}
}
