package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/outputs"
)

var (
	outputState = describe("output_state", "1 for the state that an output of events is in.", "output", "state")
	outputLag   = describe("output_lag_seconds",
		"How long ago the oldest of the events arrived that an output wrote last, when it did; "+
			"while it fails, at least for how long.", "output")
	outputLastError    = describe("output_last_error_timestamp_seconds", "When an output last failed.", "output")
	outputLastSuccess  = describe("output_last_success_timestamp_seconds", "When an output last wrote something.", "output")
	outputFailingSince = describe("output_failing_since_timestamp_seconds",
		"When the present failures of an output began; missing while there are none.", "output")
)

var outputMetrics = metrics[outputs.Stats]{
	counter("output_events_total", "Events that the receiver took, or had already.",
		func(s outputs.Stats) uint64 { return s.Written }, "output"),
	counter("output_bytes_total", "Bytes of the events that the receiver took.",
		func(s outputs.Stats) uint64 { return s.Bytes }, "output"),
	counter("output_failures_total", "Tries that left something undone.",
		func(s outputs.Stats) uint64 { return s.Failures }, "output"),
	counter("output_retries_total", "Tries that followed a failure.",
		func(s outputs.Stats) uint64 { return s.Retries }, "output"),
	counter("output_dead_letters_total", "Events that the receiver refused for good.",
		func(s outputs.Stats) uint64 { return s.DeadLetters }, "output"),
	counter("output_missed_events_total",
		"Events that an output with required: false did not get because it was too far behind.",
		func(s outputs.Stats) uint64 { return s.Missed }, "output"),
	counter("output_condition_errors_total", "Events that were left out because where could not be evaluated.",
		func(s outputs.Stats) uint64 { return s.ConditionErrors }, "output"),
	counter("output_lost_records_total", "Records of the journal that could not be read for the output.",
		func(s outputs.Stats) uint64 { return s.LostRecords }, "output"),
	counter("output_lost_events_total", "Events that could not be encoded for the output.",
		func(s outputs.Stats) uint64 { return s.Lost }, "output"),
	gauge("output_read_sequence", "Record of the journal up to which all is given to the output.",
		func(s outputs.Stats) float64 { return float64(s.Read) }, "output"),
	gauge("output_cursor_sequence", "Record of the journal up to which the output is done.",
		func(s outputs.Stats) float64 { return float64(s.After) }, "output"),
	gauge("output_behind_bytes", "Bytes of the journal behind the output's cursor, about.",
		func(s outputs.Stats) float64 { return float64(s.Behind) }, "output"),
	gauge("output_in_flight_batches", "Batches that are being written.",
		func(s outputs.Stats) float64 { return float64(s.InFlight) }, "output"),
}

func collectOutput(out chan<- prometheus.Metric, output outputFacts, now time.Time) {
	outputMetrics.collect(out, output.stats, output.name)
	if !output.stats.known() {
		return
	}
	stats := output.stats.value
	sendState(out, outputState, delivery.States(), stats.State, output.name)
	send(out, outputLag, prometheus.GaugeValue, lagOfOutput(stats, now).Seconds(), output.name)
	sendTime(out, outputLastError, stats.LastErrorTime, output.name)
	sendTime(out, outputLastSuccess, stats.LastSuccess, output.name)
	sendTime(out, outputFailingSince, stats.FailingSince, output.name)
}

// lagOfOutput returns how far an output is behind in time. What fails was there when that began, so that a time of no
// writing is not taken for one of no lag.
func lagOfOutput(stats outputs.Stats, now time.Time) time.Duration {
	if stats.FailingSince.IsZero() {
		return stats.Lag
	}
	return max(stats.Lag, now.Sub(stats.FailingSince))
}
