package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
)

// full is a server with a source of every kind, each in a state with much to say.
func full() *Server {
	return started(Options{Version: "1.2.3", Sources: Sources{
		Pipeline:    busy(),
		Lumberjack:  lumberjackStats,
		Kafka:       kafkaStats,
		Journal:     journalStats,
		DeadLetters: deadLetterStats,
		Sinks:       []Sink{{"elasticsearch", workingSink}, {"slack", failingSink}},
		Outputs:     []Output{{"elasticsearch", workingOutput}, {"kafka", failingOutput}},
	}})
}

func busy() *source {
	counters := new(rules.Counters)
	counters.Matched.Store(301)
	counters.Late.Store(302)
	counters.Clamped.Store(303)
	counters.ConditionErrors.Store(304)
	counters.Transitions.Store(305)
	counters.Evictions.Store(306)
	counters.Compactions.Store(307)
	counters.Keys.Store(308)
	counters.Active.Store(309)
	counters.Runs.Store(310)
	return &source{
		status: pipeline.Status{
			State: pipeline.StateOK, Waiting: 101, Last: 102,
			Space:   journal.Space{Used: 103, State: 109, Budget: 104, Free: 105, Reserve: 106},
			Holding: []pipeline.Holder{{Output: "kafka", Behind: 107}}, Oldest: moment.Add(-time.Hour),
		},
		stats: pipeline.Stats{
			Batches: 111, Events: 112, Undecodable: 113, Rejected: 114, TimestampMissing: 115, TimestampUnparsable: 116,
			Transitions: 117, Commits: 118, CommitFailures: 119, CommitTime: 120 * time.Second, Checkpoints: 121,
			CheckpointBytes: 122, Duplicates: 123,
		},
		list: []rules.Rule{
			{
				Name: "bursts", GroupBy: []string{"host.name"}, Window: time.Second, Threshold: 5,
				Idle: 90 * time.Second, MaxKeys: 10,
			},
			{Name: "errors", Where: "status >= 500", Window: time.Hour, Threshold: 1, MaxKeys: 1},
		},
		counters: map[string]*rules.Counters{"bursts": counters},
	}
}

func lumberjackStats() lumberjack.Stats {
	return lumberjack.Stats{
		Connections: 401, PeakConnections: 402, ConnectionsTotal: 403, ConnectionsRefused: 404, AcceptErrors: 405,
		Windows: 406, Events: 407, EventsRejected: 408, BytesRead: 409, BytesInflated: 410, Acknowledgements: 411,
		Heartbeats: 412, FramingErrors: 413, DecompressionErrors: 414, WrongProtocol: 415, HandshakeErrors: 416,
		HandlerErrors: 417, Timeouts: 418, Lost: 419, BytesInFlight: 420, Waiting: 421,
		LimitHits: map[lumberjack.Limit]uint64{
			lumberjack.LimitWindow: 431, lumberjack.LimitEvent: 432, lumberjack.LimitInflated: 433,
			lumberjack.LimitRatio: 434, lumberjack.LimitInFlight: 435, lumberjack.LimitConnections: 436,
		},
	}
}

func kafkaStats() kafka.Stats {
	return kafka.Stats{
		Connected: true,
		Assigned: []kafka.PartitionStats{
			{Topic: "logs", Partition: 0, Next: 541, Lag: 542},
			{Topic: "logs", Partition: 1, Next: 543, Lag: 544},
			{Topic: "logs", Partition: 2, Next: -1, Lag: -1},
		},
		Records: 501, Bytes: 502, Batches: 503, Skipped: 504, Missing: 505, Tombstones: 506, Resets: 507, Refused: 508,
		GivenBack: 509, Rebalances: 510, Lost: 511, Commits: 512, CommitErrors: 513, Errors: 514,
		LastError: "connect to kafka:9092: connection refused", LastErrorTime: moment.Add(-time.Hour),
	}
}

func journalStats() journal.Stats {
	return journal.Stats{
		Appended: 201, AppendedBytes: 202, Syncs: 203, SyncTime: 204 * time.Second, Failures: 205, Recoveries: 206,
		Updates: 207, UpdateFailures: 208, SegmentsCut: 209, Segments: 210, First: 211, Last: 212, Durable: 213,
	}
}

func deadLetterStats() deadletter.Stats {
	return deadletter.Stats{
		Letters: 701, Bytes: 702, RemovedLetters: 703, RemovedSegments: 704, Failures: 705, Size: 706, Segments: 707,
	}
}

func workingSink() sinks.Stats {
	return sinks.Stats{
		Name: "elasticsearch", State: sinks.StateOK, Delivered: 601, Failures: 602, Retries: 603, DeadLetters: 604,
		After: 605, Waiting: 606, LastSuccess: moment.Add(-time.Second),
		Latency: sinks.Histogram{
			Count: 9, Sum: 60.5, Buckets: []sinks.Bucket{{UpperBound: 0.5, Count: 4}, {UpperBound: 10, Count: 8}},
		},
	}
}

func failingSink() sinks.Stats {
	return sinks.Stats{
		Name: "slack", State: sinks.StateRetrying, Failures: 3, Retries: 2, Waiting: 102, LastError: "503 Service Unavailable",
		LastErrorTime: moment.Add(-time.Minute), FailingSince: moment.Add(-2 * time.Minute),
	}
}

