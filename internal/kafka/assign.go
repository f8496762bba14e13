package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// assigned is called by franz-go when the group has given partitions to this member.
func (c *consumer) assigned(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	c.source.meters.rebalances.Add(1)
	each(partitions, func(of partition) { c.source.meters.assign(of, progress{-1, -1}) })
	c.source.options.Logger.Info().Int("partitions", count(partitions)).Msg("partitions assigned by the Kafka consumer group")
}

// revoked is called before partitions go to somebody else: what was handled is committed first.
func (c *consumer) revoked(_ context.Context, client *kgo.Client, partitions map[string][]int32) {
	if len(partitions) == 0 {
		return
	}
	c.offsets.flush(client)
	c.release(partitions)
	c.source.options.Logger.Info().Int("partitions", count(partitions)).Msg("partitions given up to the Kafka consumer group")
}

// lost is called when the group has already thrown this member out: a commit would be refused.
func (c *consumer) lost(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	c.source.meters.lost.Add(1)
	c.release(partitions)
}

func (c *consumer) release(partitions map[string][]int32) {
	c.offsets.drop(partitions)
	each(partitions, c.source.meters.revoke)
}

func count(partitions map[string][]int32) (total int) {
	for _, numbers := range partitions {
		total += len(numbers)
	}
	return total
}

// adjust decides where to begin reading each assigned partition. franz-go calls it with the group's committed offsets
// before it fetches anything. An error would make it join again, so trouble here only costs the checks.
func (c *consumer) adjust(ctx context.Context, committed map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	topics := make([]string, 0, len(committed))
	for topic := range committed {
		topics = append(topics, topic)
	}
	bounds := c.bounds(ctx, topics)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for topic, partitions := range committed {
		for number, offset := range partitions {
			partitions[number] = c.begin(partition{topic, number}, offset, bounds)
		}
	}
	return committed, nil
}

// bounds are what the brokers say of the logs. A missing entry is not known.
type bounds struct{ starts, ends kadm.ListedOffsets }

// bounds asks for the starts and ends of the logs, and learns which topics were made anew.
func (c *consumer) bounds(ctx context.Context, topics []string) bounds {
	limited, cancel := context.WithTimeout(ctx, c.source.options.RebalanceTimeout/4)
	defer cancel()
	metadata, err := c.admin.ListTopics(limited, topics...)
	if err == nil {
		c.source.anew.learn(metadata)
	}
	var found bounds
	if err == nil {
		found.starts, err = c.admin.ListStartOffsets(limited, topics...)
	}
	if err == nil {
		found.ends, err = c.admin.ListEndOffsets(limited, topics...)
	}
	if err != nil && ctx.Err() == nil {
		err = c.source.meters.failed(fmt.Errorf("list offsets: %w", err))
		c.source.warn("bounds", err, "the extent of the Kafka partitions is not known; reading from the stored positions unchecked")
	}
	return found
}

// of returns the first offset of a partition and the one after its last, both -1 where they are not known.
func (b bounds) of(of partition) (start, end int64) {
	first, haveFirst := b.starts.Lookup(of.topic, of.number)
	last, haveLast := b.ends.Lookup(of.topic, of.number)
	if !haveFirst || !haveLast || first.Err != nil || last.Err != nil || first.Offset < 0 || last.Offset < 0 {
		return -1, -1
	}
	return first.Offset, last.Offset
}

// begin returns where to begin with one partition.
func (c *consumer) begin(of partition, committed kgo.Offset, bounds bounds) kgo.Offset {
	s := c.source
	start, end := bounds.of(of)
	group := committed.EpochOffset().Offset
	next := s.stored(of, group)
	switch {
	case s.anew.has(of):
		s.meters.assign(of, progress{start, end})
		return kgo.NewOffset().AtStart()
	case next < 0:
		// franz-go asks for the start or the end itself.
		s.meters.assign(of, progress{-1, end})
		return committed
	case end >= 0 && (next > end || next < start):
		s.outside(of, next, start, end)
		next = start
	case next > group:
		c.offsets.mark([]Position{{of.topic, of.number, next - 1, -1}})
		s.skip(group, start, next)
	}
	s.meters.assign(of, progress{next, end})
	if next == group {
		return committed
	}
	return kgo.NewOffset().At(next)
}

// stored returns the greater of the group's offset and the one behind the journal's position, negative where there is
// neither.
func (s *Source) stored(of partition, group int64) int64 {
	journal, known := s.positions(of.topic, of.number)
	if known {
		return max(journal+1, group)
	}
	return group
}

// skip counts what the group alone would have had us read again. Both group and start may be unknown.
func (s *Source) skip(group, start, next int64) {
	if group < 0 && s.options.Start == Earliest {
		group = start
	}
	if group >= 0 {
		s.meters.skipped.Add(uint64(next - group))
	}
}

// outside says what a position outside of the log means.
func (s *Source) outside(of partition, next, start, end int64) {
	logger := s.options.Logger.With().Str("topic", of.topic).Int32("partition", of.number).
		Int64("position", next).Int64("start", start).Int64("end", end).Logger()
	if next > end {
		s.anew.add(of)
		s.meters.resets.Add(1)
		logger.Warn().Msg("the stored position is behind the end of the Kafka partition: the topic was made anew or " +
			"its broker lost records; reading the partition from its start")
		return
	}
	s.meters.missing.Add(uint64(start - next))
	logger.Warn().Int64("missing", start-next).Msg("Kafka deleted records before they were read; " +
		"give the topic a longer retention")
}
