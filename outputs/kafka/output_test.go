package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs"
)

func TestRecordsAreInOrderAndBare(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	before := time.Now().Add(-time.Second)
	want := numbered(strings.Repeat("x", 1000), 1, 5000) // several batches of records
	w.must(w.batch(testTopic, want[:4000]...))
	w.must(w.batch(testTopic, want[4000:]...))
	w.must(w.batch(testTopic))
	expect(t, cluster, testTopic, want)
	record := stored(t, cluster.ListenAddrs(), 1, []string{testTopic})[0]
	if record.Key != nil || len(record.Headers) != 0 || record.Timestamp.Before(before) || record.Timestamp.After(time.Now()) {
		t.Errorf("the record is %+v", record)
	}
}

func TestCompression(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	var want []string
	for number, compression := range []Compression{CompressionNone, CompressionGzip, CompressionSnappy, CompressionLZ4, CompressionZstd} {
		options := optionsFor(cluster.ListenAddrs()...)
		options.Compression = compression
		w := newWriter(t, options)
		values := numbered(strings.Repeat("y", 100), 1, 100)
		w.must(w.batch(testTopic, values...))
		want = append(want, values...)
		records := stored(t, cluster.ListenAddrs(), len(want), []string{testTopic})
		if got := records[len(records)-1].Attrs.CompressionType(); int(got) != number {
			t.Errorf("%s is stored as %d", compression, got)
		}
	}
	expect(t, cluster, testTopic, want)
}

func TestTopicsAndKeys(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(5, "a", "b"))
	options := optionsFor(cluster.ListenAddrs()...)
	options.Topic, options.Key = "%{[topic]}", "%{[host][name]}"
	if texts := options.Texts(); len(texts) != 2 || texts[0] != options.Topic || texts[1] != options.Key {
		t.Fatalf("texts %q", texts)
	}
	w := newWriter(t, options)
	var all []*outputs.Batch
	for i := range 300 {
		batch := w.batch([]string{"a", "b"}[i%2], strconv.Itoa(i))
		batch.Events[0].Texts[textKey] = fmt.Appendf(nil, "host%d", i%30)
		all = append(all, batch)
	}
	all[299].Events[0].Texts[textKey] = []byte{}
	w.must(joined(all...))
	records := stored(t, cluster.ListenAddrs(), 300, []string{"a", "b"})
	if len(records) != 300 {
		t.Fatalf("%d records", len(records))
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, record := range records {
		number, _ := strconv.Atoi(string(record.Value))
		key := fmt.Sprintf("host%d", number%30)
		if number == 299 {
			key = ""
		}
		if record.Topic != []string{"a", "b"}[number%2] || record.Key == nil || string(record.Key) != key {
			t.Errorf("record %d has topic %s and key %q", number, record.Topic, record.Key)
		}
		// As Kafka's own client: toPositive(murmur2(key)) % partitions.
		if want := int32(murmur2(record.Key)&0x7fffffff) % 5; record.Partition != want {
			t.Errorf("key %q is in partition %d, want %d", record.Key, record.Partition, want)
		}
	}
}

