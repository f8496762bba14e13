package journal

import (
	"sync/atomic"
	"time"
)

// counters are what Stats is made of.
type counters struct {
	appended, appendedBytes, syncs, failures, recoveries, cut, updates, updateFailures atomic.Uint64
	syncTime                                                                           atomic.Int64
}

// Stats is a snapshot of a journal's counters since it was opened.
type Stats struct {
	// Appended counts records, AppendedBytes the bytes of their payloads.
	Appended, AppendedBytes uint64
	// Syncs counts fsyncs of the log, SyncTime is how long they took together.
	Syncs    uint64
	SyncTime time.Duration
	// Failures counts how often Append or Sync failed and stopped the journal, Recoveries how often Recover mended it.
	Failures, Recoveries uint64
	// Updates counts calls of Update, UpdateFailures those that returned an error.
	Updates, UpdateFailures uint64
	// SegmentsCut counts the segments that were cut away at the front, Segments those that are there.
	SegmentsCut uint64
	Segments    int
	// First, Last and Durable are sequences, as the methods of these names return them.
	First, Last, Durable uint64
	// Failed says that the journal waits for Recover.
	Failed bool
}

// Stats returns the counters.
func (j *Journal) Stats() Stats {
	stats := Stats{
		Appended: j.counts.appended.Load(), AppendedBytes: j.counts.appendedBytes.Load(),
		Syncs: j.counts.syncs.Load(), SyncTime: time.Duration(j.counts.syncTime.Load()),
		Failures: j.counts.failures.Load(), Recoveries: j.counts.recoveries.Load(),
		Updates: j.counts.updates.Load(), UpdateFailures: j.counts.updateFailures.Load(),
		SegmentsCut: j.counts.cut.Load(), Durable: j.Durable(),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	stats.Segments, stats.First, stats.Last, stats.Failed = len(j.segments), j.firstLocked(), j.next-1, j.failure != nil
	return stats
}
