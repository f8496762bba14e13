package config

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/logboom/logboom/outputs/logstash"
)

// OutputElasticsearch writes events to an Elasticsearch cluster.
const OutputElasticsearch OutputType = "elasticsearch"

// EventElasticsearch is a cluster that events are written to. At most one of Password and APIKey is set.
type EventElasticsearch struct {
	Hosts []string
	// Index is a name with %{...} in it, or empty for data streams, whose name is DataStream where an event says no other.
	Index      string
	DataStream EventDataStream
	// Action is empty where the output is to choose.
	Action EventAction
	// Pipeline and Routing are texts with %{...} in them, or empty for none.
	Pipeline, Routing string
	// DocumentID is event, auto, or a text with %{...} in it.
	DocumentID string
	Username   string
	Password   Secret
	APIKey     Secret
	// CA is a PEM file that is trusted in the place of the system's authorities; empty for those.
	CA                 string
	InsecureSkipVerify bool
	// CompressionLevel is gzip's, 0 for none.
	CompressionLevel int
	// Timeout bounds one request, BulkSize (in bytes) and BulkEvents how much is in it, Concurrency how many are under way.
	Timeout     time.Duration
	BulkSize    int64
	BulkEvents  int
	Concurrency int
}

// EventDataStream is the parts of a data stream's name.
type EventDataStream struct{ Type, Dataset, Namespace string }

// EventAction is what is done with an event in Elasticsearch.
type EventAction string

// The values of action.
const (
	EventActionCreate EventAction = "create"
	EventActionIndex  EventAction = "index"
)

// The values of document_id that are no texts of the event.
const (
	documentIDEvent = "event"
	documentIDAuto  = "auto"
)

func elasticsearchOutput() outputKind {
	return outputKind{
		name: OutputElasticsearch,
		start: func(o *Output) {
			o.Elasticsearch = &EventElasticsearch{
				DataStream: EventDataStream{Type: "logs", Dataset: "generic", Namespace: "default"},
				DocumentID: documentIDEvent, CompressionLevel: 1, Timeout: time.Minute, BulkSize: 5 * mebibyte,
				BulkEvents: 20_480, Concurrency: 2,
			}
		},
		inside: func(o *Output) section { return eventElasticsearchSettings(o.Elasticsearch) },
	}
}

func eventElasticsearchSettings(e *EventElasticsearch) section {
	host := func(target *string) single[string] { return urlSetting(target, "http://elasticsearch:9200") }
	part := func(target *string, checks ...func(string) error) single[string] {
		return textSetting(target, "a part of a data stream's name", append(checks, isIndex, atMost(100))...)
	}
	stream := &e.DataStream
	return section{
		{name: "hosts", value: textsSetting{&e.Hosts, 1, mostEntries, host}, required: true},
		{name: "index", value: textSetting(&e.Index, "a name of an index such as logs-%{+YYYY.MM.dd}", isEventText)},
		{name: "data_stream", value: given{
			section: section{
				{name: "type", value: part(&stream.Type, noHyphen)},
				{name: "dataset", value: part(&stream.Dataset, noHyphen)},
				{name: "namespace", value: part(&stream.Namespace)},
			},
			begin:   func() {},
			present: func() bool { return e.Index == "" },
		}},
		{name: "action", value: choiceSetting(&e.Action, EventActionCreate, EventActionIndex)},
		{name: "pipeline", value: textSetting(&e.Pipeline, "a pipeline such as %{[@metadata][pipeline]}", isEventText)},
		{name: "routing", value: textSetting(&e.Routing, "a routing such as %{[host][name]}", isEventText)},
		{name: "document_id", value: textSetting(&e.DocumentID, "event, auto, or a text such as %{[event][id]}", isDocumentID)},
		{name: "username", value: textSetting(&e.Username, "a user name")},
		{name: "password", value: secretSetting(&e.Password, "a password", notEmpty), secret: true},
		{name: "api_key", value: secretSetting(&e.APIKey, "an API key", notEmpty, visible), secret: true},
		{name: "ca", value: authoritiesSetting(&e.CA)},
		{name: "insecure_skip_verify", value: flagSetting(&e.InsecureSkipVerify)},
		{name: "compression_level", value: wholeSetting(&e.CompressionLevel, 0, 9)},
		{name: "timeout", value: durationSetting(&e.Timeout, 100*time.Millisecond, time.Hour)},
		{name: "bulk_size", value: sizeSetting(&e.BulkSize, kibibyte, 95*mebibyte)},
		{name: "bulk_events", value: wholeSetting(&e.BulkEvents, 1, 1_000_000)},
		{name: "concurrency", value: wholeSetting(&e.Concurrency, 1, 64)},
	}
}

func isDocumentID(text string) error {
	if text == documentIDEvent || text == documentIDAuto {
		return nil
	}
	template, err := parseEventText(text)
	if err != nil {
		return err
	}
	if _, constant := template.Constant(); constant {
		return errors.New("is the same for all events; write event, auto, or a text such as %{[event][id]}")
	}
	return nil
}

func noHyphen(text string) error {
	for _, c := range text {
		if c == '-' {
			return errors.New("holds a -, which is what stands between the parts of the name")
		}
	}
	return nil
}

// checkElasticsearchOutputs judges the settings of each output to Elasticsearch together.
func (d *decoder) checkElasticsearchOutputs(outputs []Output) {
	for _, output := range outputs {
		if e := output.Elasticsearch; e != nil {
			d.checkElasticsearchOutput("outputs."+output.Name, e)
		}
	}
}

func (d *decoder) checkElasticsearchOutput(path string, e *EventElasticsearch) {
	d.checkPair(path+".username", path+".password")
	if d.has(path+".api_key") && (d.has(path+".username") || d.has(path+".password")) {
		d.complain(path+".api_key", "either api_key, or username and password")
	}
	if d.has(path+".index") && d.has(path+".data_stream") {
		d.complain(path+".data_stream", "has no effect with index; remove one of them")
	}
	if e.Index == "" && e.Action == EventActionIndex && d.sound(path+".index", path+".action") {
		d.complain(path+".action", "data streams take create only; set index, or leave action out")
	}
	if e.Index != "" && d.sound(path+".index") {
		d.checkEventIndex(path+".index", e.Index)
	}
	d.checkTrust(path, e.InsecureSkipVerify)
	for i, host := range e.Hosts {
		if address, err := url.Parse(host); err == nil && address.Scheme == "http" && e.CA != "" {
			d.warn(fmt.Sprintf("%s.hosts[%d]", path, i), "ca has no effect on http; did you mean https?")
		}
	}
}

// checkEventIndex checks the name of an index that is the same for all events. What events say in one is known when they
// come.
func (d *decoder) checkEventIndex(path, index string) {
	template, err := logstash.ParseTemplate(index)
	if err != nil {
		return
	}
	if _, constant := template.Constant(); !constant {
		return
	}
	if err := isIndex(index); err != nil {
		d.complain(path, fmt.Sprintf("%q %v", index, err))
	}
}