// murmur2 is Kafka's, from org.apache.kafka.common.utils.Utils.
func murmur2(data []byte) uint32 {
	const seed, m, r = uint32(0x9747b28c), uint32(0x5bd1e995), 24
	h := seed ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> r
		h = h*m ^ k*m
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(data[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}

func TestMurmur2(t *testing.T) {
	// From Kafka's UtilsTest.
	for text, want := range map[string]int32{"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536} {
		if got := int32(murmur2([]byte(text))); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestTextsThatAreNoTopics(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	names := []string{"", ".", "..", "a b", "%{[fields][app]}", "logs/1", "ä", strings.Repeat("a", 250), "logs\n"}
	batches := []*outputs.Batch{w.batch(testTopic, "first")}
	for _, name := range names {
		batches = append(batches, w.batch(name, "odd"))
	}
	outcomes := w.once(joined(append(batches, w.batch(testTopic, "last"))...))
	for i, outcome := range outcomes {
		good := i == 0 || i == len(outcomes)-1
		if good != (outcome == nil) || !good && !isPermanent(outcome) {
			t.Errorf("event %d: %v", i, outcome)
		}
	}
	if text := outcomes[5].Error(); !strings.Contains(text, `"%{[fields][app]}"`) || !strings.Contains(text, "does not have") {
		t.Errorf("the reason is %q", text)
	}
	expect(t, cluster, testTopic, []string{"first", "last"})
}

func TestRecordTooLarge(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	options := optionsFor(cluster.ListenAddrs()...)
	options.MaxRecordBytes = 10_000
	w := newWriter(t, options)
	fits := strings.Repeat("f", 10_000-overhead)
	outcomes := w.once(w.batch(testTopic, "a", fits, fits+"f", "b"))
	if outcomes[0] != nil || outcomes[1] != nil || !isPermanent(outcomes[2]) || outcomes[3] != nil {
		t.Errorf("outcomes %v", outcomes)
	}
	if text := outcomes[2].Error(); text != "the record of 10001 bytes is too large: max_record_bytes is 10000" {
		t.Errorf("the reason is %q", text)
	}
	expect(t, cluster, testTopic, []string{"a", fits, "b"})
}

// The broker bounds batches of records, ours are larger: all that fit alone must arrive, in order.
func TestBrokerFindsBatchesTooLarge(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic, "other"), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "5000"}))
	options := optionsFor(cluster.ListenAddrs()...)
	options.Compression = CompressionNone
	w := newWriter(t, options)
	large := strings.Repeat("L", 5000)
	values := numbered(strings.Repeat("v", 400), 1, 300)
	for range 2 {
		batch := joined(w.batch(testTopic, values[:100]...), w.batch("other", "o1"), w.batch(testTopic, large),
			w.batch(testTopic, values[100:]...), w.batch("other", "o2"))
		outcomes := w.once(batch)
		for i, outcome := range outcomes {
			if (i == 101) != isPermanent(outcome) || i != 101 && outcome != nil {
				t.Fatalf("event %d: %v", i, outcome)
			}
		}
		if text := outcomes[101].Error(); !strings.Contains(text, "the record of 5096 bytes is too large: the broker says MESSAGE_TOO_LARGE") {
			t.Errorf("the reason is %q", text)
		}
	}
	expect(t, cluster, testTopic, append(append([]string{}, values...), values...))
	expect(t, cluster, "other", []string{"o1", "o2", "o1", "o2"})
}

// The client sorts records of a topic that it does not know yet into partitions while it sends, so that the last of a batch may go
// out by themselves while the others are refused. So it gets to know the topic by one record.
func TestTheFirstRequestForATopicHasOneRecord(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic, "other"))
	var mutex sync.Mutex
	sizes := make(map[byte][]int) // of requests, by the letter that begins the bodies for a topic
	cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		counts := make(map[byte]int)
		for _, body := range bodiesOf(t, request, 0) {
			counts[body[0]]++
		}
		mutex.Lock()
		defer mutex.Unlock()
		for letter, count := range counts {
			sizes[letter] = append(sizes[letter], count)
		}
		return nil, nil, false
	})
	options := optionsFor(cluster.ListenAddrs()...)
	options.Compression = CompressionNone
	w := newWriter(t, options)
	w.must(joined(w.batch(testTopic, numbered("a", 1, 10)...), w.batch("other", numbered("o", 1, 5)...)))
	w.must(joined(w.batch("other", numbered("o", 6, 10)...), w.batch(testTopic, numbered("a", 11, 20)...)))
	mutex.Lock()
	defer mutex.Unlock()
	for letter, want := range map[byte][]int{'a': {1, 9, 10}, 'o': {1, 4, 5}} {
		if !slices.Equal(sizes[letter], want) {
			t.Errorf("the topic of %c got requests of %v records, want %v", letter, sizes[letter], want)
		}
	}
	expect(t, cluster, testTopic, numbered("a", 1, 20))
}

// What the broker refuses in the middle of several requests must not let what is behind it pass.
func TestNothingPassesAFailure(t *testing.T) {
	for name, failure := range map[string]*kerr.Error{
		"not valid":      kerr.InvalidRecord,
		"not authorized": kerr.TopicAuthorizationFailed,
		"corrupt":        kerr.CorruptMessage,
		"unknown":        kerr.UnknownServerError,
	} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
			w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
			w.must(w.batch(testTopic, "begin"))
			seen := make(map[kmsg.Request]bool)
			cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: testTopic, Err: failure, When: func(r kmsg.Request) bool {
				seen[r] = true
				return len(seen) == 2
			}})
			want := numbered(strings.Repeat("z", 1000), 1, 20_000)
			batch := w.batch(testTopic, want...)
			outcomes := w.once(batch)
			done := 0
			for done < len(outcomes) && outcomes[done] == nil {
				done++
			}
			if done == 0 || done == len(outcomes) {
				t.Fatalf("%d are done, the fault did not hit the middle", done)
			}
			for i, outcome := range outcomes[done:] {
				if outcome == nil || !errors.Is(outcome, failure) {
					t.Fatalf("event %d behind a failure: %v", done+i, outcome)
				}
			}
			blocked := errors.Is(failure, kerr.InvalidRecord) || errors.Is(failure, kerr.TopicAuthorizationFailed)
			if isBlocked(outcomes[done]) != blocked {
				t.Errorf("blocked %v: %v", isBlocked(outcomes[done]), outcomes[done])
			}
			w.must(left(batch, outcomes))
			expect(t, cluster, testTopic, append([]string{"begin"}, want...))
		})
	}
}

