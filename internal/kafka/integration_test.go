//go:build integration

package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// These tests need a real broker: LOGBOOM_TEST_KAFKA is its plaintext bootstrap address. LOGBOOM_TEST_KAFKA_SASL, where
// set, is a SASL_SSL listener of it with the user logboom, password logboom-secret, whose CA is in the file
// LOGBOOM_TEST_KAFKA_CA.
const (
	plaintextVariable = "LOGBOOM_TEST_KAFKA"
	secureVariable    = "LOGBOOM_TEST_KAFKA_SASL"
	caVariable        = "LOGBOOM_TEST_KAFKA_CA"
	realPassword      = "logboom-secret"
)

// realBroker is a broker with a topic and a group that only this test uses.
type realBroker struct {
	*producer
	admin        *kadm.Client
	topic, group string
	options      Options
}

func newRealBroker(t *testing.T, partitions int32) *realBroker {
	t.Helper()
	address := os.Getenv(plaintextVariable)
	if address == "" {
		t.Fatalf("%s is not set: it is the bootstrap address of a Kafka broker for tests", plaintextVariable)
	}
	name := fmt.Sprintf("logboom-%s-%d", strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")), time.Now().UnixNano())
	broker := &realBroker{
		producer: newProducer(t, []string{address}), admin: newAdmin(t, []string{address}), topic: name, group: name,
	}
	broker.create(partitions)
	t.Cleanup(func() { _, _ = broker.admin.DeleteTopic(context.Background(), name) })
	broker.options = testOptions([]string{address})
	broker.options.Topics, broker.options.Group = []string{name}, name
	// A broker's group.min.session.timeout.ms is 6 s by default.
	broker.options.SessionTimeout, broker.options.RebalanceTimeout = 6*time.Second, 8*time.Second
	return broker
}

func (b *realBroker) create(partitions int32) {
	b.t.Helper()
	await(b.t, "the topic to be created", func() bool {
		_, err := b.admin.CreateTopic(context.Background(), partitions, 1, nil, b.topic)
		return err == nil
	})
}

func (b *realBroker) committed(number int32) int64 {
	b.t.Helper()
	offsets, err := b.admin.FetchOffsets(context.Background(), b.group)
	if err != nil {
		b.t.Fatal(err)
	}
	if offset, ok := offsets.Lookup(b.topic, number); ok {
		return offset.At
	}
	return -1
}

func TestRealBrokerInOrderAndResumed(t *testing.T) {
	broker := newRealBroker(t, 3)
	journal := newStore()
	source, stop := start(t, journal, broker.options)
	for number := range int32(3) {
		broker.send(broker.topic, number, numbered(fmt.Sprintf("p%d-", number), 1, 2000)...)
	}
	await(t, "6000 events", func() bool { return len(journal.all()) >= 6000 })
	stop()
	if stats := source.Stats(); stats.Records != 6000 || stats.CommitErrors != 0 {
		t.Errorf("stats: %+v", stats)
	}
	for number := range int32(3) {
		if got := broker.committed(number); got != 2000 {
			t.Errorf("the group's offset of partition %d is %d, want 2000", number, got)
		}
		broker.send(broker.topic, number, numbered(fmt.Sprintf("p%d-", number), 2001, 2010)...)
	}
	_, _ = start(t, journal, broker.options)
	await(t, "6030 events", func() bool { return len(journal.all()) >= 6030 })
	for number := range int32(3) {
		prefix := fmt.Sprintf("p%d-", number)
		if got := journal.with(prefix); !slices.Equal(got, numbered(prefix, 1, 2010)) {
			t.Errorf("partition %d: %d events, or not in order", number, len(got))
		}
	}
}

func TestRealBrokerJournalAheadOfTheGroup(t *testing.T) {
	broker := newRealBroker(t, 1)
	broker.send(broker.topic, 0, numbered("e", 0, 99)...)
	offsets := make(kadm.Offsets)
	offsets.AddOffset(broker.topic, 0, 10, -1)
	if err := broker.admin.CommitAllOffsets(context.Background(), broker.group, offsets); err != nil {
		t.Fatal(err)
	}
	journal := newStore()
	journal.positions[partition{broker.topic, 0}] = 49
	source, _ := start(t, journal, broker.options)
	journal.expect(t, numbered("e", 50, 99))
	if stats := source.Stats(); stats.Skipped != 40 {
		t.Errorf("stats: %+v", stats)
	}
	await(t, "the group's offset", func() bool { return broker.committed(0) == 100 })
}

func TestRealBrokerDeletedRecordsAreCounted(t *testing.T) {
	broker := newRealBroker(t, 1)
	broker.send(broker.topic, 0, numbered("e", 0, 99)...)
	offsets := make(kadm.Offsets)
	offsets.AddOffset(broker.topic, 0, 60, -1)
	if _, err := broker.admin.DeleteRecords(context.Background(), offsets); err != nil {
		t.Fatal(err)
	}
	journal := newStore()
	journal.positions[partition{broker.topic, 0}] = 9
	source, _ := start(t, journal, broker.options)
	journal.expect(t, numbered("e", 60, 99))
	if stats := source.Stats(); stats.Missing != 50 {
		t.Errorf("stats: %+v", stats)
	}
}

func TestRealBrokerTopicMadeAnew(t *testing.T) {
	broker := newRealBroker(t, 1)
	broker.send(broker.topic, 0, numbered("old", 1, 5)...)
	journal := newStore()
	_, _ = start(t, journal, broker.options)
	journal.expect(t, numbered("old", 1, 5))
	await(t, "the group's offset", func() bool { return broker.committed(0) == 5 })
	if _, err := broker.admin.DeleteTopic(context.Background(), broker.topic); err != nil {
		t.Fatal(err)
	}
	broker.create(1)
	newProducer(t, broker.options.Brokers).send(broker.topic, 0, numbered("new", 1, 20)...)
	journal.expect(t, append(numbered("old", 1, 5), numbered("new", 1, 20)...))
	await(t, "the group's offset", func() bool { return broker.committed(0) == 20 })
}

func TestRealBrokerRebalanceWhileBlocked(t *testing.T) {
	broker := newRealBroker(t, 2)
	want := append(numbered("a", 1, 30), numbered("b", 1, 30)...)
	broker.send(broker.topic, 0, want[:30]...)
	broker.send(broker.topic, 1, want[30:]...)
	journal := newStore()
	release, entered := make(chan struct{}), make(chan struct{}, 100)
	journal.before = func(ctx context.Context, _ int, _ *Batch) error {
		entered <- struct{}{}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-release:
			return nil
		}
	}
	first, _ := start(t, journal, broker.options)
	<-entered
	second, _ := start(t, journal, broker.options)
	await(t, "one each", func() bool { return len(first.Stats().Assigned) == 1 && len(second.Stats().Assigned) == 1 })
	close(release)
	journal.expectOnce(t, want)
	if stats := first.Stats(); stats.Lost != 0 || stats.GivenBack == 0 {
		t.Errorf("stats: %+v", stats)
	}
}

