package web

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/sinks"
)

var (
	sinkState   = describe("sink_state", "1 for the state that a sink is in.", "sink", "state")
	sinkLatency = describe("sink_delivery_latency_seconds",
		"Time from the arrival of the batch that decided a change of state to its delivery.", "sink")
	sinkLastError    = describe("sink_last_error_timestamp_seconds", "When a sink last failed.", "sink")
	sinkLastSuccess  = describe("sink_last_success_timestamp_seconds", "When a sink last delivered.", "sink")
	sinkFailingSince = describe("sink_failing_since_timestamp_seconds",
		"When the present failures of a sink began; missing while there are none.", "sink")
)

var sinkMetrics = metrics[sinks.Stats]{
	counter("sink_delivered_transitions_total", "Changes of state that the receiver took, or had already.",
		func(s sinks.Stats) uint64 { return s.Delivered }, "sink"),
	counter("sink_failures_total", "Tries that left something undone.",
		func(s sinks.Stats) uint64 { return s.Failures }, "sink"),
	counter("sink_retries_total", "Tries that followed a failure.",
		func(s sinks.Stats) uint64 { return s.Retries }, "sink"),
	counter("sink_dead_letters_total", "Changes of state that the receiver refused for good.",
		func(s sinks.Stats) uint64 { return s.DeadLetters }, "sink"),
	gauge("sink_cursor_transition", "Number of the change of state up to which the sink is done.",
		func(s sinks.Stats) float64 { return float64(s.After) }, "sink"),
	gauge("sink_waiting_transitions", "Changes of state that the sink has not delivered yet.",
		func(s sinks.Stats) float64 { return float64(s.Waiting) }, "sink"),
}

func collectSink(out chan<- prometheus.Metric, sink sinkFacts) {
	sinkMetrics.collect(out, sink.stats, sink.name)
	if !sink.stats.known() {
		return
	}
	stats := sink.stats.value
	sendState(out, sinkState, delivery.States(), stats.State, sink.name)
	sendTime(out, sinkLastError, stats.LastErrorTime, sink.name)
	sendTime(out, sinkLastSuccess, stats.LastSuccess, sink.name)
	sendTime(out, sinkFailingSince, stats.FailingSince, sink.name)
	sendLatency(out, stats.Latency, sink.name)
}

func sendLatency(out chan<- prometheus.Metric, latency sinks.Histogram, sink string) {
	buckets := make(map[float64]uint64, len(latency.Buckets))
	for _, bucket := range latency.Buckets {
		buckets[bucket.UpperBound] = bucket.Count
	}
	name := strings.ToValidUTF8(sink, "\uFFFD")
	metric, err := prometheus.NewConstHistogram(sinkLatency, latency.Count, latency.Sum, buckets, name)
	if err != nil {
		metric = prometheus.NewInvalidMetric(sinkLatency, err)
	}
	out <- metric
}
