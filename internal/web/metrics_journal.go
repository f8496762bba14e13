package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/logboom/logboom/internal/journal"
)

var journalMetrics = metrics[journal.Stats]{
	counter("journal_appended_records_total", "Records appended.", func(s journal.Stats) uint64 { return s.Appended }),
	counter("journal_appended_bytes_total", "Bytes of the records appended.",
		func(s journal.Stats) uint64 { return s.AppendedBytes }),
	counter("journal_syncs_total", "Times the log was brought to the disk.",
		func(s journal.Stats) uint64 { return s.Syncs }),
	{
		describe("journal_sync_seconds_total", "Time it took to bring the log to the disk."),
		prometheus.CounterValue, func(s journal.Stats) float64 { return s.SyncTime.Seconds() },
	},
	counter("journal_failures_total", "Writes that failed and stopped the journal until it was mended.",
		func(s journal.Stats) uint64 { return s.Failures }),
	counter("journal_recoveries_total", "Times the journal was mended.",
		func(s journal.Stats) uint64 { return s.Recoveries }),
	counter("journal_updates_total", "Updates of the small state: cursors, checkpoints.",
		func(s journal.Stats) uint64 { return s.Updates }),
	counter("journal_update_failures_total", "Updates of the small state that failed.",
		func(s journal.Stats) uint64 { return s.UpdateFailures }),
	counter("journal_cut_segments_total", "Segments removed because nothing needs them.",
		func(s journal.Stats) uint64 { return s.SegmentsCut }),
	gauge("journal_segments", "Segments that are there.", func(s journal.Stats) float64 { return float64(s.Segments) }),
	gauge("journal_first_sequence", "The oldest record.", func(s journal.Stats) float64 { return float64(s.First) }),
	gauge("journal_last_sequence", "The newest record.", func(s journal.Stats) float64 { return float64(s.Last) }),
	gauge("journal_durable_sequence", "The newest record that is on disk.",
		func(s journal.Stats) float64 { return float64(s.Durable) }),
	gauge("journal_failed", "1 while the journal waits to be mended.",
		func(s journal.Stats) float64 { return truth(s.Failed) }),
}
