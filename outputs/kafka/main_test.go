package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testTopic = "logs"
	patience  = time.Minute
)

// newCluster starts brokers that speak the real protocol.
func newCluster(t testing.TB, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}

// writer is an output under test, and the numbers of its events.
type writer struct {
	testing.TB
	*Output
	number uint64
}

func optionsFor(brokers ...string) Options {
	return Options{Cluster: kafka.Cluster{Brokers: brokers}, Logger: zerolog.Nop()}
}

func newWriter(t testing.TB, options Options) *writer {
	t.Helper()
	output, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := output.Close(); err != nil {
			t.Error(err)
		}
	})
	return &writer{TB: t, Output: output}
}

// batch returns a batch of events for a topic.
func (w *writer) batch(topic string, bodies ...string) *outputs.Batch {
	batch := new(outputs.Batch)
	for _, body := range bodies {
		w.number++
		event := outputs.Event{Body: []byte(body), ID: outputs.ID{Journal: 7, Record: w.number}}
		event.Texts[textTopic] = []byte(topic)
		batch.Events = append(batch.Events, event)
		batch.Bytes += len(body)
	}
	return batch
}

func joined(batches ...*outputs.Batch) *outputs.Batch {
	all := new(outputs.Batch)
	for _, batch := range batches {
		all.Events = append(all.Events, batch.Events...)
		all.Bytes += batch.Bytes
	}
	return all
}

// once writes a batch once, and overwrites its memory afterwards, as the loop does.
func (w *writer) once(batch *outputs.Batch) []error {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	given := new(outputs.Batch)
	for _, event := range batch.Events {
		event.Body = slices.Clone(event.Body)
		for i := range event.Texts {
			event.Texts[i] = slices.Clone(event.Texts[i])
		}
		given.Events = append(given.Events, event)
	}
	outcomes, err := w.Write(ctx, given)
	for _, event := range given.Events {
		for i := range event.Body {
			event.Body[i] = '!'
		}
	}
	if err != nil {
		outcomes = make([]error, len(batch.Events))
		for i := range outcomes {
			outcomes[i] = err
		}
	}
	if len(outcomes) != len(batch.Events) {
		w.Fatalf("%d outcomes for %d events", len(outcomes), len(batch.Events))
	}
	return outcomes
}

// must writes a batch that has to be done at once.
func (w *writer) must(batch *outputs.Batch) {
	w.Helper()
	for i, outcome := range w.once(batch) {
		if outcome != nil {
			w.Fatalf("event %d: %v", i, outcome)
		}
	}
}

// left returns the events that have to be tried again.
func left(batch *outputs.Batch, outcomes []error) *outputs.Batch {
	rest := new(outputs.Batch)
	for i, outcome := range outcomes {
		if outcome != nil && !isPermanent(outcome) {
			rest.Events = append(rest.Events, batch.Events[i])
		}
	}
	return rest
}

// until writes a batch as often as it takes, and returns how often that was, and the outcomes that were no success.
func (w *writer) until(batch *outputs.Batch) (tries int, failures []error) {
	w.Helper()
	for deadline := time.Now().Add(6 * patience); len(batch.Events) > 0; tries++ {
		if time.Now().After(deadline) {
			w.Fatalf("%d events are not written: %v", len(batch.Events), failures[len(failures)-1])
		}
		outcomes := w.once(batch)
		for _, outcome := range outcomes {
			if outcome != nil && (len(failures) == 0 || failures[len(failures)-1].Error() != outcome.Error()) {
				failures = append(failures, outcome)
			}
		}
		batch = left(batch, outcomes)
	}
	return tries, failures
}

func numbered(prefix string, from, to int) []string {
	var values []string
	for i := from; i <= to; i++ {
		values = append(values, fmt.Sprintf("%s%d", prefix, i))
	}
	return values
}

// stored returns what is in topics, each partition in order, after at least so many records came.
func stored(t testing.TB, brokers []string, count int, topics []string, options ...kgo.Opt) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var records []*kgo.Record
	wait := patience
	for {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		fetches := client.PollFetches(ctx)
		cancel()
		records = append(records, fetches.Records()...)
		if len(records) >= count {
			wait = 300 * time.Millisecond // for what should not be there
		}
		if fetches.NumRecords() == 0 {
			break
		}
	}
	slices.SortStableFunc(records, func(a, b *kgo.Record) int {
		if a.Topic != b.Topic {
			return strings.Compare(a.Topic, b.Topic)
		}
		return int(a.Partition - b.Partition)
	})
	return records
}

func valuesOf(records []*kgo.Record) []string {
	values := make([]string, len(records))
	for i, record := range records {
		values[i] = string(record.Value)
	}
	return values
}

// expect compares what a topic of one partition holds.
func expect(t testing.TB, cluster *kfake.Cluster, topic string, want []string) {
	t.Helper()
	got := valuesOf(stored(t, cluster.ListenAddrs(), len(want), []string{topic}))
	if !slices.Equal(got, want) {
		t.Fatalf("%s holds %d records, want %d: %.300s, want %.300s", topic, len(got), len(want), fmt.Sprint(got), fmt.Sprint(want))
	}
}

// logged is a log that can be read while it is written.
type logged struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *logged) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}
