package kafka

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/outputs"
)

// collect gives the events of a settled job their outcomes, and gives its memory back. Events that the broker found too
// large together go back into the queue, to be sent in smaller parts; where something else failed, what is in the queue
// is left alone.
func (o *Output) collect(job *job) {
	defer o.recycle(job)
	for _, topic := range job.topics {
		topic.written = o.client
	}
	if len(job.failed) == 0 {
		return
	}
	w := &o.present
	groups := oversized(job)
	for _, group := range groups {
		if group.records > 1 {
			group.topic.limit = min(group.topic.limit, group.bytes) / 2
		}
	}
	var again []int32
	failed := false
	for n := range job.records {
		record, i := &job.records[n], job.events[n]
		err := job.failed[record]
		switch {
		case err == nil || i == nowhere:
		case !isOversized(err):
			w.outcomes[i] = o.outcome(record.Topic, err)
			failed = failed || !isPermanent(w.outcomes[i])
		case groups[groupKey{record.Topic, record.Partition}].records == 1:
			w.outcomes[i] = tooLarge(sizeOf(record), "the broker says %w", err)
		default:
			again = append(again, i)
		}
	}
	w.queue = append(again, w.queue...)
	slices.Sort(w.queue) // what is sent again may have been behind what never was
	if failed {
		w.leave(outputs.ErrNotTried)
		o.drop(nil) // whatever state it is in, the next one begins without it
	}
}

// group is what a broker found too large in one partition: a batch of records, and those behind it.
type group struct {
	topic          *topic
	records, bytes int
}

type groupKey struct {
	topic     string
	partition int32
}

func oversized(job *job) map[groupKey]group {
	groups := make(map[groupKey]group)
	for n := range job.records {
		record := &job.records[n]
		if !isOversized(job.failed[record]) {
			continue
		}
		key := groupKey{record.Topic, record.Partition}
		known := groups[key]
		groups[key] = group{job.topics[n], known.records + 1, known.bytes + sizeOf(record)}
	}
	return groups
}

func sizeOf(record *kgo.Record) int { return overhead + len(record.Key) + len(record.Value) }

// isOversized tells whether the broker found a batch of records too large.
func isOversized(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge)
}

// tooLarge returns the outcome of an event that is too large, and by whose word.
func tooLarge(bytes int, whose string, argument any) error {
	return &outputs.Permanent{Err: fmt.Errorf("the record of %d bytes is too large: "+whose, bytes, argument)}
}
