//go:build integration

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/internal/shipper"
)

// logstashRecord is what Logstash 8 writes to the topic for line 101 of examples/generate_input_stream.sh, with codec =>
// json. What Filebeat draws at random is left open.
const logstashRecord = `{"@timestamp":"2026-11-23T19:18:00.123Z","@version":"1","agent":{"ephemeral_id":"...","id":"...",` +
	`"name":"web1","type":"filebeat","version":"8.6.1"},"ecs":{"version":"8.0.0"},"event":{"original":"101"},` +
	`"host":{"name":"web1"},"input":{"type":"filestream"},"log":{"file":{"path":"/input_stream/example.log"},"offset":292},` +
	`"message":"101","tags":["beats_input_codec_plain_applied"]}`

// TestScenario1 has the configuration in examples/scenario1 take the lines 1 to 200 from Filebeat, and reads from the real
// Kafka what the stream processor will read.
func TestScenario1(t *testing.T) {
	const lines, sample = 200, 101
	address, topic := server(t, kafkaVariable), own(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(address),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	admin := kadm.NewClient(client)
	t.Cleanup(func() { _, _ = admin.DeleteTopic(context.Background(), topic) })

	p := startProcess(t, t.TempDir(), nil, "--config", scenario1(t, address, topic))
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	shipStream(t, p, lines, sample)
	records := recordsOf(t, client, lines)
	if err := p.terminate(); err != nil {
		t.Error(err)
	}

	for i, record := range records {
		if got := fieldsOf(t, record.Value)["message"]; got != strconv.Quote(fmt.Sprint(i+1)) {
			t.Fatalf("record %d has the message %s", i, got)
		}
		if record.Key != nil || len(record.Headers) != 0 || bytes.HasSuffix(record.Value, []byte("\n")) {
			t.Fatalf("record %d: key %q, headers %v, value %q", i, record.Key, record.Headers, record.Value)
		}
	}
	compareRecords(t, logstashRecord, records[sample-1].Value)
}

// scenario1 writes the example's configuration with the addresses and the topic of the test, and returns its path.
func scenario1(t *testing.T, broker, topic string) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/scenario1/logboom.yml")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for old, replacement := range map[string]string{
		"data: /var/lib/logboom\n":        fmt.Sprintf("data: %q\n", filepath.Join(folder, "data")),
		"    listen: \":5044\"\n":         "    listen: 127.0.0.1:0\n",
		"    brokers: [\"kafka:9092\"]\n": fmt.Sprintf("    brokers: [%q]\n", broker),
		"    topic: logs\n":               fmt.Sprintf("    topic: %q\n", topic),
		"  listen: \"0.0.0.0:9600\"\n":    "  listen: 127.0.0.1:0\n",
	} {
		if count := bytes.Count(text, []byte(old)); count != 1 {
			t.Fatalf("the example has %q %d times, not once", old, count)
		}
		text = bytes.Replace(text, []byte(old), []byte(replacement), 1)
	}
	path := filepath.Join(folder, "logboom.yml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shipStream sends numbers line by line as Filebeat does, the sample at the time of logstashRecord, and waits for the
// acknowledgements.
func shipStream(t *testing.T, p *process, lines, sample int) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, "2026-11-23T19:18:00.123Z")
	if err != nil {
		t.Fatal(err)
	}
	agent := shipper.NewAgent("web1", uint64(time.Now().UnixNano()))
	events, offset := make([][]byte, lines), int64(0)
	for i := range events {
		line := strconv.Itoa(i + 1)
		read := at.Add(time.Duration(i+1-sample) * 10 * time.Millisecond)
		events[i] = agent.AppendEvent(nil, read, "/input_stream/example.log", offset, line)
		offset += int64(len(line) + len("\n"))
	}
	ctx, cancel := soon()
	defer cancel()
	client, err := shipper.Dial(ctx, shipper.DefaultOptions(p.lumberjack))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Send(ctx, events); err != nil {
		t.Fatal(err)
	}
	if err := client.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// recordsOf reads records from a topic, and a little longer for those that should not be there.
func recordsOf(t *testing.T, client *kgo.Client, count int) []*kgo.Record {
	t.Helper()
	ctx, cancel := soon()
	defer cancel()
	var records []*kgo.Record
	for len(records) < count && ctx.Err() == nil {
		records = append(records, client.PollFetches(ctx).Records()...)
	}
	ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	records = append(records, client.PollFetches(ctx).Records()...)
	if len(records) != count {
		t.Fatalf("%d records on the topic, want %d", len(records), count)
	}
	return records
}

// compareRecords prints two records side by side, and fails for each field in which they differ. A text "..." in the
// first stands for any.
func compareRecords(t *testing.T, logstash string, logboom []byte) {
	t.Helper()
	theirs, ours := fieldsOf(t, []byte(logstash)), fieldsOf(t, logboom)
	paths := maps.Clone(theirs)
	maps.Copy(paths, ours)
	var table strings.Builder
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		verdict := "same"
		switch {
		case theirs[path] == `"..."` && ours[path] != "":
			verdict = "drawn at random by Filebeat"
		case theirs[path] != ours[path]:
			verdict = "DIFFERENT"
			t.Errorf("%s is %s, with Logstash %s", path, ours[path], theirs[path])
		}
		fmt.Fprintf(&table, "%-20s %-40s %-40s %s\n", path, theirs[path], ours[path], verdict)
	}
	t.Logf("the record for one line on the topic, null key, no headers\nLogstash %s\nlogboom  %s\n\n%-20s %-40s %-40s\n%s",
		logstash, logboom, "field", "Logstash", "logboom", &table)
}

// fieldsOf returns the values of a document by their paths, as JSON with numbers as they are written.
func fieldsOf(t *testing.T, document []byte) map[string]string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	fields := map[string]string{}
	var visit func(path string, value any)
	visit = func(path string, value any) {
		if object, ok := value.(map[string]any); ok && len(object) > 0 {
			for name, inside := range object {
				visit(strings.TrimPrefix(path+"."+name, "."), inside)
			}
			return
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fields[path] = string(text)
	}
	visit("", root)
	return fields
}