// Longer than the session and the rebalance timeout together.
func TestRealBrokerLongBackpressure(t *testing.T) {
	broker := newRealBroker(t, 1)
	broker.send(broker.topic, 0, numbered("e", 1, 10)...)
	journal := newStore()
	journal.before = func(ctx context.Context, call int, _ *Batch) error {
		if call > 1 {
			return nil
		}
		return waitFor(ctx, 15*time.Second)
	}
	source, _ := start(t, journal, broker.options)
	await(t, "the assignment", func() bool { return len(source.Stats().Assigned) == 1 })
	await(t, "10 events", func() bool { return len(journal.all()) >= 10 })
	await(t, "the group's offset", func() bool { return broker.committed(0) == 10 })
	if stats := source.Stats(); stats.Rebalances != 1 || stats.Lost != 0 || stats.CommitErrors != 0 || !stats.Connected {
		t.Errorf("stats: %+v", stats)
	}
}

func TestRealBrokerCompressedAndTombstones(t *testing.T) {
	broker := newRealBroker(t, 1)
	var want []string
	for _, codec := range []kgo.CompressionCodec{kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		compressed := newProducer(t, broker.options.Brokers, kgo.ProducerBatchCompression(codec))
		values := numbered(strings.Repeat("x", 200), 1, 100)
		compressed.send(broker.topic, 0, values...)
		want = append(want, values...)
	}
	broker.sendRecords(&kgo.Record{Topic: broker.topic, Key: []byte("k")})
	journal := newStore()
	source, _ := start(t, journal, broker.options)
	journal.expect(t, want)
	await(t, "the group behind the tombstone", func() bool { return broker.committed(0) == 401 })
	if stats := source.Stats(); stats.Tombstones != 1 {
		t.Errorf("stats: %+v", stats)
	}
}

