package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestKill kills the process at random points in the middle of bursts, and again in the middle of its start, while three
// shippers send all the time and Elasticsearch and a file are told. Whatever the points were, in the end no alert may be
// lost and none may be there twice.
//
// A batch that was committed and not acknowledged counts again when the shipper sends it again. Against the model, in
// which every event counts once, that can be seen in the counts of a window. The stream is made so that it can't be seen
// in the alerts: see sender.
func TestKill(t *testing.T) {
	killShipped(t, killRounds, 20)
}

// TestKillFirst kills the process right after its first start, when nothing is stored yet that later starts rely on.
func TestKillFirst(t *testing.T) {
	for attempt := range killRounds {
		t.Run(fmt.Sprint(attempt), func(t *testing.T) { killShipped(t, 1, 2) })
	}
}

const killLumberjack = `
inputs: {lumberjack: {listen: %q}}
`

// killShipped kills so often, each time when a random point is reached for the n-th time, n being at most the given
// number.
func killShipped(t *testing.T, rounds, most int) {
	t.Helper()
	address := freeAddress(t)
	k := newKilling(t, fmt.Sprintf(killLumberjack, address))
	k.points = []string{windowSent, windowAcknowledged, bulkArrived, bulkDone}
	k.startLines = append(k.startLines, "Filebeat can connect")
	var resent atomic.Int64
	for _, host := range killHosts {
		k.senders = append(k.senders, startSender(t, host, lumberjackLink(t, address, k.trap, &resent)))
	}
	k.rounds(rounds, most)
	k.finish()
	k.compare(countedAgain)
	if resent.Load() == 0 && rounds > 1 {
		t.Error("no window was sent again, so nothing was killed in the middle of something")
	}
	t.Logf("%d windows were sent again", resent.Load())
}

// The points at which a process is killed. Each is a moment at which something is half done.
const (
	windowSent         = "a window was sent"
	windowAcknowledged = "a window was acknowledged"
	bulkArrived        = "a bulk request has arrived"
	bulkDone           = "a bulk request was carried out and is not answered"
)

var killHosts = []string{"web-1", "web-2", "web-3"}

const killConfig = `
journal: {budget: 64MiB, segment_size: 1MiB, reserve: 1MiB}
rules:
  - {name: bursts of a host, group_by: [host.name], window: 1s, threshold: 50, idle: off}
  - {name: bursts of web-1, where: 'host.name == "web-1"', window: 1s, threshold: 20, idle: off}
alerts:
  elasticsearch: {hosts: [%q], index: %q}
  file: {path: alerts.ndjson}
http: {listen: "127.0.0.1:0"}
`

// killing is a process that is killed again and again while senders send.
type killing struct {
	t             *testing.T
	folder        string
	elasticsearch *elasticsearchGate
	trap          *trap
	points        []string
	// startLines are lines of the log that mark how far a start has come.
	startLines    []string
	senders       []*sender
	process       *process
	kills, starts int
	model         []alert
}

// newKilling starts a process with the given inputs.
func newKilling(t *testing.T, inputs string) *killing {
	t.Helper()
	k := &killing{
		t: t, folder: t.TempDir(), trap: &trap{},
		startLines: []string{"logboom starts", `"component":"http"`, "recovered from the journal"},
	}
	k.elasticsearch = newElasticsearchGate(t, k.trap)
	write(t, filepath.Join(k.folder, "logboom.yml"),
		strings.TrimSpace(inputs)+fmt.Sprintf(killConfig, k.elasticsearch.url, k.elasticsearch.index))
	k.start()
	return k
}

// start starts a process and waits until it takes events.
func (k *killing) start() {
	k.t.Helper()
	k.process = startProcess(k.t, k.folder, nil)
	if err := k.process.ready(); err != nil {
		k.t.Fatal(err)
	}
}

// rounds kills the process so often at random points, and starts it again each time. Every second time it is killed while
// it starts, too. Every fifth time it is ended in peace instead, so that recovery has to do with checkpoints as well.
func (k *killing) rounds(count, most int) {
	k.t.Helper()
	for number := range count {
		gently := number%5 == 4
		k.end(k.points[rand.IntN(len(k.points))], 1+rand.IntN(most), gently) //nolint:gosec // no secret
		switch {
		case !gently:
			k.kills++
		case k.process.err != nil:
			k.t.Fatalf("SIGTERM ended it with %v\n%s", k.process.err, k.process.stderr)
		}
		if number%2 == 1 {
			k.killStarting()
		}
		k.start()
	}
}

// end ends the process when a point is reached for the n-th time.
func (k *killing) end(point string, n int, gently bool) {
	k.t.Helper()
	sprung := k.trap.set(point, n, k.process, gently)
	select {
	case <-k.process.ended:
	case <-time.After(patience):
		k.t.Fatalf("%s: not reached %d times within %s, or the process did not end\n%s", point, n, patience, k.process.stderr)
	}
	select {
	case <-sprung:
	default:
		k.t.Fatalf("%s: the process ended by itself before: %v\n%s", point, k.process.err, k.process.stderr)
	}
	if k.process.raced() {
		k.t.Fatalf("%s", k.process.stderr)
	}
}

// killStarting starts the process and kills it as soon as its log has one of its startLines.
func (k *killing) killStarting() {
	k.t.Helper()
	line := []byte(k.startLines[rand.IntN(len(k.startLines))]) //nolint:gosec // no secret
	starting := startProcess(k.t, k.folder, nil)
	ctx, cancel := soon()
	defer cancel()
	if err := starting.stderr.await(ctx, func(text []byte) bool { return bytes.Contains(text, line) }); err != nil {
		k.t.Fatalf("no %s in the log: %v\n%s", line, err, starting.stderr)
	}
	starting.kill()
	k.starts++
}

// finish lets the senders end their last episodes, waits until all was delivered, and ends the process.
func (k *killing) finish() {
	k.t.Helper()
	var senders sync.WaitGroup
	for _, sender := range k.senders {
		senders.Go(sender.finish)
	}
	senders.Wait()
	var events [][]byte
	for _, sender := range k.senders {
		events = append(events, sender.events...)
	}
	k.model = modelOf(k.t, k.folder, events)
	waitForDelivery(k.t, k.process, uint64(len(k.model)), "elasticsearch", "file")
	if err := k.process.terminate(); err != nil {
		k.t.Error(err)
	}
	k.t.Logf("%d kills, %d more while starting, %d events, %d alerts, %d of them given to Elasticsearch again",
		k.kills, k.starts, len(events), len(k.model), k.elasticsearch.conflicts.Load())
}

// compare holds what Elasticsearch and the file have against the model.
func (k *killing) compare(counted counting) {
	k.t.Helper()
	inFile := readAlerts(k.t, filepath.Join(k.folder, "alerts.ndjson"))
	inIndex := k.elasticsearch.documents(k.t)
	compareWithModel(k.t, "file", inFile, k.model, counted)
	compareWithModel(k.t, "Elasticsearch", inIndex, k.model, counted)
	compareDocuments(k.t, inFile, inIndex)
}
