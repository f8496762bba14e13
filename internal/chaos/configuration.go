package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks/sinktest"
)

// The names of indices, topics and files that logboom writes to, and where they are looked for.
const (
	eventsIndex = "events"
	alertsIndex = "alerts"
	eventsTopic = "logs"
	diskFolder  = "disk" // what is in it is on the disk that runs full
	dataFolder  = diskFolder + "/data"
	outFolder   = diskFolder + "/out"
	eventsFile  = outFolder + "/events.ndjson"
	alertsFile  = outFolder + "/alerts.ndjson"
)

// How many events an output has in flight at the most, which are as many as a kill may double: batches that are written at a time,
// and events in each. Of kafka and lumberjack these are defaults of logboom, those of http stand in the configuration.
const (
	kafkaInFlight      = 20_480
	lumberjackInFlight = 20_480
	httpWrites         = 2
	httpBatch          = 2_000
	httpInFlight       = httpWrites * httpBatch
)

// slackTimeout is how long logboom waits for Slack.
const slackTimeout = 3 * time.Second

// places are the addresses of everything that logboom talks to; empty where that is left out.
type places struct {
	lumberjack, http                 string // where it listens
	elasticsearch, kafka             string
	receiverLumberjack, receiverHTTP string
	slack                            string
}

// writeConfiguration writes logboom.yml into a folder.
func writeConfiguration(folder string, at places, rules []rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, "data: %s\n", dataFolder)
	fmt.Fprintf(&b, "journal: {budget: 96MiB, segment_size: 4MiB, reserve: %d}\n", reserve)
	fmt.Fprintf(&b, "inputs: {lumberjack: {listen: %q, heartbeat: 2s}}\n", at.lumberjack)
	fmt.Fprintf(&b, "http: {listen: %q}\nlog: {format: json}\nrules:\n", at.http)
	for _, r := range rules {
		fmt.Fprintf(&b, "  - {name: %q, window: %s, threshold: %d, idle: off", r.name, r.window, r.threshold)
		if r.grouped {
			fmt.Fprint(&b, ", group_by: [host.name]")
		}
		if r.host != "" {
			fmt.Fprintf(&b, ", where: 'host.name == %q'", r.host)
		}
		fmt.Fprint(&b, "}\n")
	}
	fmt.Fprintf(&b, "outputs:\n  file: {path: %s, rotate_size: 8MiB}\n", eventsFile)
	if at.elasticsearch != "" {
		fmt.Fprintf(&b, "  elasticsearch: {hosts: [%q], index: %s, action: create, timeout: 10s, bulk_size: 1MiB}\n",
			at.elasticsearch, eventsIndex)
	}
	if at.kafka != "" {
		fmt.Fprintf(&b, "  kafka: {brokers: [%q], topic: %s, key: '%%{[host][name]}', timeout: 10s}\n", at.kafka, eventsTopic)
	}
	if at.receiverLumberjack != "" {
		fmt.Fprintf(&b, "  lumberjack: {hosts: [%q], timeout: 10s}\n", at.receiverLumberjack)
	}
	if at.receiverHTTP != "" {
		fmt.Fprintf(&b, "  http: {url: %q, timeout: 5s, concurrency: %d, batch_events: %d}\n", at.receiverHTTP, httpWrites, httpBatch)
	}
	fmt.Fprintf(&b, "alerts:\n  file: {path: %s}\n", alertsFile)
	if at.elasticsearch != "" {
		fmt.Fprintf(&b, "  elasticsearch: {hosts: [%q], index: %s, timeout: 10s}\n", at.elasticsearch, alertsIndex)
	}
	fmt.Fprintf(&b, "  slack: {token: %s, channel: %s, url: %q, timeout: %s}\n", sinktest.SlackToken, sinktest.SlackChannel,
		at.slack, slackTimeout)
	if err := os.WriteFile(filepath.Join(folder, "logboom.yml"), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
