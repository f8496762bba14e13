package kafka

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stats is a snapshot of a source. Counters count since New.
type Stats struct {
	// Connected tells whether a broker answered within the last SessionTimeout, behind a login where there is one.
	Connected bool
	// Waiting lists the topics that do not exist yet.
	Waiting []string
	// Assigned lists the partitions that the group has given to this member, sorted.
	Assigned []PartitionStats
	// Records and Bytes count the records taken by the handler, and the bytes of their values.
	Records, Bytes uint64
	// Batches counts the batches taken by the handler.
	Batches uint64
	// Skipped counts the offsets passed over on assignments because the journal had them already.
	Skipped uint64
	// Missing counts the offsets that were never read because the broker deleted them first.
	Missing uint64
	// Tombstones counts the records without a value.
	Tombstones uint64
	// Resets counts the times a partition had to be read from its start because the broker lost or replaced its log.
	Resets uint64
	// Refused counts the handler's errors; each makes the batch be offered again.
	Refused uint64
	// GivenBack counts the batches given back untaken because the group wanted to rebalance.
	GivenBack uint64
	// Rebalances counts the assignments received, Lost the times membership was lost other than by a rebalance.
	Rebalances, Lost uint64
	// Commits and CommitErrors count the commits of offsets to the group, and those that failed.
	Commits, CommitErrors uint64
	// Errors counts everything that went wrong between here and the brokers.
	Errors uint64
	// LastError is the text of the latest of those, and LastErrorTime when it was. Empty if there was none.
	LastError     string
	LastErrorTime time.Time
}

// PartitionStats is how far one assigned partition was read.
type PartitionStats struct {
	Topic     string
	Partition int32
	// Next is the offset of the next record to be handled, -1 where it is not known yet.
	Next int64
	// Lag is how many offsets were between Next and the end of the partition when it was last heard of, -1 where it
	// is not known yet.
	Lag int64
}

// meters holds what Stats shows. It is safe for concurrent use.
type meters struct {
	records, bytes, batches, skipped, missing, tombstones, resets atomic.Uint64
	refused, givenBack, rebalances, lost                          atomic.Uint64
	commits, commitErrors, errors                                 atomic.Uint64
	// heard is when a broker last answered, in nanoseconds since 1970.
	heard atomic.Int64

	mu         sync.Mutex
	last       error
	lastTime   time.Time
	waiting    []string
	partitions map[partition]*progress
}

// progress is how far a partition was read and how long it is. Unknown is -1.
type progress struct{ next, end int64 }

// failed notes something that went wrong with the brokers and returns it in its class.
func (m *meters) failed(err error) error {
	err = classify(err)
	m.errors.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last, m.lastTime = err, time.Now()
	return err
}

// heardWithin tells whether a broker answered so recently. Heartbeats alone are three in a session.
func (m *meters) heardWithin(duration time.Duration, now time.Time) bool {
	return now.UnixNano()-m.heard.Load() < int64(duration)
}

func (m *meters) wait(topics []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = topics
}

func (m *meters) assign(of partition, at progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.partitions == nil {
		m.partitions = make(map[partition]*progress)
	}
	m.partitions[of] = &at
}

func (m *meters) revoke(of partition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.partitions, of)
}

// reach notes the end of a partition, handle the next offset to be handled.
func (m *meters) reach(of partition, end int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := m.partitions[of]; at != nil && end >= 0 {
		at.end = end
	}
}

func (m *meters) handle(of partition, next int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := m.partitions[of]; at != nil {
		at.next = next
		at.end = max(at.end, next)
	}
}

// Stats returns a snapshot. It is safe for concurrent use, at any time.
func (s *Source) Stats() Stats {
	m := &s.meters
	stats := Stats{
		Records:      m.records.Load(),
		Bytes:        m.bytes.Load(),
		Batches:      m.batches.Load(),
		Skipped:      m.skipped.Load(),
		Missing:      m.missing.Load(),
		Tombstones:   m.tombstones.Load(),
		Resets:       m.resets.Load(),
		Refused:      m.refused.Load(),
		GivenBack:    m.givenBack.Load(),
		Rebalances:   m.rebalances.Load(),
		Lost:         m.lost.Load(),
		Commits:      m.commits.Load(),
		CommitErrors: m.commitErrors.Load(),
		Errors:       m.errors.Load(),
	}
	stats.Connected = m.heardWithin(s.options.SessionTimeout, time.Now())
	m.mu.Lock()
	defer m.mu.Unlock()
	stats.Waiting = slices.Clone(m.waiting)
	stats.Assigned = m.assigned()
	if m.last != nil {
		stats.LastError, stats.LastErrorTime = m.last.Error(), m.lastTime
	}
	return stats
}

// assigned returns the partitions in order. The caller holds the lock.
func (m *meters) assigned() []PartitionStats {
	var list []PartitionStats
	for of, at := range m.partitions {
		stats := PartitionStats{Topic: of.topic, Partition: of.number, Next: at.next, Lag: -1}
		if at.next >= 0 && at.end >= 0 {
			stats.Lag = max(0, at.end-at.next)
		}
		list = append(list, stats)
	}
	slices.SortFunc(list, func(a, b PartitionStats) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return list
}
