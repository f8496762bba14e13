package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs/logstash"
)

// Compression is how batches of records are compressed, by the names of Kafka's compression.type.
type Compression string

// The values of Compression. Consumers need not know: each batch says how it is compressed.
const (
	CompressionNone   Compression = "none"
	CompressionGzip   Compression = "gzip"
	CompressionSnappy Compression = "snappy"
	CompressionLZ4    Compression = "lz4"
	CompressionZstd   Compression = "zstd"
)

// Defaults of Options.
const (
	DefaultTopic = "logs"
	// DefaultCompression is not Logstash's none: log events shrink to a fraction, on the network and on the disk of each
	// replica, where they stay for days. Of all that do that snappy takes the least CPU, a few tenths of a microsecond an
	// event, and every client since Kafka 0.8 reads it. What a consumer gets is the same.
	DefaultCompression = CompressionSnappy
	// DefaultMaxRecordBytes is Logstash's max_request_size, which is within what a broker takes by default.
	DefaultMaxRecordBytes = 1 << 20
	// DefaultTimeout is the request.timeout.ms of Kafka's own client.
	DefaultTimeout = 30 * time.Second
)

// The bounds of Options.MaxRecordBytes.
const (
	LeastMaxRecordBytes = 1 << 10
	MostMaxRecordBytes  = 256 << 20
)

// Options are the settings of an Output. Brokers are needed; zero values stand for the defaults.
type Options struct {
	// Cluster is how Kafka is reached.
	Cluster kafka.Cluster
	// Topic is where an event goes, and Key what its record's key is, as templates of package logstash. Without a Key
	// records have none.
	Topic, Key string
	// Compression is that of the batches of records.
	Compression Compression
	// MaxRecordBytes bounds a record, with what Kafka adds to it and before it is compressed. A larger one is refused
	// without asking Kafka.
	MaxRecordBytes int
	// Timeout is how long a Write waits for the outcome. After it the Write counts as failed, so that it shows; what was
	// given to the client is not given up for that.
	Timeout time.Duration
	// Logger gets what the client says, at a limited rate.
	Logger zerolog.Logger
}

// Texts are what the output wants made of each event, for Options.Texts of the Delivery.
func (o Options) Texts() []string {
	o.setDefaults()
	if o.Key == "" {
		return []string{o.Topic}
	}
	return []string{o.Topic, o.Key}
}

// The places of Texts.
const (
	textTopic = iota
	textKey
)

func (o *Options) setDefaults() {
	if o.Cluster.ClientID == "" {
		o.Cluster.ClientID = kafka.DefaultClientID
	}
	if o.Topic == "" {
		o.Topic = DefaultTopic
	}
	if o.Compression == "" {
		o.Compression = DefaultCompression
	}
	if o.MaxRecordBytes == 0 {
		o.MaxRecordBytes = DefaultMaxRecordBytes
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
}

// Validate reports all mistakes at once, each with the setting's name, without connecting anywhere. No secret is part of
// what it returns.
func (o Options) Validate() error {
	o.setDefaults()
	mistakes := []error{o.Cluster.Validate(), validateTopic(o.Topic)}
	if _, err := logstash.ParseTemplate(o.Key); err != nil {
		mistakes = append(mistakes, fmt.Errorf("key: %w", err))
	}
	if len(o.Cluster.ClientID) > 249 || strings.ContainsFunc(o.Cluster.ClientID, func(r rune) bool { return r < ' ' }) {
		mistakes = append(mistakes, errors.New("client_id: must be one line of at most 249 bytes"))
	}
	if _, known := codecs[o.Compression]; !known {
		mistakes = append(mistakes, fmt.Errorf("compression: is %q, must be none, gzip, snappy, lz4 or zstd", o.Compression))
	}
	if o.MaxRecordBytes < LeastMaxRecordBytes || o.MaxRecordBytes > MostMaxRecordBytes {
		mistakes = append(mistakes, errors.New("max_record_bytes: must be between 1KiB and 256MiB"))
	}
	if o.Timeout < 100*time.Millisecond {
		mistakes = append(mistakes, errors.New("timeout: must be at least 100ms"))
	}
	return errors.Join(mistakes...)
}

func validateTopic(text string) error {
	template, err := logstash.ParseTemplate(text)
	if err != nil {
		return fmt.Errorf("topic: %w", err)
	}
	if name, constant := template.Constant(); constant {
		if reason := misnamed([]byte(name)); reason != "" {
			return fmt.Errorf("topic: %q %s", name, reason)
		}
	}
	return nil
}

// codecs are the compressions' codecs.
var codecs = map[Compression]kgo.CompressionCodec{
	CompressionNone:   kgo.NoCompression(),
	CompressionGzip:   kgo.GzipCompression(),
	CompressionSnappy: kgo.SnappyCompression(),
	CompressionLZ4:    kgo.Lz4Compression(),
	CompressionZstd:   kgo.ZstdCompression(),
}

// leastWrite is as much as a broker takes in one request by default; it must hold the largest record.
const leastWrite = 100 << 20

// producing returns what the client needs besides a connection.
func (o *Options) producing() []kgo.Opt {
	return []kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(codecs[o.Compression]),
		kgo.ProducerBatchMaxBytes(int32(o.MaxRecordBytes)),
		kgo.BrokerMaxWriteBytes(int32(max(leastWrite, o.MaxRecordBytes+1<<20))),
		// As Kafka's own client: murmur2 of the key; without one, a partition as long as a batch is filled.
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		// Nothing is sent before all of a batch is there, so that nothing behind a failure can be on its way already. The
		// batch is the bound of what the client holds.
		kgo.ManualFlushing(),
		kgo.MaxBufferedRecords(1 << 40),
		// The client never gives a record up by itself that may be written: that would be a second copy of it.
		kgo.UnknownTopicRetries(-1),
		kgo.AllowAutoTopicCreation(), // as Kafka's own client, and so Logstash
		kgo.MetadataMinAge(metadataMinAge),
	}
}

// metadataMinAge bounds how soon a new leader is asked for after the last time.
const metadataMinAge = 500 * time.Millisecond

// misnamed says why a text is no topic's name, by Kafka's own rules, or returns nothing.
func misnamed(text []byte) string {
	switch {
	case len(text) == 0:
		return "is empty"
	case len(text) > longestTopic:
		return "is longer than the 249 characters of a topic's name"
	case string(text) == "." || string(text) == "..":
		return "is no name of a topic"
	case slices.ContainsFunc(text, func(c byte) bool { return !isTopicByte(c) }):
		return "is no name of a topic: letters, digits, dots, hyphens and underscores; " +
			"%{...} in it is a field that the event does not have"
	}
	return ""
}

const longestTopic = 249

func isTopicByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
}
