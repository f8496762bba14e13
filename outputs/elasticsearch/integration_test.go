//go:build integration

package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/logboom/logboom/outputs"
)

// node is a real Elasticsearch, and a name of the test's own in it.
type node struct{ url, name string }

// realNode returns the node that LOGBOOM_TEST_ELASTICSEARCH names. Without one these tests fail: whoever sets the tag
// integration wants them to run.
func realNode(t *testing.T) node {
	t.Helper()
	url := os.Getenv("LOGBOOM_TEST_ELASTICSEARCH")
	if url == "" {
		t.Fatal("set LOGBOOM_TEST_ELASTICSEARCH to the URL of an Elasticsearch that the tests may write to")
	}
	n := node{url: url, name: fmt.Sprintf("events%d", time.Now().UnixNano())}
	t.Cleanup(func() {
		n.call(t, http.MethodDelete, "/"+n.name, "")
		n.call(t, http.MethodDelete, "/_ingest/pipeline/"+n.name, "")
		n.call(t, http.MethodDelete, "/_index_template/"+n.name, "")
	})
	return n
}

// call calls the node and returns its status and answer.
func (n node) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, n.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// must calls the node and fails the test where that has no success.
func (n node) must(t *testing.T, method, path, body string) string {
	t.Helper()
	status, answer := n.call(t, method, path, body)
	if status >= 300 {
		t.Fatalf("%s %s: status %d: %s", method, path, status, answer)
	}
	return answer
}

// hit is a document as a search finds it.
type hit struct {
	ID      string          `json:"_id"`
	Index   string          `json:"_index"`
	Routing string          `json:"_routing"`
	Version int             `json:"_version"`
	Source  json.RawMessage `json:"_source"`
}

// documents returns all documents under a name, at most 10,000.
func (n node) documents(t *testing.T, name string) []hit {
	t.Helper()
	n.must(t, http.MethodPost, "/"+name+"/_refresh", "")
	var found struct {
		Hits struct {
			Total struct{ Value int }
			Hits  []hit
		}
	}
	answer := n.must(t, http.MethodPost, "/"+name+"/_search", `{"size":10000,"version":true,"track_total_hits":true}`)
	if err := json.Unmarshal([]byte(answer), &found); err != nil {
		t.Fatal(err)
	}
	if found.Hits.Total.Value != len(found.Hits.Hits) {
		t.Fatalf("%d documents, of which %d were found", found.Hits.Total.Value, len(found.Hits.Hits))
	}
	return found.Hits.Hits
}

// once checks that the events are there, each once, under its id and as it was written.
func (n node) once(t *testing.T, name string, events []outputs.Event) {
	t.Helper()
	hits := n.documents(t, name)
	if len(hits) != len(events) {
		t.Fatalf("%d documents, want %d", len(hits), len(events))
	}
	byID := map[string]hit{}
	for _, hit := range hits {
		byID[hit.ID] = hit
	}
	for _, event := range events {
		id, _ := event.ID.AppendText(nil)
		if hit := byID[string(id)]; !bytes.Equal(hit.Source, event.Body) || hit.Version != 1 {
			t.Fatalf("document %s is %s in version %d, want %s", id, hit.Source, hit.Version, event.Body)
		}
	}
}

// tryAgain writes a batch until all is done, and fails the test on an event that is refused for good.
func tryAgain(t *testing.T, o *Output, batch *outputs.Batch) (tries int) {
	for left := batch; len(left.Events) > 0; tries++ {
		outcomes, err := o.Write(t.Context(), left)
		if t.Context().Err() != nil {
			return tries
		}
		next := &outputs.Batch{}
		for i, event := range left.Events {
			outcome := err
			if err == nil {
				outcome = outcomes[i]
			}
			switch kind(outcome) {
			case "done":
			case "permanent":
				t.Errorf("an event was refused: %v", outcome)
			default:
				next.Events = append(next.Events, event)
			}
		}
		if left = next; len(left.Events) > 0 {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-t.Context().Done():
			}
		}
	}
	return tries
}

