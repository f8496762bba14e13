package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Position is how far one partition was read.
type Position struct {
	Topic     string
	Partition int32
	// Offset is the offset of the last record that was handled; the next one to read is Offset + 1.
	Offset int64
	// LeaderEpoch is the epoch of the partition's leader when that record was written, -1 where unknown.
	LeaderEpoch int32
}

// Batch is what a handler is given: records of one or more partitions, those of one partition in order.
type Batch struct {
	// Events holds the values of the records as they came. The bytes belong to the source and are valid until the
	// handler returns. There is at least one; records without a value (tombstones) are left out.
	Events [][]byte
	// Positions holds for each partition in the batch the greatest offset in it, tombstones included.
	Positions []Position
	// Received is when the records came from the broker. It stays the same when a batch is offered again.
	Received time.Time
}

// Handler takes a batch. nil means that the batch is durable, with its positions in the same commit; those positions
// replace what is stored for their partitions even where they are lower, as they are after a topic was made anew.
// An error means that nothing of the batch was taken and nothing of it will be: the same records are offered again.
//
// A handler may block for as long as it has to. Its ctx ends when Run's does, or when the group has waited too long
// for this member; it then returns as soon as it can, nil if the batch is durable by then. It is never called twice at
// the same time.
type Handler func(ctx context.Context, batch *Batch) error

// Positions returns the journal's position of a partition: the offset of the last record handled, and false where the
// journal holds none. It is called on each assignment, from a goroutine of the source, and must not block for long.
type Positions func(topic string, partition int32) (offset int64, ok bool)

// part is a batch with what the source counts about it.
type part struct {
	batch      Batch
	records    []*kgo.Record
	bytes      int64
	tombstones uint64
}

// split cuts polled records into batches of at most maxBytes of values each, in order. A record that is larger makes a
// batch of its own: limits to a single event are the handler's to apply.
func split(records []*kgo.Record, maxBytes int, received time.Time) []*part {
	var parts []*part
	for start := 0; start < len(records); {
		end, size := start, 0
		for end < len(records) && (end == start || size+len(records[end].Value) <= maxBytes) {
			size += len(records[end].Value)
			end++
		}
		parts = append(parts, newPart(records[start:end], received))
		start = end
	}
	return parts
}

// newPart makes the batch of some records.
func newPart(records []*kgo.Record, received time.Time) *part {
	made := &part{records: records}
	made.batch.Received = received
	index := make(map[partition]int)
	for _, record := range records {
		position := Position{record.Topic, record.Partition, record.Offset, record.LeaderEpoch}
		of := partition{record.Topic, record.Partition}
		if at, seen := index[of]; seen {
			made.batch.Positions[at] = position
		} else {
			index[of] = len(made.batch.Positions)
			made.batch.Positions = append(made.batch.Positions, position)
		}
		if record.Value == nil {
			made.tombstones++
			continue
		}
		made.bytes += int64(len(record.Value))
		made.batch.Events = append(made.batch.Events, record.Value)
	}
	return made
}

// partition names one partition of a topic.
type partition struct {
	topic  string
	number int32
}
