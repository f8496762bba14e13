package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testTopic = "logs"
	testGroup = "0"
	patience  = 20 * time.Second
)

// newCluster starts a broker that speaks the real protocol, with sessions short enough for tests.
func newCluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	defaults := []kfake.Opt{kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second)}
	cluster, err := kfake.NewCluster(append(defaults, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}

// newAdmin returns a client that produces to the partition named in each record, and its admin side.
func newAdmin(t *testing.T, brokers []string, options ...kgo.Opt) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// producer is what a test writes records with.
type producer struct {
	t      *testing.T
	client *kgo.Client
}

func newProducer(t *testing.T, brokers []string, options ...kgo.Opt) *producer {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.UnknownTopicRetries(20), kgo.MaxBufferedRecords(100_000), kgo.ProducerBatchMaxBytes(4<<20))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &producer{t, client}
}

func (p *producer) send(topic string, number int32, values ...string) {
	p.t.Helper()
	records := make([]*kgo.Record, len(values))
	for i, value := range values {
		records[i] = &kgo.Record{Topic: topic, Partition: number, Value: []byte(value)}
	}
	p.sendRecords(records...)
}

func (p *producer) sendRecords(records ...*kgo.Record) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		p.t.Fatalf("produce: %v", err)
	}
}

// numbered returns the texts from-to, each with the prefix.
func numbered(prefix string, from, to int) []string {
	var values []string
	for i := from; i <= to; i++ {
		values = append(values, fmt.Sprintf("%s%d", prefix, i))
	}
	return values
}

// store keeps events and positions in one step, as the journal does. block and fail, if set, are asked before.
type store struct {
	mu        sync.Mutex
	events    []string
	positions map[partition]int64
	batches   []int
	calls     int
	before    func(ctx context.Context, call int, batch *Batch) error
}

func newStore() *store { return &store{positions: make(map[partition]int64)} }

func (s *store) handle(ctx context.Context, batch *Batch) error {
	s.mu.Lock()
	s.calls++
	call, before := s.calls, s.before
	s.mu.Unlock()
	if before != nil {
		if err := before(ctx, call, batch); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, event := range batch.Events {
		s.events = append(s.events, string(event))
	}
	for _, position := range batch.Positions {
		s.positions[partition{position.Topic, position.Partition}] = position.Offset
	}
	s.batches = append(s.batches, len(batch.Events))
	return nil
}

func (s *store) position(topic string, number int32) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	offset, ok := s.positions[partition{topic, number}]
	return offset, ok
}

func (s *store) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// with returns the events that begin with prefix, in the order they were taken.
func (s *store) with(prefix string) []string {
	return slices.DeleteFunc(s.all(), func(event string) bool { return !strings.HasPrefix(event, prefix) })
}

func (s *store) expect(t *testing.T, want []string) {
	t.Helper()
	await(t, fmt.Sprintf("%d events", len(want)), func() bool { return len(s.all()) >= len(want) })
	if got := s.all(); !slices.Equal(got, want) {
		t.Fatalf("events: got %d %.20q, want %d %.20q", len(got), got, len(want), want)
	}
}

func testOptions(brokers []string) Options {
	return Options{
		Brokers: brokers, Topics: []string{testTopic}, Group: testGroup,
		SessionTimeout: time.Second, RebalanceTimeout: 4 * time.Second,
		CommitInterval: 50 * time.Millisecond, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond,
		Logger: zerolog.Nop(),
	}
}

// start runs a source until stop is called or the test ends; stop waits for it.
func start(t *testing.T, handler *store, options Options) (source *Source, stop func()) {
	t.Helper()
	source, err := New(handler.handle, handler.position, options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not end")
		}
	})
	t.Cleanup(stop)
	return source, stop
}

// await waits for a condition that other goroutines bring about.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// committed returns the group's offset of a partition, -1 where there is none.
func committed(t *testing.T, admin *kadm.Client, topic string, number int32) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	offsets, err := admin.FetchOffsets(ctx, testGroup)
	if err != nil {
		t.Fatal(err)
	}
	if offset, ok := offsets.Lookup(topic, number); ok {
		return offset.At
	}
	return -1
}