func TestRealNodeIndex(t *testing.T) {
	for _, options := range []Options{{CompressionLevel: 1}, {Action: ActionIndex}} {
		n := realNode(t)
		options.Hosts, options.Index = []string{n.url}, n.name+"-%{+YYYY.MM.dd}"
		index := n.name + "-2026.11.24"
		t.Cleanup(func() { n.call(t, http.MethodDelete, "/"+index, "") })
		o := newOutput(t, options)
		if err := o.Check(t.Context()); err != nil {
			t.Error(err)
		}
		batch := batchOf(t, o, numbered(0, 3000)...)
		each(t, write(t, o, batch), "done")
		n.once(t, index, batch.Events)
		each(t, write(t, o, batch), "done") // 409 to a create
		if options.Action == ActionIndex {
			if hits := n.documents(t, index); len(hits) != 3000 || hits[0].Version != 2 {
				t.Errorf("%d documents, the first in version %d", len(hits), hits[0].Version)
			}
			continue
		}
		n.once(t, index, batch.Events)
		n.must(t, http.MethodDelete, "/"+index+"/_doc/"+idOf(7), "")
		each(t, write(t, o, batch), "done") // 2999 times 409, and one 201
		if hits := n.documents(t, index); len(hits) != 3000 {
			t.Errorf("%d documents", len(hits))
		}
	}
}

func TestRealNodeIDs(t *testing.T) {
	n := realNode(t)
	o := newOutput(t, Options{Hosts: []string{n.url}, Index: n.name, DocumentID: IDAuto})
	each(t, write(t, o, batchOf(t, o, numbered(0, 10)...)), "done")
	o = newOutput(t, Options{Hosts: []string{n.url}, Index: n.name, DocumentID: "n\"%{number}", Routing: "r%{number}"})
	documents := append(numbered(0, 10), `{"message":"without"}`, `{"number":"`+strings.Repeat("9", 600)+`"}`)
	outcomes := write(t, o, batchOf(t, o, documents...))
	each(t, outcomes[:11], "done")
	each(t, outcomes[11:], "permanent")
	named := 0
	for _, hit := range n.documents(t, n.name) {
		if number, ok := strings.CutPrefix(hit.ID, `n"`); ok && hit.Routing == "r"+number {
			named++
		}
	}
	if hits := n.documents(t, n.name); len(hits) != 21 || named != 10 {
		t.Errorf("%d documents, %d of them named by the event", len(hits), named)
	}
}

// A data stream is written to, under the name that the event says, and a second time refused by its id.
func TestRealNodeDataStream(t *testing.T) {
	n := realNode(t)
	n.must(t, http.MethodPut, "/_index_template/"+n.name,
		`{"index_patterns":["logs-`+n.name+`-*"],"data_stream":{},"priority":500}`)
	o := newOutput(t, Options{Hosts: []string{n.url}, DataStream: DataStream{Dataset: n.name}})
	batch := batchOf(t, o, append(numbered(0, 100),
		`{"@timestamp":"2026-11-24T10:00:00.000Z","data_stream":{"namespace":"other"},"message":"m"}`,
		`{"@timestamp":"2026-11-24T10:00:00.000Z","data_stream":{"dataset":"A B"},"message":"m"}`)...)
	for range 2 {
		outcomes := write(t, o, batch)
		each(t, outcomes[:101], "done")
		each(t, outcomes[101:], "permanent")
		if !strings.Contains(outcomes[101].Error(), "invalid_index_name_exception") {
			t.Error(outcomes[101])
		}
	}
	hits := n.documents(t, "logs-"+n.name+"-default")
	if len(hits) != 100 || !strings.HasPrefix(hits[0].Index, ".ds-") ||
		!bytes.Contains(hits[0].Source, []byte(`"data_stream":{"type":"logs","dataset":"`+n.name+`","namespace":"default"}`)) {
		t.Errorf("%d documents, the first %+v: %s", len(hits), hits[0], hits[0].Source)
	}
	if hits := n.documents(t, "logs-"+n.name+"-other"); len(hits) != 1 {
		t.Errorf("%d documents in the other namespace", len(hits))
	}
	// What is wrong with the configuration is held against no event.
	over := newOutput(t, Options{Hosts: []string{n.url}, Index: "logs-" + n.name + "-default", Action: ActionIndex})
	each(t, write(t, over, batchOf(t, over, numbered(0, 2)...)), "blocked")
	routed := newOutput(t, Options{Hosts: []string{n.url}, DataStream: DataStream{Dataset: n.name}, Routing: "r"})
	each(t, write(t, routed, batchOf(t, routed, numbered(200, 2)...)), "blocked")
}