// What is to be retried by the client is retried with the same sequence, whatever is answered.
func TestPassingFailures(t *testing.T) {
	for _, failure := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut,
		kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidProducerEpoch, kerr.KafkaStorageError,
		kerr.UnknownTopicOrPartition,
	} {
		t.Run(failure.Message, func(t *testing.T) {
			t.Parallel()
			cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
			w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
			w.must(w.batch(testTopic, "begin"))
			handle := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: testTopic, Err: failure, Count: 2})
			want := numbered(strings.Repeat("z", 1000), 1, 3000)
			w.until(w.batch(testTopic, want...))
			if handle.Hits() == 0 {
				t.Error("the fault was not hit")
			}
			expect(t, cluster, testTopic, append([]string{"begin"}, want...))
		})
	}
}

// A failure that lasts is shown with its reason, and the records stay in the client, to be written once.
func TestLastingFailureIsShown(t *testing.T) {
	t.Parallel()
	for _, failure := range []*kerr.Error{kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.UnknownTopicOrPartition} {
		t.Run(failure.Message, func(t *testing.T) {
			t.Parallel()
			cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
			options := optionsFor(cluster.ListenAddrs()...)
			options.Timeout = time.Second
			w := newWriter(t, options)
			w.must(w.batch(testTopic, "begin"))
			handle := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: testTopic, Err: failure, Count: -1})
			want := numbered("e", 1, 10)
			batch := w.batch(testTopic, want...)
			for range 2 {
				for i, outcome := range w.once(batch) {
					if !errors.Is(outcome, failure) || isPermanent(outcome) || isBlocked(outcome) {
						t.Fatalf("event %d: %v", i, outcome)
					}
				}
			}
			handle.Remove()
			w.until(batch)
			expect(t, cluster, testTopic, append([]string{"begin"}, want...))
		})
	}
}

// The caller may give events up while they are in the client.
func TestEventsThatAreGivenUp(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	options := optionsFor(cluster.ListenAddrs()...)
	options.Timeout = 500 * time.Millisecond
	w := newWriter(t, options)
	w.must(w.batch(testTopic, "begin"))
	handle := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: testTopic, Err: kerr.NotEnoughReplicas, Count: -1})
	first := w.batch(testTopic, numbered("a", 1, 5)...)
	w.once(first)
	rest := &outputs.Batch{Events: append(first.Events[3:5:5], w.batch(testTopic, numbered("b", 1, 5)...).Events...)}
	if outcome := w.once(rest)[0]; outcome == nil {
		t.Fatal("done in spite of the fault")
	}
	handle.Remove()
	w.until(rest)
	expect(t, cluster, testTopic, slices.Concat([]string{"begin"}, numbered("a", 1, 5), numbered("b", 1, 5)))
}

func TestLeaderMoves(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.NumBrokers(3), kfake.SeedTopics(3, testTopic))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	var want []string
	for round := range 20 {
		for partition := range int32(3) {
			if err := cluster.MoveTopicPartition(testTopic, partition, (int32(round)+partition)%3); err != nil {
				t.Fatal(err)
			}
		}
		values := numbered(fmt.Sprintf("r%d-", round), 1, 500)
		w.must(w.batch(testTopic, values...))
		want = append(want, values...)
	}
	seen := make(map[string]int)
	for _, value := range valuesOf(stored(t, cluster.ListenAddrs(), len(want), []string{testTopic})) {
		seen[value]++
	}
	for _, value := range want {
		if seen[value] != 1 {
			t.Fatalf("%s is there %d times", value, seen[value])
		}
	}
}

func TestUnknownTopicIsRetriedAndShown(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	batch := joined(w.batch(testTopic, "a"), w.batch("later", "b"), w.batch(testTopic, "c"))
	begin := time.Now()
	outcomes := w.once(batch)
	if outcomes[0] != nil || outcomes[2] != nil || !errors.Is(outcomes[1], kafka.ErrUnknownTopic) ||
		isBlocked(outcomes[1]) || isPermanent(outcomes[1]) || !strings.Contains(outcomes[1].Error(), "topic later") {
		t.Fatalf("outcomes %v", outcomes)
	}
	if took := time.Since(begin); took > 2*creation {
		t.Errorf("it took %s to say so", took)
	}
	if err := cluster.CreateTopic("later", 1, nil); err != nil {
		t.Fatal(err)
	}
	w.must(left(batch, outcomes))
	expect(t, cluster, testTopic, []string{"a", "c"})
	expect(t, cluster, "later", []string{"b"})
}