func TestOrderIsKeptAndOffsetsFollow(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(3, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	for number := range int32(3) {
		producer.send(testTopic, number, numbered(fmt.Sprintf("p%d-", number), 1, 500)...)
	}
	journal := newStore()
	options := testOptions(cluster.ListenAddrs())
	options.MaxBatch = 64
	source, _ := start(t, journal, options)
	await(t, "1500 events", func() bool { return len(journal.all()) >= 1500 })
	for number := range int32(3) {
		prefix := fmt.Sprintf("p%d-", number)
		if got := journal.with(prefix); !slices.Equal(got, numbered(prefix, 1, 500)) {
			t.Errorf("partition %d: got %d events, or not in order: %.10q", number, len(got), got)
		}
	}
	if largest := slices.Max(journal.batches); largest > 64 {
		t.Errorf("a batch held %d events, more than MaxBatch", largest)
	}
	admin := newAdmin(t, cluster.ListenAddrs())
	for number := range int32(3) {
		await(t, "the group's offset", func() bool { return committed(t, admin, testTopic, number) == 500 })
	}
	stats := source.Stats()
	if stats.Records != 1500 || !stats.Connected || len(stats.Assigned) != 3 || stats.Rebalances != 1 {
		t.Errorf("stats: %+v", stats)
	}
	for _, assigned := range stats.Assigned {
		if assigned.Next != 500 || assigned.Lag != 0 {
			t.Errorf("partition stats: %+v", assigned)
		}
	}
}

func TestShutdownCommits(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	admin := newAdmin(t, cluster.ListenAddrs())
	journal := newStore()
	options := testOptions(cluster.ListenAddrs())
	options.CommitInterval = time.Hour
	_, stop := start(t, journal, options)
	producer.send(testTopic, 0, numbered("a", 1, 5)...)
	journal.expect(t, numbered("a", 1, 5))
	producer.send(testTopic, 0, numbered("b", 1, 5)...)
	await(t, "10 events", func() bool { return len(journal.all()) == 10 })
	stop()
	if got := committed(t, admin, testTopic, 0); got != 10 {
		t.Errorf("the group's offset after shutdown is %d, want 10", got)
	}
	groups, err := admin.DescribeGroups(context.Background(), testGroup)
	if err != nil || len(groups[testGroup].Members) != 0 {
		t.Errorf("the group still has members: %+v, %v", groups, err)
	}
}

func TestRefusedBatchIsOfferedAgain(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 1, 100)...)
	journal := newStore()
	var first *Batch
	var received time.Time
	journal.before = func(_ context.Context, call int, batch *Batch) error {
		if call == 1 {
			first, received = batch, batch.Received
		}
		if call <= 3 {
			if batch != first || batch.Received != received {
				t.Error("another batch was offered than the one refused")
			}
			return errors.New("the journal is full")
		}
		if call%3 == 0 {
			return errors.New("full again")
		}
		return nil
	}
	options := testOptions(cluster.ListenAddrs())
	options.MaxBatch = 7
	source, _ := start(t, journal, options)
	journal.expect(t, numbered("e", 1, 100))
	if stats := source.Stats(); stats.Refused < 3 || stats.GivenBack != 0 {
		t.Errorf("stats: %+v", stats)
	}
}

func TestRefusalNeverMovesTheGroup(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 1, 20)...)
	journal := newStore()
	refused := errors.New("no")
	journal.before = func(context.Context, int, *Batch) error { return refused }
	source, stop := start(t, journal, testOptions(cluster.ListenAddrs()))
	await(t, "refusals", func() bool { return source.Stats().Refused >= 3 })
	stop()
	if got := committed(t, newAdmin(t, cluster.ListenAddrs()), testTopic, 0); got > 0 {
		t.Errorf("the group's offset is %d although nothing was taken", got)
	}
	journal.before = nil
	_, _ = start(t, journal, testOptions(cluster.ListenAddrs()))
	journal.expect(t, numbered("e", 1, 20))
}

func TestTombstonesAreSkippedAndCounted(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	tombstone := func() *kgo.Record { return &kgo.Record{Topic: testTopic, Key: []byte("k")} }
	event := func(value string) *kgo.Record { return &kgo.Record{Topic: testTopic, Value: []byte(value)} }
	producer.sendRecords(tombstone(), event("a"), tombstone(), event(""), tombstone())
	journal := newStore()
	source, _ := start(t, journal, testOptions(cluster.ListenAddrs()))
	journal.expect(t, []string{"a", ""})
	if offset, _ := journal.position(testTopic, 0); offset != 4 {
		t.Errorf("the position is %d, want 4: that of the last tombstone", offset)
	}
	producer.sendRecords(tombstone())
	admin := newAdmin(t, cluster.ListenAddrs())
	await(t, "the group behind the last tombstone", func() bool { return committed(t, admin, testTopic, 0) == 6 })
	if stats := source.Stats(); stats.Tombstones != 4 || stats.Records != 2 {
		t.Errorf("stats: %+v", stats)
	}
	if journal.calls != 1 {
		t.Errorf("the handler was called %d times, want 1: never with an empty batch", journal.calls)
	}
}

func TestRecordLargerThanMaxBytesIsPassedOn(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "8388608"}))
	large := strings.Repeat("x", 300_000)
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, "before", large, "after")
	journal := newStore()
	options := testOptions(cluster.ListenAddrs())
	options.MaxBytes = 4096
	_, _ = start(t, journal, options)
	journal.expect(t, []string{"before", large, "after"})
	if !slices.Equal(journal.batches, []int{1, 1, 1}) {
		t.Errorf("batches of %v events, want the large one alone", journal.batches)
	}
}

func TestFailedCommitIsMadeGood(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	failing := failCommits(cluster, 3)
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 1, 20)...)
	journal := newStore()
	source, _ := start(t, journal, testOptions(cluster.ListenAddrs()))
	journal.expect(t, numbered("e", 1, 20))
	admin := newAdmin(t, cluster.ListenAddrs())
	await(t, "the group's offset", func() bool { return committed(t, admin, testTopic, 0) == 20 })
	if stats := source.Stats(); stats.CommitErrors != 3 || failing() != 3 {
		t.Errorf("%d commits were refused, stats: %+v", failing(), stats)
	}
}

func TestRunOnce(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	source, stop := start(t, newStore(), testOptions(cluster.ListenAddrs()))
	await(t, "the assignment", func() bool { return source.Stats().Rebalances == 1 })
	stop()
	if err := source.Run(context.Background()); err == nil {
		t.Error("a second Run was accepted")
	}
}
