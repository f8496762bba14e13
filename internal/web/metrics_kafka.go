package web

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/logboom/logboom/internal/kafka"
)

// maxPartitions is how many partitions have metrics of their own. A consumer of more has the sums alone for the rest.
const maxPartitions = 1000

var (
	kafkaLastError    = describe("kafka_last_error_timestamp_seconds", "When something last went wrong with the brokers.")
	kafkaPartitionLag = describe("kafka_partition_lag_records",
		"Records of a partition that are not read yet; for the first 1000 partitions.", "topic", "partition")
	kafkaPartitionNext = describe("kafka_partition_next_offset",
		"Offset of the next record of a partition to be read; for the first 1000 partitions.", "topic", "partition")
)

var kafkaMetrics = metrics[kafka.Stats]{
	gauge("kafka_connected", "1 while a broker answered within the last session timeout.",
		func(s kafka.Stats) float64 { return truth(s.Connected) }),
	gauge("kafka_missing_topics", "Topics that do not exist yet.",
		func(s kafka.Stats) float64 { return float64(len(s.Waiting)) }),
	gauge("kafka_assigned_partitions", "Partitions that the group has given to this member.",
		func(s kafka.Stats) float64 { return float64(len(s.Assigned)) }),
	gauge("kafka_lag_records", "Records that are not read yet, of all partitions of which it is known.",
		func(s kafka.Stats) float64 {
			lag, _ := lagOf(s.Assigned)
			return float64(lag)
		}),
	gauge("kafka_lag_unknown_partitions", "Partitions whose lag is not known.", func(s kafka.Stats) float64 {
		_, unknown := lagOf(s.Assigned)
		return float64(unknown)
	}),
	counter("kafka_records_total", "Records taken.", func(s kafka.Stats) uint64 { return s.Records }),
	counter("kafka_read_bytes_total", "Bytes of the values of the records taken.",
		func(s kafka.Stats) uint64 { return s.Bytes }),
	counter("kafka_batches_total", "Batches taken.", func(s kafka.Stats) uint64 { return s.Batches }),
	counter("kafka_skipped_offsets_total", "Offsets passed over because the journal had them already.",
		func(s kafka.Stats) uint64 { return s.Skipped }),
	counter("kafka_missing_offsets_total", "Offsets that the broker deleted before they were read.",
		func(s kafka.Stats) uint64 { return s.Missing }),
	counter("kafka_tombstones_total", "Records without a value.", func(s kafka.Stats) uint64 { return s.Tombstones }),
	counter("kafka_resets_total", "Partitions read from their start because the broker lost or replaced their log.",
		func(s kafka.Stats) uint64 { return s.Resets }),
	counter("kafka_refused_batches_total", "Times a batch was not taken and was offered again.",
		func(s kafka.Stats) uint64 { return s.Refused }),
	counter("kafka_given_back_batches_total", "Batches given back untaken because the group rebalanced.",
		func(s kafka.Stats) uint64 { return s.GivenBack }),
	counter("kafka_rebalances_total", "Assignments received.", func(s kafka.Stats) uint64 { return s.Rebalances }),
	counter("kafka_lost_memberships_total", "Times membership of the group was lost other than by a rebalance.",
		func(s kafka.Stats) uint64 { return s.Lost }),
	counter("kafka_commits_total", "Commits of offsets to the group.", func(s kafka.Stats) uint64 { return s.Commits }),
	counter("kafka_commit_failures_total", "Commits of offsets that failed.",
		func(s kafka.Stats) uint64 { return s.CommitErrors }),
	counter("kafka_errors_total", "All that went wrong between here and the brokers.",
		func(s kafka.Stats) uint64 { return s.Errors }),
}

func collectKafka(out chan<- prometheus.Metric, of answer[kafka.Stats]) {
	kafkaMetrics.collect(out, of)
	if !of.known() {
		return
	}
	sendTime(out, kafkaLastError, of.value.LastErrorTime)
	for _, partition := range of.value.Assigned[:min(len(of.value.Assigned), maxPartitions)] {
		number := strconv.Itoa(int(partition.Partition))
		if partition.Lag >= 0 {
			send(out, kafkaPartitionLag, prometheus.GaugeValue, float64(partition.Lag), partition.Topic, number)
		}
		if partition.Next >= 0 {
			send(out, kafkaPartitionNext, prometheus.GaugeValue, float64(partition.Next), partition.Topic, number)
		}
	}
}