func workingOutput() outputs.Stats {
	return outputs.Stats{
		Name: "elasticsearch", State: outputs.StateOK, Written: 801, Bytes: 802, Failures: 803, Retries: 804, DeadLetters: 805,
		Missed: 806, ConditionErrors: 814, LostRecords: 807, Lost: 808, Read: 809, After: 810, Behind: 811, InFlight: 812, Lag: 813 * time.Second,
		LastSuccess: moment.Add(-time.Second), Notice: "refresh the template",
	}
}

func failingOutput() outputs.Stats {
	return outputs.Stats{
		Name: "kafka", State: outputs.StateRetrying, Failures: 3, Behind: 107, Lag: time.Second, LastError: "no broker",
		LastErrorTime: moment.Add(-time.Minute), FailingSince: moment.Add(-2 * time.Minute),
	}
}

func blockedOutput() outputs.Stats {
	return outputs.Stats{State: outputs.StateBlocked, LastError: "401 (check the password)"}
}

func blockedSink() sinks.Stats {
	return sinks.Stats{Name: "slack", State: sinks.StateBlocked, LastError: "invalid_auth (check the token)"}
}

func TestHealthzShowsNotices(t *testing.T) {
	noticing := func() sinks.Stats { return sinks.Stats{State: sinks.StateOK, Notice: "give it a scope"} }
	body := get(started(Options{Sources: Sources{Sinks: []Sink{{"slack", noticing}}}}).Handler(loopback), "/healthz").Body
	if !strings.Contains(body.String(), `"notice":"give it a scope"`) || strings.Contains(body.String(), "degraded") {
		t.Errorf("got %s", body)
	}
}

func TestHealthz(t *testing.T) {
	answer := get(full().Handler(loopback), "/healthz")
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d, %v", answer.Code, answer.Header())
	}
	golden(t, "healthz.json", answer.Body.Bytes())
	if !json.Valid(answer.Body.Bytes()) {
		t.Error("not JSON")
	}
}

func TestHealthzOfNothing(t *testing.T) {
	answer := get(New(Options{Now: atMoment}).Handler(loopback), "/healthz")
	if answer.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", answer.Code)
	}
	golden(t, "healthz_starting.json", answer.Body.Bytes())
}

func TestHealthzOfAFullJournal(t *testing.T) {
	from := &source{status: pipeline.Status{State: pipeline.StateFull, Reason: "no room", Since: moment.Add(-time.Minute)}}
	answer := get(started(Options{Sources: failingSources(from)}).Handler(loopback), "/healthz")
	if answer.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", answer.Code)
	}
	golden(t, "healthz_full.json", answer.Body.Bytes())
}

// summary is what a monitor reads first.
type summary struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons"`
}

func TestStatusOfHealthz(t *testing.T) {
	connected := kafka.Stats{Connected: true}
	for name, test := range map[string]struct {
		sources Sources
		want    summary
	}{
		"ok":    {Sources{}, summary{statusOK, []string{}}},
		"kafka": {Sources{Kafka: func() kafka.Stats { return connected }}, summary{statusOK, []string{}}},
		"no kafka": {
			Sources{Kafka: func() kafka.Stats { return kafka.Stats{} }},
			summary{statusDegraded, []string{"kafka is not connected"}},
		},
		"no topic": {
			Sources{Kafka: func() kafka.Stats { return kafka.Stats{Connected: true, Waiting: []string{"logs"}} }},
			summary{statusDegraded, []string{"kafka has topics that do not exist"}},
		},
		"a sink fails": {
			Sources{Sinks: []Sink{{"elasticsearch", workingSink}, {"slack", failingSink}}},
			summary{statusDegraded, []string{"alerts are not delivered to slack"}},
		},
		"a sink is blocked": {
			Sources{Sinks: []Sink{{"slack", blockedSink}}},
			summary{statusDegraded, []string{
				"alerts are not delivered to slack until somebody mends it: invalid_auth (check the token)",
			}},
		},
		"an output fails": {
			Sources{Outputs: []Output{{"elasticsearch", workingOutput}, {"kafka", failingOutput}}},
			summary{statusDegraded, []string{"events are not written to kafka"}},
		},
		"an output is blocked": {
			Sources{Outputs: []Output{{"elasticsearch", blockedOutput}}},
			summary{statusDegraded, []string{
				"events are not written to elasticsearch until somebody mends it: 401 (check the password)",
			}},
		},
		"an output panics": {
			Sources{Outputs: []Output{{"kafka", func() outputs.Stats { panic("oh") }}}},
			summary{statusDegraded, []string{"outputs/kafka panicked: oh"}},
		},
		"a sink panics": {
			Sources{Sinks: []Sink{{"slack", func() sinks.Stats { panic("oh") }}}},
			summary{statusDegraded, []string{"sinks/slack panicked: oh"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got summary
			body := get(started(Options{Sources: test.sources}).Handler(loopback), "/healthz").Body
			if err := json.Unmarshal(body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if got.Status != test.want.Status || strings.Join(got.Reasons, "|") != strings.Join(test.want.Reasons, "|") {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestDrainingDoesNotListen(t *testing.T) {
	s := full()
	s.SetReady(false, "draining")
	body := get(s.Handler(loopback), "/healthz").Body.String()
	for _, want := range []string{`"status": "unavailable"`, `"reasons": ["draining"`, `"listening":false`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}
