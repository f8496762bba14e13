package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/shipper"
	"github.com/logboom/logboom/sinks/sinktest"
)

// TestStream sends the stream that everybody tries first, 1 to 100 once a second and then 101 to 200 each 10 ms, and
// wants one alert document and one message when the burst begins, and a second of each when it is over.
func TestStream(t *testing.T) {
	t.Run("lumberjack", func(t *testing.T) {
		address := freeAddress(t)
		streamed(t, fmt.Sprintf("inputs: {lumberjack: {listen: %q}}\n", address), func(ctx context.Context, events [][]byte) error {
			client, err := shipper.Dial(ctx, shipper.DefaultOptions(address))
			if err != nil {
				return err
			}
			defer client.Close()
			if err := client.Send(ctx, events); err != nil {
				return err
			}
			return client.Flush(ctx)
		})
	})
	t.Run("kafka", func(t *testing.T) {
		broker := newKafkaBroker(t)
		streamed(t, broker.inputs(), func(ctx context.Context, events [][]byte) error {
			return broker.produce(ctx, "", events)
		})
	})
}

const streamConfig = `
journal: {budget: 64MiB, segment_size: 1MiB, reserve: 1MiB}
rules: [{name: too many lines, window: 1s, threshold: 5, idle: 500ms}]
alerts:
  elasticsearch: {hosts: [%q], index: %q}
  slack: {token: %q, channel: %q, url: %q}
  file: {path: alerts.ndjson}
http: {listen: "127.0.0.1:0"}
`

// streamed starts a process with the given inputs, sends it the stream, and looks at what became of it.
func streamed(t *testing.T, inputs string, send func(ctx context.Context, events [][]byte) error) {
	t.Helper()
	folder, gate, slack := t.TempDir(), newElasticsearchGate(t, &trap{}), sinktest.NewSlack(t)
	write(t, filepath.Join(folder, "logboom.yml"), inputs+
		fmt.Sprintf(streamConfig, gate.url, gate.index, sinktest.SlackToken, sinktest.SlackChannel, slack.APIURL))
	p := startProcess(t, folder, nil)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := soon()
	defer cancel()
	if err := send(ctx, streamOf200()); err != nil {
		t.Fatal(err)
	}
	waitForDelivery(t, p, 2, "elasticsearch", "slack", "file")
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
	compareStream(t, gate.documents(t))
	compareDocuments(t, readAlerts(t, filepath.Join(folder, "alerts.ndjson")), gate.documents(t))
	compareMessages(t, slack.Messages())
	expectBoolean(t, gate.backend.mapping(t))
}

// streamOf200 returns the events of the stream as Filebeat would have read them, a while ago.
func streamOf200() [][]byte {
	agent := shipper.NewAgent("web-1", 1)
	at, events, offset := streamStart, [][]byte(nil), int64(0)
	for wait, line := range shipper.Numbers(1) {
		at = at.Add(wait)
		events = append(events, agent.AppendEvent(nil, at, "/input_stream/example.log", offset, line))
		offset += int64(len(line)) + 1
	}
	return events
}

// compareStream wants one active and one inactive. 101 came a second behind 100, so 105 is the fifth within a second.
func compareStream(t *testing.T, documents []alert) {
	t.Helper()
	if len(documents) != 2 {
		t.Fatalf("%d documents, want 2: %+v", len(documents), documents)
	}
	on, off := documents[0], documents[1]
	start := streamStart.Add(100*time.Second + 40*time.Millisecond)
	last := streamStart.Add(100*time.Second + 990*time.Millisecond)
	if !on.Alert || on.Event.Action != "active" || !on.Event.Start.Equal(start) || !on.Timestamp.Equal(start) ||
		on.Logboom.Count != 5 || on.Message != "Alert 'too many lines' changed state to ACTIVE" {
		t.Errorf("the alert is\n%s", on.document)
	}
	if want := []string{"101", "102", "103", "104", "105"}; !slices.Equal(on.Logboom.Samples, want) {
		t.Errorf("samples %q, want %q", on.Logboom.Samples, want)
	}
	if off.Alert || off.Event.Action != "inactive" || off.Event.Reason != "idle" || !off.Event.Start.Equal(start) ||
		!off.Timestamp.Equal(last) || !off.Event.End.After(last) || off.Logboom.Peak != 100 ||
		off.Message != "Alert 'too many lines' changed state to INACTIVE" {
		t.Errorf("its end is\n%s", off.document)
	}
}

// compareMessages wants exactly the two messages, with their texts and with blocks that hold the count and the lines.
func compareMessages(t *testing.T, messages []sinktest.Message) {
	t.Helper()
	var texts []string
	for _, message := range messages {
		texts = append(texts, message.Text)
		if len(message.Blocks) == 0 {
			t.Errorf("%q has no block", message.Text)
		}
	}
	want := []string{"Alert 'too many lines' changed state to ACTIVE", "Alert 'too many lines' changed state to INACTIVE"}
	if !slices.Equal(texts, want) {
		t.Errorf("messages %q, want %q", texts, want)
	}
}

// expectBoolean wants the field alert to be mapped as a boolean, and times as dates.
func expectBoolean(t *testing.T, mapping []byte) {
	t.Helper()
	var found struct {
		Properties struct {
			Alert     struct{ Type string }
			Timestamp struct{ Type string } `json:"@timestamp"`
		}
	}
	if err := json.Unmarshal(mapping, &found); err != nil {
		t.Fatalf("%v: %s", err, mapping)
	}
	if found.Properties.Alert.Type != "boolean" || found.Properties.Timestamp.Type != "date" {
		t.Errorf("the mapping is %s", mapping)
	}
}
