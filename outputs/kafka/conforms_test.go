package kafka

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/outputs/outputtest"
)

func TestConforms(t *testing.T) {
	const largest = 16 << 20 // the suite has an event of 9 MiB
	for name, test := range map[string]struct {
		options    Options
		partitions int32
	}{
		"one partition": {Options{Compression: CompressionNone}, 1},
		"by key":        {Options{Compression: CompressionNone, Key: "%{[number]}"}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outputtest.Run(t, func(t *testing.T) outputtest.Fixture {
				// Compression is none because the broker looks into records here.
				cluster := newCluster(t, kfake.SeedTopics(test.partitions, testTopic),
					kfake.BrokerConfigs(map[string]string{"message.max.bytes": "20000000"}))
				options := optionsFor(cluster.ListenAddrs()...)
				options.Compression, options.Key, options.MaxRecordBytes = test.options.Compression, test.options.Key, largest
				return fixtureOf(t, cluster, options, test.partitions)
			})
		})
	}
}

func fixtureOf(t *testing.T, cluster *kfake.Cluster, options Options, partitions int32) outputtest.Fixture {
	t.Helper()
	var faults []*kfake.FaultHandle
	var reached atomic.Bool
	fault := func(err *kerr.Error, when func(kmsg.Request) bool, partitions ...int32) {
		faults = append(faults, cluster.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.Produce}, Topic: testTopic, Partitions: partitions, Err: err, Count: -1, When: when,
		}))
	}
	return outputtest.Fixture{
		Open: func(t *testing.T) outputs.Output {
			output, err := New(options)
			if err != nil {
				t.Fatal(err)
			}
			return output
		},
		Received: func(t *testing.T) [][]byte { return bodiesIn(t, cluster) },
		Options:  deliveryOptions(t, options),
		Fail: func(*testing.T) {
			options.Timeout = 200 * time.Millisecond // for outputs to come: the client tries for ever
			fault(kerr.NotEnoughReplicas, nil)
		},
		Stumble: func(*testing.T) {
			requests := 0
			fault(kerr.UnknownServerError, func(kmsg.Request) bool {
				requests++
				return requests%3 == 0
			})
		},
		Mend: func(*testing.T) {
			for _, fault := range faults {
				fault.Remove()
			}
			faults = nil
		},
		Refuse: func(t *testing.T, which func([]byte) bool) {
			for partition := range partitions {
				fault(kerr.MessageTooLarge, func(request kmsg.Request) bool {
					return slices.ContainsFunc(bodiesOf(t, request, partition), which)
				}, partition)
			}
		},
		Hang: func(t *testing.T) func() bool {
			hangs := make(chan struct{})
			t.Cleanup(func() { close(hangs) })
			cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				cluster.SleepControl(func() {
					reached.Store(true)
					<-hangs
				})
				return nil, nil, false
			})
			return reached.Load
		},
		Ordered: partitions == 1, OnceAfterFailures: true,
	}
}

// deliveryOptions returns the options of a Delivery of such an output.
func deliveryOptions(t *testing.T, options Options) outputs.Options {
	t.Helper()
	options.setDefaults()
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	templates, err := logstash.NewTemplates(encoder, options.Texts()...)
	if err != nil {
		t.Fatal(err)
	}
	return outputs.Options{Encoder: encoder, Texts: templates}
}

// bodiesIn returns the values of the records in the topic, each partition in order.
func bodiesIn(t *testing.T, cluster *kfake.Cluster) (bodies [][]byte) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(t.Context(), testTopic)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	ends.Each(func(end kadm.ListedOffset) { count += int(end.Offset) })
	if count == 0 {
		return nil
	}
	for _, record := range stored(t, cluster.ListenAddrs(), count, []string{testTopic}) {
		bodies = append(bodies, record.Value)
	}
	return bodies
}

// bodiesOf returns the values of the records for a partition in a request that is not compressed.
func bodiesOf(t *testing.T, request kmsg.Request, of int32) (bodies [][]byte) {
	for _, topic := range request.(*kmsg.ProduceRequest).Topics {
		for _, partition := range topic.Partitions {
			if partition.Partition != of {
				continue
			}
			var batch kmsg.RecordBatch
			if err := batch.ReadFrom(partition.Records); err != nil {
				t.Error(err)
			}
			for left := batch.Records; len(left) > 0; {
				var record kmsg.Record
				if err := record.ReadFrom(left); err != nil {
					t.Error(err)
				}
				length, size := binary.Varint(left)
				bodies = append(bodies, record.Value)
				left = left[size+int(length):]
			}
		}
	}
	return bodies
}
