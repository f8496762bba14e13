package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsets are the positions that the handler took and the group does not know yet. It is safe for concurrent use.
type offsets struct {
	source *Source

	// flushing is held from a look at pending to the end of the commit of it, and while partitions are dropped: what
	// was given up can then not be committed later, over the commits of its new owner.
	flushing sync.Mutex

	mu      sync.Mutex
	pending map[partition]kgo.EpochOffset
}

func newOffsets(s *Source) *offsets {
	return &offsets{source: s, pending: make(map[partition]kgo.EpochOffset)}
}

// mark notes what was handled, to be committed.
func (o *offsets) mark(positions []Position) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, position := range positions {
		of := partition{position.Topic, position.Partition}
		o.pending[of] = kgo.EpochOffset{Epoch: position.LeaderEpoch, Offset: position.Offset + 1}
	}
}

// drop forgets partitions that belong to somebody else now. It waits for a commit that is under way.
func (o *offsets) drop(partitions map[string][]int32) {
	o.flushing.Lock()
	defer o.flushing.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	each(partitions, func(of partition) { delete(o.pending, of) })
}

// follow commits what is pending at every interval until ctx ends.
func (o *offsets) follow(ctx context.Context, client *kgo.Client) {
	for pause(ctx, nil, o.source.options.CommitInterval) {
		o.flush(client)
	}
}

// flush commits what is pending and waits for it, no longer than ShutdownTimeout.
func (o *offsets) flush(client *kgo.Client) {
	o.flushing.Lock()
	defer o.flushing.Unlock()
	pending := o.snapshot()
	if len(pending) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.source.options.ShutdownTimeout)
	defer cancel()
	client.CommitOffsetsSync(ctx, pending, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error) {
		o.committed(pending, response, err)
	})
}

// snapshot copies what is pending.
func (o *offsets) snapshot() map[string]map[int32]kgo.EpochOffset {
	o.mu.Lock()
	defer o.mu.Unlock()
	taken := make(map[string]map[int32]kgo.EpochOffset)
	for of, offset := range o.pending {
		if taken[of.topic] == nil {
			taken[of.topic] = make(map[int32]kgo.EpochOffset)
		}
		taken[of.topic][of.number] = offset
	}
	return taken
}

// committed strikes out what the coordinator has stored; the rest stays for the next time.
func (o *offsets) committed(sent map[string]map[int32]kgo.EpochOffset, response *kmsg.OffsetCommitResponse, err error) {
	meters := &o.source.meters
	if err != nil {
		o.failed(err)
		return
	}
	meters.commits.Add(1)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, topic := range response.Topics {
		for _, answer := range topic.Partitions {
			of := partition{topic.Topic, answer.Partition}
			if err := kerr.ErrorForCode(answer.ErrorCode); err != nil {
				o.failed(fmt.Errorf("%s[%d]: %w", of.topic, of.number, err))
			} else if o.pending[of] == sent[of.topic][of.number] {
				delete(o.pending, of)
			}
		}
	}
}

func (o *offsets) failed(err error) {
	o.source.meters.commitErrors.Add(1)
	err = o.source.meters.failed(fmt.Errorf("commit offsets: %w", err))
	o.source.warn("commit", err, "offsets could not be committed to the Kafka consumer group; nothing is lost, the journal has them")
}

// each calls visit for every partition of a franz-go assignment.
func each(partitions map[string][]int32, visit func(partition)) {
	for topic, numbers := range partitions {
		for _, number := range numbers {
			visit(partition{topic, number})
		}
	}
}
