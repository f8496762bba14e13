package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// kafkaBroker is a broker, real or not, with a topic and a group that only one test uses.
type kafkaBroker struct {
	address, topic, group string
	// sessionTimeout is how long the group waits for a member that was killed.
	sessionTimeout time.Duration
	producer       *kgo.Client
}

// newKafkaBroker returns a broker with a new topic of three partitions.
func newKafkaBroker(t *testing.T) *kafkaBroker {
	t.Helper()
	broker := openKafkaBroker(t)
	var err error
	broker.producer, err = kgo.NewClient(kgo.SeedBrokers(broker.address), kgo.DefaultProduceTopic(broker.topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.producer.Close)
	return broker
}

// produce writes events with a key, and so to one partition, in order. It returns when the broker has them.
func (b *kafkaBroker) produce(ctx context.Context, key string, events [][]byte) error {
	records := make([]*kgo.Record, len(events))
	for i, event := range events {
		records[i] = &kgo.Record{Key: []byte(key), Value: event}
	}
	if err := b.producer.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("produce: %w", errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

// link sends a host's events to the partition of the host.
func (b *kafkaBroker) link(host string) link {
	return link{
		send:  func(ctx context.Context, events [][]byte) error { return b.produce(ctx, host, events) },
		flush: func(context.Context) error { return nil },
		close: func() {},
		pace:  100 * time.Millisecond,
	}
}

// inputs is the part of a configuration that consumes from the broker and from nothing else.
func (b *kafkaBroker) inputs() string {
	return fmt.Sprintf("inputs: {kafka: {brokers: [%q], topics: [%q], group: %q, session_timeout: %s}}\n",
		b.address, b.topic, b.group, b.sessionTimeout)
}