func secureOptions(t *testing.T, broker *realBroker, mechanism, password string) Options {
	t.Helper()
	address := os.Getenv(secureVariable)
	if address == "" {
		t.Skipf("%s is not set: it is the address of a SASL_SSL listener", secureVariable)
	}
	options := broker.options
	options.Brokers = []string{address}
	options.TLS = mustLoad(t, os.Getenv(caVariable), "", "", false)
	options.SASL = SASL{mechanism, "logboom", password}
	return options
}

func TestRealBrokerWithLogin(t *testing.T) {
	for _, mechanism := range []string{ScramSHA256, ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			broker := newRealBroker(t, 1)
			options := secureOptions(t, broker, mechanism, realPassword)
			broker.send(broker.topic, 0, numbered("e", 1, 10)...)
			journal := newStore()
			source, _ := start(t, journal, options)
			journal.expect(t, numbered("e", 1, 10))
			if err := source.Check(context.Background()); err != nil {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

func TestRealBrokerRefusesTheLogin(t *testing.T) {
	broker := newRealBroker(t, 1)
	options := secureOptions(t, broker, ScramSHA256, "wrong-password")
	source, stop := start(t, newStore(), options)
	await(t, "the refusal", func() bool { return source.Stats().Errors > 0 })
	err := source.Check(context.Background())
	stop()
	stats := source.Stats()
	if !errors.Is(err, ErrAuthentication) || stats.Connected || !strings.Contains(stats.LastError, ErrAuthentication.Error()) {
		t.Errorf("Check: %v, stats: %+v", err, stats)
	}
	if strings.Contains(err.Error()+stats.LastError, "wrong-password") {
		t.Error("the password was shown")
	}
}

func TestRealBrokerCheck(t *testing.T) {
	broker := newRealBroker(t, 1)
	secure := secureOptions(t, broker, ScramSHA256, realPassword)
	untrusted := secure
	untrusted.TLS = mustLoad(t, "", "", "", false)
	plain := secure
	plain.TLS = nil
	unencrypted := broker.options
	unencrypted.TLS = secure.TLS
	absent := broker.options
	absent.Topics = []string{broker.topic, "logboom-absent"}
	for name, test := range map[string]struct {
		options Options
		want    error
	}{
		"plaintext":                 {broker.options, nil},
		"secure":                    {secure, nil},
		"absent topic":              {absent, ErrUnknownTopic},
		"untrusted certificate":     {untrusted, ErrTLS},
		"no TLS to a TLS port":      {plain, ErrTLS},
		"TLS to a port without TLS": {unencrypted, errAny},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := New(newStore().handle, newStore().position, test.options)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			err = source.Check(ctx)
			if errors.Is(test.want, errAny) && err != nil {
				return
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