func TestRealNodeMappingConflict(t *testing.T) {
	n := realNode(t)
	n.must(t, http.MethodPut, "/"+n.name, `{"mappings":{"properties":{"number":{"type":"long"}}}}`)
	o := newOutput(t, Options{Hosts: []string{n.url}, Index: n.name})
	documents := numbered(0, 100)
	for i := 0; i < 100; i += 10 {
		documents[i] = `{"number":"none","message":"m"}`
	}
	for i, outcome := range write(t, o, batchOf(t, o, documents...)) {
		switch {
		case i%10 != 0 && outcome != nil:
			t.Errorf("event %d: %v", i, outcome)
		case i%10 == 0 && (kind(outcome) != "permanent" || !strings.Contains(outcome.Error(), "failed to parse field [number] of type [long]")):
			t.Errorf("event %d: %v", i, outcome)
		}
	}
	if hits := n.documents(t, n.name); len(hits) != 90 {
		t.Errorf("%d documents", len(hits))
	}
}

// TestRealNodeTroublesOfTheIndex: nothing that is about the index is held against an event.
func TestRealNodeTroublesOfTheIndex(t *testing.T) {
	cluster := func(settings string) func(*testing.T, node) {
		return func(t *testing.T, n node) {
			n.must(t, http.MethodPut, "/_cluster/settings", `{"persistent":{`+settings+`}}`)
		}
	}
	index := func(settings string) func(*testing.T, node) {
		return func(t *testing.T, n node) {
			n.call(t, http.MethodPut, "/"+n.name, "")
			n.must(t, http.MethodPut, "/"+n.name+"/_settings", `{`+settings+`}`)
		}
	}
	for name, test := range map[string]struct {
		before, after func(*testing.T, node)
		kind          string
	}{
		"blocked":   {index(`"index.blocks.write":true`), index(`"index.blocks.write":false`), "again"},
		"read-only": {index(`"index.blocks.read_only_allow_delete":true`), index(`"index.blocks.read_only_allow_delete":null`), "again"},
		"closed": {
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/"+n.name, "")
				n.must(t, http.MethodPost, "/"+n.name+"/_close", "")
			},
			func(t *testing.T, n node) {
				n.must(t, http.MethodPost, "/"+n.name+"/_open?wait_for_active_shards=1", "")
			},
			"blocked",
		},
		"not made by itself": {cluster(`"action.auto_create_index":"false"`), cluster(`"action.auto_create_index":null`), "blocked"},
		"too many shards":    {cluster(`"cluster.max_shards_per_node":1`), cluster(`"cluster.max_shards_per_node":null`), "again"},
		"whole cluster":      {cluster(`"cluster.blocks.read_only_allow_delete":true`), cluster(`"cluster.blocks.read_only_allow_delete":null`), "again"},
	} {
		t.Run(name, func(t *testing.T) {
			n := realNode(t)
			o := newOutput(t, Options{Hosts: []string{n.url}, Index: n.name})
			batch := batchOf(t, o, numbered(0, 50)...)
			test.before(t, n)
			outcomes := write(t, o, batch)
			test.after(t, n)
			each(t, outcomes, test.kind)
			t.Log(outcomes[0])
			tryAgain(t, o, batch)
			n.once(t, n.name, batch.Events)
		})
	}
}

// The pipeline that Filebeat names in @metadata is asked for: one that is there takes the event, one that is not refuses it.
// An event without one is written without. (The node has no processors whose work could be seen.)
func TestRealNodePipeline(t *testing.T) {
	n := realNode(t)
	n.must(t, http.MethodPut, "/_ingest/pipeline/"+n.name, `{"processors":[]}`)
	o := newOutput(t, Options{Hosts: []string{n.url}, Index: n.name, Pipeline: "%{[@metadata][pipeline]}"})
	outcomes := write(t, o, batchOf(t, o, `{"@metadata":{"pipeline":"`+n.name+`"},"a":1}`, `{"@metadata":{"beat":"filebeat"},"a":2}`,
		`{"@metadata":{"pipeline":""},"a":3}`, `{"@metadata":{"pipeline":"missing"},"a":4}`))
	each(t, outcomes[:3], "done")
	each(t, outcomes[3:], "permanent")
	if !strings.Contains(outcomes[3].Error(), "pipeline with id [missing] does not exist") {
		t.Error(outcomes[3])
	}
	if hits := n.documents(t, n.name); len(hits) != 3 {
		t.Errorf("%d documents", len(hits))
	}
	fixed := newOutput(t, Options{Hosts: []string{n.url}, Index: n.name, Pipeline: "missing"})
	each(t, write(t, fixed, batchOf(t, fixed, numbered(0, 2)...)), "blocked")
}

