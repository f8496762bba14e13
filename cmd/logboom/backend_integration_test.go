//go:build integration

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/sinks/elasticsearch"
)

// The servers that the tests with the tag integration need: the URL of an Elasticsearch, and the plaintext address of a
// Kafka broker.
const (
	elasticsearchVariable = "LOGBOOM_TEST_ELASTICSEARCH"
	kafkaVariable         = "LOGBOOM_TEST_KAFKA"
)

// How often the tests of killing kill. Kafka's group waits six seconds for each member that was killed.
const (
	killRounds      = 20
	killRoundsKafka = 3
)

// server returns the value of a variable. Without it these tests fail: whoever sets the tag wants them to run.
func server(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set: it names a server that the tests may write to", variable)
	}
	return value
}

// own returns a name that no other test has.
func own(t *testing.T) string {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))
	return fmt.Sprintf("logboom-%s-%d", name, time.Now().UnixNano())
}

// newElasticsearchBackend returns the real Elasticsearch with an index of the test's own.
func newElasticsearchBackend(t *testing.T) elasticsearchBackend {
	t.Helper()
	address := server(t, elasticsearchVariable)
	target, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s: %v", elasticsearchVariable, err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{DisableKeepAlives: true}
	proxy.ErrorLog = log.New(io.Discard, "", 0) // that a client was killed is no news
	index := own(t)
	t.Cleanup(func() {
		call(t, http.MethodDelete, address+"/"+index, "")
		call(t, http.MethodDelete, address+"/_index_template/"+elasticsearch.TemplateName(index), "")
	})
	return elasticsearchBackend{
		handler: proxy, index: index,
		documents: func(t *testing.T) [][]byte { return search(t, address+"/"+index) },
		mapping:   func(t *testing.T) []byte { return mappingOf(t, address+"/"+index, index) },
	}
}

// call returns what a URL answers.
func call(t *testing.T, method, url, body string) []byte {
	t.Helper()
	ctx, cancel := soon() // not the test's context, which has ended when the test is cleaned up after
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Errorf("%s %s: %s: %s", method, url, response.Status, answer)
	}
	return answer
}

// search returns all documents of an index as they were written, and checks that their ids are those in the documents.
// They come in pages: Elasticsearch shows no more than 10,000 at once.
func search(t *testing.T, index string) (documents [][]byte) {
	t.Helper()
	call(t, http.MethodPost, index+"/_refresh", "")
	const page = 10_000
	after := ""
	for {
		hits, total := searchPage(t, index, page, after)
		for _, hit := range hits {
			var document alert
			if err := json.Unmarshal(hit.Source, &document); err != nil || document.Event.ID != hit.ID {
				t.Errorf("the document %s says that its id is %q, %v", hit.ID, document.Event.ID, err)
			}
			documents = append(documents, hit.Source)
		}
		if len(hits) == page {
			after = string(hits[page-1].Sort)
			continue
		}
		if len(documents) != total {
			t.Fatalf("%d of %d documents found", len(documents), total)
		}
		return documents
	}
}

// foundDocument is one that a search found; Sort says where it stands among the others.
type foundDocument struct {
	ID     string          `json:"_id"`
	Source json.RawMessage `json:"_source"`
	Sort   json.RawMessage
}

// searchPage returns the documents behind the sort values of another, empty for the first ones, and how many there are.
func searchPage(t *testing.T, index string, size int, after string) (hits []foundDocument, total int) {
	t.Helper()
	var found struct {
		Hits struct {
			Total struct{ Value int }
			Hits  []foundDocument
		}
	}
	query := fmt.Sprintf(`{"size":%d,"track_total_hits":true,"query":{"match_all":{}},`+
		`"sort":[{"@timestamp":"asc"},{"event.action":"asc"},{"event.id":"asc"}]`, size)
	if after != "" {
		query += `,"search_after":` + after
	}
	answer := call(t, http.MethodPost, index+"/_search", query+"}")
	if err := json.Unmarshal(answer, &found); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return found.Hits.Hits, found.Hits.Total.Value
}

func mappingOf(t *testing.T, url, index string) []byte {
	t.Helper()
	answer := call(t, http.MethodGet, url+"/_mapping", "")
	var found map[string]struct{ Mappings json.RawMessage }
	if err := json.Unmarshal(answer, &found); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return found[index].Mappings
}

// openKafkaBroker returns the real broker with a topic of the test's own.
func openKafkaBroker(t *testing.T) *kafkaBroker {
	t.Helper()
	broker := &kafkaBroker{
		address: server(t, kafkaVariable), topic: own(t), group: own(t), sessionTimeout: 6 * time.Second,
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.address))
	if err != nil {
		t.Fatal(err)
	}
	admin := kadm.NewClient(client)
	t.Cleanup(admin.Close)
	waitFor(t, "the topic to be created", func() bool {
		_, err = admin.CreateTopic(t.Context(), 3, 1, nil, broker.topic)
		return err == nil
	})
	t.Cleanup(func() { _, _ = admin.DeleteTopic(context.Background(), broker.topic) })
	return broker
}
