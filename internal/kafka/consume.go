package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// consumer is the state of one session. Its loop runs in Run's goroutine; the callbacks of the group run in franz-go's,
// and never between a poll and the AllowRebalance after it.
type consumer struct {
	source  *Source
	client  *kgo.Client
	admin   *kadm.Client
	offsets *offsets
	turn    turn
}

// consume polls and hands over until ctx ends (nil) or a new client is needed (errAgain).
func (c *consumer) consume(ctx context.Context) error {
	for ctx.Err() == nil {
		c.turn.begin()
		err := c.once(ctx)
		c.turn.end()
		c.client.AllowRebalance()
		if err != nil {
			return err
		}
	}
	return nil
}

// once is one poll and all that follows from it.
func (c *consumer) once(ctx context.Context) error {
	fetches := c.client.PollRecords(ctx, c.source.options.MaxBatch)
	received := time.Now()
	if err := c.inspect(fetches); err != nil {
		return err
	}
	var records []*kgo.Record
	fetches.EachPartition(func(fetched kgo.FetchTopicPartition) {
		c.source.meters.reach(partition{fetched.Topic, fetched.Partition}, fetched.HighWatermark)
		records = append(records, fetched.Records...)
	})
	parts := split(records, c.source.options.MaxBytes, received)
	for i, part := range parts {
		if c.deliver(ctx, part) {
			continue
		}
		if ctx.Err() == nil {
			c.giveBack(parts[i:])
		}
		break
	}
	return nil
}

// inspect looks through the errors of a poll. Only a topic made anew ends the session: franz-go holds on to the old one.
func (c *consumer) inspect(fetches kgo.Fetches) error {
	var again error
	fetches.EachError(func(topic string, number int32, err error) {
		if errors.Is(err, kerr.UnknownTopicID) {
			c.source.anew.expect(topic)
			again = errAgain
		}
		c.trouble(topic, number, err)
	})
	return again
}

// trouble notes one error of a poll.
func (c *consumer) trouble(topic string, number int32, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, kgo.ErrClientClosed) {
		return
	}
	s := c.source
	var loss *kgo.ErrDataLoss
	var session *kgo.ErrGroupSession
	switch {
	case errors.As(err, &loss):
		s.anew.add(partition{topic, number})
		s.meters.resets.Add(1)
		s.warn("loss "+topic, s.meters.failed(err), "the Kafka broker lost records that it had, or the topic was made anew; reading what is there now")
	case errors.As(err, &session):
		s.warn("group", s.meters.failed(err), "membership of the Kafka consumer group was lost; joining again")
	case errors.Is(err, kerr.UnknownTopicID):
		s.warn("anew "+topic, s.meters.failed(fmt.Errorf("topic %s: %w", topic, err)), "the Kafka topic was deleted and made anew; reading it from its start")
	default:
		err = s.meters.failed(fmt.Errorf("fetch %s[%d]: %w", topic, number, err))
		s.warn("fetch "+topic, err, "fetching from Kafka failed; trying on")
	}
}

// deliver offers a part until the handler takes it; false means that it was not taken because ctx ended or the group
// wants its partitions.
func (c *consumer) deliver(ctx context.Context, part *part) bool {
	if len(part.batch.Events) > 0 {
		ctx, release := c.turn.context(ctx)
		defer release()
		if !c.offer(ctx, part) {
			return false
		}
		c.source.meters.batches.Add(1)
	}
	c.source.count(part)
	c.offsets.mark(part.batch.Positions)
	return true
}

// offer calls the handler until it takes the part or ctx ends. A wish to rebalance ends the waiting between two calls
// at once, and ctx after a grace.
func (c *consumer) offer(ctx context.Context, part *part) bool {
	s := c.source
	wait := s.options.MinBackoff
	for {
		if ctx.Err() != nil {
			return false
		}
		err := s.handler(ctx, &part.batch)
		if err == nil {
			return true
		}
		s.meters.refused.Add(1)
		if ctx.Err() != nil {
			return false
		}
		s.warn("refused", err, "a batch from Kafka was not taken; it is offered again")
		if !pause(ctx, c.turn.wanted(), wait) {
			return false
		}
		wait = min(2*wait, s.options.MaxBackoff)
	}
}

// pause waits; false means that ctx or the turn ended first.
func pause(ctx context.Context, wanted <-chan struct{}, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wanted:
		return false
	case <-timer.C:
		return true
	}
}

// giveBack makes franz-go read the records of untaken parts again, for as long as the partitions stay here.
func (c *consumer) giveBack(parts []*part) {
	first := make(map[string]map[int32]kgo.EpochOffset)
	for _, part := range parts {
		c.source.meters.givenBack.Add(1)
		for _, record := range part.records {
			if first[record.Topic] == nil {
				first[record.Topic] = make(map[int32]kgo.EpochOffset)
			}
			if _, seen := first[record.Topic][record.Partition]; !seen {
				first[record.Topic][record.Partition] = kgo.EpochOffset{Epoch: -1, Offset: record.Offset}
			}
		}
	}
	c.client.SetOffsets(first)
}

// count notes what was handled.
func (s *Source) count(part *part) {
	s.meters.records.Add(uint64(len(part.batch.Events)))
	s.meters.bytes.Add(uint64(part.bytes))
	s.meters.tombstones.Add(part.tombstones)
	for _, position := range part.batch.Positions {
		of := partition{position.Topic, position.Partition}
		s.meters.handle(of, position.Offset+1)
		if len(part.batch.Events) > 0 {
			s.anew.settle(of)
		}
	}
}
