package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/logboom/logboom/internal/pipeline"
)

var (
	pipelineState = describe("pipeline_state", "1 for the state that the pipeline is in; events are taken when it is ok.",
		"state")
	journalOldest = describe("journal_oldest_events_timestamp_seconds",
		"When the oldest events arrived that the journal keeps for outputs.")
	journalHeld = describe("journal_held_bytes",
		"Bytes that the journal keeps for an output that is far behind, about; missing for the others.", "output")
	pipelineStates = []string{pipeline.StateOK, pipeline.StateFull, pipeline.StateFailing, pipeline.StateStalled}
)

var pipelineMetrics = metrics[pipelineFacts]{
	counter("pipeline_batches_total", "Batches taken and acknowledged.",
		func(f pipelineFacts) uint64 { return f.stats.Batches }),
	counter("pipeline_events_total", "Events in the batches taken.",
		func(f pipelineFacts) uint64 { return f.stats.Events }),
	counter("duplicate_events_total", "Events that came again and were neither counted nor passed on.",
		func(f pipelineFacts) uint64 { return f.stats.Duplicates }),
	counter("pipeline_undecodable_events_total", "Events that are no JSON object and became dead letters.",
		func(f pipelineFacts) uint64 { return f.stats.Undecodable }),
	counter("pipeline_rejected_events_total", "Events beyond a limit of their source, which became dead letters.",
		func(f pipelineFacts) uint64 { return f.stats.Rejected }),
	counter("pipeline_timestamp_missing_events_total", "Events without @timestamp; their arrival counts.",
		func(f pipelineFacts) uint64 { return f.stats.TimestampMissing }),
	counter("pipeline_timestamp_unparsable_events_total", "Events whose @timestamp is no time; their arrival counts.",
		func(f pipelineFacts) uint64 { return f.stats.TimestampUnparsable }),
	counter("pipeline_transitions_total", "Changes of state of alerts.",
		func(f pipelineFacts) uint64 { return f.stats.Transitions }),
	counter("pipeline_commits_total", "Commits, each of one or more batches.",
		func(f pipelineFacts) uint64 { return f.stats.Commits }),
	counter("pipeline_commit_failures_total", "Commits that failed; their batches were judged again.",
		func(f pipelineFacts) uint64 { return f.stats.CommitFailures }),
	{
		describe("pipeline_commit_seconds_total", "Time spent waiting for commits to reach the disk."),
		prometheus.CounterValue, func(f pipelineFacts) float64 { return f.stats.CommitTime.Seconds() },
	},
	counter("pipeline_checkpoints_total", "Checkpoints stored.",
		func(f pipelineFacts) uint64 { return f.stats.Checkpoints }),
	gauge("pipeline_checkpoint_bytes", "Size of the last checkpoint.",
		func(f pipelineFacts) float64 { return float64(f.stats.CheckpointBytes) }),
	gauge("pipeline_waiting_batches", "Batches received and not judged yet.",
		func(f pipelineFacts) float64 { return float64(f.status.Waiting) }),
	gauge("pipeline_last_transition", "Number of the latest change of state in the journal.",
		func(f pipelineFacts) float64 { return float64(f.status.Last) }),
	gauge("journal_used_bytes", "What the journal takes of the disk.",
		func(f pipelineFacts) float64 { return float64(f.status.Space.Used) }),
	gauge("journal_budget_bytes", "What the journal may take of the disk.",
		func(f pipelineFacts) float64 { return float64(f.status.Space.Budget) }),
	gauge("journal_state_bytes", "What of the used bytes is the small state: checkpoint, cursors, the outbox.",
		func(f pipelineFacts) float64 { return float64(f.status.Space.State) }),
	gauge("journal_free_bytes", "What the filesystem of the journal has left.",
		func(f pipelineFacts) float64 { return float64(f.status.Space.Free) }),
	gauge("journal_reserve_bytes", "What the journal leaves free on its filesystem.",
		func(f pipelineFacts) float64 { return float64(f.status.Space.Reserve) }),
	gauge("journal_full", "1 while no events are taken for want of room.",
		func(f pipelineFacts) float64 { return truth(f.status.Space.Full) }),
}

func collectPipeline(out chan<- prometheus.Metric, of answer[pipelineFacts]) {
	pipelineMetrics.collect(out, of)
	if of.known() {
		sendState(out, pipelineState, pipelineStates, of.value.status.State)
		sendTime(out, journalOldest, of.value.status.Oldest)
		for _, holder := range of.value.status.Holding {
			send(out, journalHeld, prometheus.GaugeValue, float64(holder.Behind), holder.Output)
		}
	}
}