// TestRealNodeUnderPressure has a node that answers larger requests with a real 429: one of its own, or the one that
// LOGBOOM_TEST_ELASTICSEARCH_FULL names.
func TestRealNodeUnderPressure(t *testing.T) {
	url := os.Getenv("LOGBOOM_TEST_ELASTICSEARCH_FULL")
	if url == "" {
		url = newService(t).start(t, "--set", "indexing_pressure.memory.limit=1kb")
	}
	o := newOutput(t, Options{Hosts: []string{url}, Index: "events-full"})
	outcomes := write(t, o, batchOf(t, o, numbered(0, 200)...))
	each(t, outcomes, "again")
	if !strings.Contains(outcomes[0].Error(), "429") || !strings.Contains(outcomes[0].Error(), "es_rejected_execution_exception") {
		t.Error(outcomes[0])
	}
	t.Log(outcomes[0])
}

// service is a node of the test's own, which it can kill. script starts and stops it.
type service struct{ script, port, dir string }

func newService(t *testing.T) service {
	folder := os.Getenv("LOGBOOM_SERVICES")
	if folder == "" {
		folder = "../../../shared/services"
	}
	s := service{script: filepath.Join(folder, "elasticsearch"), port: freePort(t), dir: filepath.Join(t.TempDir(), "node")}
	if _, err := os.Stat(s.script); err != nil {
		t.Skipf("there is no script that starts an Elasticsearch: %v; LOGBOOM_SERVICES names its folder", err)
	}
	t.Cleanup(func() {
		if output, err := exec.Command(s.script, "stop", "--wipe", "--port", s.port, "--dir", s.dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, output)
		}
	})
	return s
}

// freePort returns a port that nobody listens on, nor on the one 100 above it, which the node takes too. It is below those
// that the system gives to clients: while the node is down, a client that dials its port could be given that very port,
// and be connected to itself.
func freePort(t *testing.T) string {
	free := func(port int) bool {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			listener.Close()
		}
		return err == nil
	}
	for range 100 {
		if port := 20_000 + rand.IntN(10_000); free(port) && free(port+100) {
			return strconv.Itoa(port)
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (s service) start(t *testing.T, settings ...string) string {
	command := exec.Command(s.script, append([]string{"start", "--port", s.port, "--dir", s.dir}, settings...)...)
	output, err := command.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("start the node: %v: %s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output))
}

func (s service) kill(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(s.dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	process, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(process, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for syscall.Kill(process, 0) == nil {
		time.Sleep(10 * time.Millisecond)
	}
}

// TestRealNodeKilled: the node is killed in the middle of requests, and afterwards holds each event once.
func TestRealNodeKilled(t *testing.T) {
	s := newService(t)
	n := node{url: s.start(t), name: "events"}
	o := newOutput(t, Options{Hosts: []string{n.url}, Index: n.name, CompressionLevel: 1, Timeout: 20 * time.Second})
	const batches, size = 90, 100
	var events []outputs.Event
	var work []*outputs.Batch
	for i := range batches {
		batch := batchOf(t, o, numbered(i*size, size)...)
		for j := range batch.Events {
			batch.Events[j].ID.Record = uint64(i)
		}
		events, work = append(events, batch.Events...), append(work, batch)
	}
	var written, failed atomic.Int64
	next := make(chan *outputs.Batch)
	var writers sync.WaitGroup
	for range o.Concurrency() {
		writers.Go(func() {
			for batch := range next {
				failed.Add(int64(tryAgain(t, o, batch) - 1))
				written.Add(1)
			}
		})
	}
	for i, batch := range work {
		if i == batches/3 || i == 2*batches/3 {
			// Writers are at work on batches; the node dies under them.
			go func() { next <- batch }()
			s.kill(t)
			s.start(t)
			continue
		}
		next <- batch
	}
	for deadline := time.Now().Add(time.Minute); written.Load() < batches; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d batches were written", written.Load(), batches)
		}
	}
	close(next)
	writers.Wait()
	t.Logf("%d tries failed", failed.Load())
	if failed.Load() == 0 {
		t.Error("no try failed: the node was not killed in the middle")
	}
	n.once(t, n.name, events)
}
