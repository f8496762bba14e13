package chaos

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// countKafka counts the records of the topic, from the first to what is the last one now.
func countKafka(ctx context.Context, broker string, l *ledger) error {
	reader, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(eventsTopic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return fmt.Errorf("make Kafka client: %w", err)
	}
	defer reader.Close()
	ends, err := kadm.NewClient(reader).ListEndOffsets(ctx, eventsTopic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("find the end of topic %s: %w", eventsTopic, err)
	}
	missing := int64(0)
	ends.Each(func(end kadm.ListedOffset) { missing += end.Offset })
	for missing > 0 {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("read topic %s, %d records to go: %w", eventsTopic, missing, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			missing--
			parsed, _ := parseRecord(r.Value) // what is none has no agent, which the ledger tells
			l.add(receipt{parsed, r.Timestamp})
		})
	}
	return nil
}

// makeTopic makes the topic of events before logboom writes to it.
func makeTopic(ctx context.Context, broker string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		return fmt.Errorf("make Kafka client: %w", err)
	}
	defer client.Close()
	received := "LogAppendTime" // of the broker, not when a record was made
	settings := map[string]*string{"message.timestamp.type": &received}
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 3, 1, settings, eventsTopic); err != nil {
		return fmt.Errorf("make topic %s: %w", eventsTopic, err)
	}
	return nil
}