func TestTopicIsCreatedWhereTheClusterDoesThat(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	w.must(w.batch("fresh", "a", "b"))
	expect(t, cluster, "fresh", []string{"a", "b"})
}

func TestTopicMadeAnew(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	options := optionsFor(cluster.ListenAddrs()...)
	options.Timeout = 2 * time.Second
	w := newWriter(t, options)
	w.must(w.batch(testTopic, "old"))
	if err := cluster.DeleteTopic(testTopic); err != nil {
		t.Fatal(err)
	}
	batch := w.batch(testTopic, "a", "b")
	outcomes := w.once(batch)
	if !errors.Is(outcomes[0], kafka.ErrUnknownTopic) && !errors.Is(outcomes[0], kerr.UnknownTopicID) {
		t.Errorf("outcomes %v", outcomes)
	}
	if err := cluster.CreateTopic(testTopic, 1, nil); err != nil {
		t.Fatal(err)
	}
	w.until(left(batch, outcomes))
	expect(t, cluster, testTopic, []string{"a", "b"})
}

// An answer that gets lost must not make a second copy.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	cuts, answers, enough := new(atomic.Int64), new(atomic.Int64), new(atomic.Bool)
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic), kfake.ListenFn(func(network, address string) (net.Listener, error) {
		listener, err := net.Listen(network, address)
		return &cutting{listener, 4, answers, cuts, enough}, err
	}))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	var want []string
	for round := range 15 {
		values := numbered(fmt.Sprintf("r%d-", round), 1, 50)
		w.until(w.batch(testTopic, values...))
		want = append(want, values...)
	}
	enough.Store(true)
	if cuts.Load() < 5 {
		t.Errorf("only %d answers were lost", cuts.Load())
	}
	expect(t, cluster, testTopic, want)
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic, "stuck"))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "stuck", Err: kerr.NotEnoughReplicas, Count: -1})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	begin := time.Now()
	outcomes, err := w.Write(ctx, joined(w.batch(testTopic, "a"), w.batch("stuck", "b")))
	if err != nil || outcomes[0] != nil || !errors.Is(outcomes[1], context.Canceled) {
		t.Errorf("outcomes %v, %v", outcomes, err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := w.Write(ctx, w.batch(testTopic, "c")); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	w.must(w.batch(testTopic, "d"))
	expect(t, cluster, testTopic, []string{"a", "d"})
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestKafkaIsDownAtStart(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := "127.0.0.1:" + strconv.Itoa(port)
	var log logged
	options := optionsFor(address)
	options.Logger = zerolog.New(&log).Level(zerolog.WarnLevel)
	options.Timeout = 700 * time.Millisecond
	w := newWriter(t, options)
	batch := w.batch(testTopic, "a", "b")
	for range 3 {
		outcomes := w.once(batch)
		if !errors.Is(outcomes[0], kafka.ErrUnreachable) || !strings.Contains(outcomes[0].Error(), address) || isBlocked(outcomes[0]) {
			t.Errorf("outcome %v", outcomes[0])
		}
	}
	for _, line := range strings.Split(log.String(), "\n") {
		if text := strings.TrimSpace(line); text != "" && strings.Count(log.String(), text) > 1 {
			t.Errorf("logged more than once: %s", text)
		}
	}
	cluster := newCluster(t, kfake.Ports(port), kfake.SeedTopics(1, testTopic))
	w.until(batch)
	expect(t, cluster, testTopic, []string{"a", "b"})
}

func TestMemoryOfTopicsIsBounded(t *testing.T) {
	cluster := newCluster(t, kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1))
	w := newWriter(t, optionsFor(cluster.ListenAddrs()...))
	var batches []*outputs.Batch
	for i := range mostTopics + 1 {
		batches = append(batches, w.batch(fmt.Sprintf("t%d", i), "e"))
	}
	w.until(joined(batches...))
	first := w.client
	w.must(w.batch("t1", "f"))
	if len(w.topics.byName) != 1 || w.client == first {
		t.Errorf("%d topics are remembered, and the client is the same: %v", len(w.topics.byName), w.client == first)
	}
	expect(t, cluster, "t1", []string{"e", "f"})
}
