//go:build !integration

package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/logboom/logboom/sinks/sinktest"
)

// How often the tests of killing kill. What is real takes longer to come back.
const (
	killRounds      = 20
	killRoundsKafka = 4
)

// newElasticsearchBackend returns a server that speaks the protocol. With the tag integration it is a real one.
func newElasticsearchBackend(t *testing.T) elasticsearchBackend {
	t.Helper()
	server := sinktest.NewElasticsearch(t)
	return elasticsearchBackend{
		handler: server, index: "alerts",
		documents: func(*testing.T) [][]byte { return server.Documents() },
		mapping: func(t *testing.T) []byte {
			t.Helper()
			var template struct {
				Template struct{ Mappings json.RawMessage }
			}
			if err := json.Unmarshal(server.Template("logboom-alerts"), &template); err != nil {
				t.Fatal(err)
			}
			return template.Template.Mappings
		},
	}
}

// openKafkaBroker returns a broker that speaks the protocol. With the tag integration it is a real one.
func openKafkaBroker(t *testing.T) *kafkaBroker {
	t.Helper()
	const topic = "logs"
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1), kfake.SeedTopics(3, topic), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return &kafkaBroker{
		address: cluster.ListenAddrs()[0], topic: topic, group: "0", sessionTimeout: time.Second,
	}
}
