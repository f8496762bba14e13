//go:build integration

package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
)

// node is a real Elasticsearch, and an index of the test's own in it.
type node struct {
	url, index string
}

// realNode returns the node that LOGBOOM_TEST_ELASTICSEARCH names. Without one these tests fail: whoever sets the tag
// integration wants them to run.
func realNode(t *testing.T) node {
	t.Helper()
	url := os.Getenv("LOGBOOM_TEST_ELASTICSEARCH")
	if url == "" {
		t.Fatal("set LOGBOOM_TEST_ELASTICSEARCH to the URL of an Elasticsearch that the tests may write to")
	}
	n := node{url: url, index: fmt.Sprintf("alerts-%d", time.Now().UnixNano())}
	t.Cleanup(func() {
		n.call(t, http.MethodDelete, "/"+n.index, "")
		n.call(t, http.MethodDelete, "/_index_template/"+TemplateName(n.index), "")
	})
	return n
}

// call calls the node and returns its status and answer.
func (n node) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	// Not the test's context, which has ended when the test is cleaned up after.
	request, err := http.NewRequest(method, n.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
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

func (n node) sink(t *testing.T) *Sink {
	t.Helper()
	return newSink(t, Options{Hosts: []string{n.url}, Index: n.index})
}

// documents returns the documents in the index, oldest first and then active before inactive.
func (n node) documents(t *testing.T) (documents [][]byte) {
	t.Helper()
	if status, _ := n.call(t, http.MethodPost, "/"+n.index+"/_refresh", ""); status == http.StatusNotFound {
		return nil
	}
	var found struct {
		Hits struct {
			Hits []struct {
				Source json.RawMessage `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	answer := n.must(t, http.MethodPost, "/"+n.index+"/_search",
		`{"size":1000,"query":{"exists":{"field":"alert"}},"sort":[{"@timestamp":{"order":"asc","unmapped_type":"date"}}]}`)
	if err := json.Unmarshal([]byte(answer), &found); err != nil {
		t.Fatal(err)
	}
	for _, hit := range found.Hits.Hits {
		documents = append(documents, hit.Source)
	}
	return documents
}

func TestRealNodeConforms(t *testing.T) {
	sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
		n := realNode(t)
		block := func(t *testing.T, on bool) {
			n.call(t, http.MethodPut, "/"+n.index, "")
			n.must(t, http.MethodPut, "/"+n.index+"/_settings", fmt.Sprintf(`{"index.blocks.write":%t}`, on))
		}
		return sinktest.Fixture{
			Open:        func(t *testing.T) sinks.Sink { return n.sink(t) },
			Received:    func(t *testing.T) [][]byte { return n.documents(t) },
			Expected:    sinks.Document,
			Fail:        func(t *testing.T) { block(t, true) },
			Mend:        func(t *testing.T) { block(t, false) },
			ExactlyOnce: true,
		}
	})
}

func TestRealNodeTemplate(t *testing.T) {
	n := realNode(t)
	outcomes, err := n.sink(t).Deliver(t.Context(), sinktest.Transitions(1, 2))
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Fatal(err)
	}
	mapping := n.must(t, http.MethodGet, "/"+n.index+"/_mapping", "")
	for _, part := range []string{
		`"alert":{"type":"boolean"}`, `"@timestamp":{"type":"date"}`, `"duration":{"type":"long"}`,
		`"samples":{"type":"text"}`, `"received":{"type":"date"}`, `"episode":{"type":"keyword","ignore_above":1024}`,
		`"host_name":{"type":"keyword","ignore_above":1024}`,
	} {
		if !strings.Contains(mapping, part) {
			t.Errorf("the mapping lacks %s: %s", part, mapping)
		}
	}
	if strings.Contains(mapping, `"fields"`) {
		t.Errorf("a field was mapped dynamically: %s", mapping)
	}
	installed, err := n.sink(t).hasTemplate(t.Context())
	if !installed || err != nil {
		t.Errorf("the template that was installed is not recognised: %t, %v", installed, err)
	}
}

func TestRealNodeMappingConflictIsPermanent(t *testing.T) {
	n := realNode(t)
	n.must(t, http.MethodPut, "/"+n.index, `{"mappings":{"properties":{"logboom":{"properties":{"count":{"type":"date",`+
		`"format":"yyyy-MM-dd"}}}}}}`)
	outcomes, err := n.sink(t).Deliver(t.Context(), sinktest.Transitions(1, 1))
	if err != nil || !sinks.IsPermanent(outcomes[0]) || !strings.Contains(outcomes[0].Error(), "logboom.count") {
		t.Errorf("got %v, %v", outcomes, err)
	}
}

// TestRealNodeTroublesOfTheIndex: nothing that is about the index is held against a document.
func TestRealNodeTroublesOfTheIndex(t *testing.T) {
	for name, test := range map[string]struct{ before, after func(*testing.T, node) }{
		"blocked": {
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/"+n.index, `{"settings":{"index.blocks.write":true}}`)
			},
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/"+n.index+"/_settings", `{"index.blocks.write":false}`)
			},
		},
		"read-only, as on a full disk": {
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/"+n.index, "")
				n.must(t, http.MethodPut, "/"+n.index+"/_settings", `{"index.blocks.read_only_allow_delete":true}`)
			},
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/"+n.index+"/_settings", `{"index.blocks.read_only_allow_delete":null}`)
			},
		},
		"closed": {
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/"+n.index, "")
				n.must(t, http.MethodPost, "/"+n.index+"/_close", "")
			},
			func(t *testing.T, n node) {
				n.must(t, http.MethodPost, "/"+n.index+"/_open?wait_for_active_shards=1", "")
			},
		},
		"not made by itself": {
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/_cluster/settings", `{"persistent":{"action.auto_create_index":"false"}}`)
			},
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/_cluster/settings", `{"persistent":{"action.auto_create_index":null}}`)
			},
		},
		"too many shards": {
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/_cluster/settings", `{"persistent":{"cluster.max_shards_per_node":1}}`)
			},
			func(t *testing.T, n node) {
				n.must(t, http.MethodPut, "/_cluster/settings", `{"persistent":{"cluster.max_shards_per_node":null}}`)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := realNode(t)
			sink := n.sink(t)
			test.before(t, n)
			outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 1))
			test.after(t, n)
			if err != nil || outcomes[0] == nil || sinks.IsPermanent(outcomes[0]) {
				t.Errorf("got %v, %v; want an outcome to try again after", outcomes, err)
			}
			t.Log(outcomes[0])
			sinktest.WaitFor(t, func() bool {
				outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 1))
				return errors.Join(append(outcomes, err)...) == nil
			})
			if got := n.documents(t); len(got) != 1 || !bytes.Equal(got[0], sinks.Document(sinktest.Transition(1))) {
				t.Errorf("the index holds %s", got)
			}
		})
	}
}

func TestRealNodeCheck(t *testing.T) {
	if err := realNode(t).sink(t).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRealNodeUnderPressure needs a node that was started with indexing_pressure.memory.limit=1kb, named by
// LOGBOOM_TEST_ELASTICSEARCH_FULL; it answers larger requests with a real 429. Only such a node can show it, so the
// test is left out where the variable is not set.
func TestRealNodeUnderPressure(t *testing.T) {
	url := os.Getenv("LOGBOOM_TEST_ELASTICSEARCH_FULL")
	if url == "" {
		t.Skip("LOGBOOM_TEST_ELASTICSEARCH_FULL is not set")
	}
	sink := newSink(t, Options{Hosts: []string{url}, Index: "alerts-full"})
	outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 20))
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range outcomes {
		if outcome == nil || sinks.IsPermanent(outcome) || !strings.Contains(outcome.Error(), "429") {
			t.Errorf("got %v", outcome)
		}
	}
	t.Log(outcomes[0])
}
