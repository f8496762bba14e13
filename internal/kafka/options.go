package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Start is where a partition is read from when neither the group nor the journal knows a position.
type Start string

// The places to start at. The words are those of Kafka's auto.offset.reset.
const (
	Earliest Start = "earliest"
	Latest   Start = "latest"
)

// The defaults of Options.
const (
	DefaultClientID         = "logboom"
	DefaultSessionTimeout   = 6 * time.Second
	DefaultRebalanceTimeout = 60 * time.Second
	DefaultMaxBytes         = 16 << 20
	DefaultMaxBatch         = 2048
	DefaultMaxDecompressed  = 256 << 20
	DefaultCommitInterval   = time.Second
	DefaultShutdownTimeout  = 5 * time.Second
	DefaultMinBackoff       = 100 * time.Millisecond
	DefaultMaxBackoff       = 5 * time.Second
)

// Options say what to read and how. A zero field takes its default; Brokers, Topics and Group have none.
type Options struct {
	// Brokers are the addresses to begin with, host:port.
	Brokers []string
	// Topics are read whole, all partitions that the group assigns. One that does not exist is waited for.
	Topics []string
	// Group is the consumer group's id.
	Group string
	// ClientID names this client in the broker's logs and quotas.
	ClientID string
	// SessionTimeout is how long the coordinator waits for a heartbeat before it takes the partitions away. Heartbeats
	// are sent at a third of it.
	SessionTimeout time.Duration
	// RebalanceTimeout is how long the coordinator waits for members to give up their partitions when the group
	// rebalances. A batch not taken after a quarter of it is given back, to be read again after the rebalance.
	RebalanceTimeout time.Duration
	// Start applies to partitions without any known position. Default Earliest.
	Start Start
	// TLS, when not nil, encrypts all connections; see LoadTLS.
	TLS *tls.Config
	// SASL is the login, none by default.
	SASL SASL
	// MaxBytes bounds what is fetched from one broker at a time, as compressed by the producer, and the event bytes of
	// one batch. A single record set larger than it is still fetched. At most one such fetch a broker is kept
	// ahead of the handler.
	MaxBytes int
	// MaxBatch bounds the records of a batch.
	MaxBatch int
	// MaxDecompressed bounds the size to which a record set may decompress. A partition with a larger one stands still,
	// with an error that says so, until the limit is raised; other partitions go on.
	MaxDecompressed int
	// CommitInterval is the time between two commits of offsets to the group.
	CommitInterval time.Duration
	// ShutdownTimeout bounds each of the last commit and the leaving of the group when Run ends, and the commit when
	// partitions are given up.
	ShutdownTimeout time.Duration
	// MinBackoff and MaxBackoff bound the waits between two offers of a batch that the handler refuses; they double.
	MinBackoff, MaxBackoff time.Duration
	// Logger gets what happens, with whatever fields it carries.
	Logger zerolog.Logger
}

// withDefaults returns the options with their zero fields filled.
func (o Options) withDefaults() Options {
	fill(&o.ClientID, DefaultClientID)
	fill(&o.SessionTimeout, DefaultSessionTimeout)
	fill(&o.RebalanceTimeout, DefaultRebalanceTimeout)
	fill(&o.Start, Earliest)
	fill(&o.MaxBytes, DefaultMaxBytes)
	fill(&o.MaxBatch, DefaultMaxBatch)
	fill(&o.MaxDecompressed, DefaultMaxDecompressed)
	fill(&o.CommitInterval, DefaultCommitInterval)
	fill(&o.ShutdownTimeout, DefaultShutdownTimeout)
	fill(&o.MinBackoff, DefaultMinBackoff)
	fill(&o.MaxBackoff, DefaultMaxBackoff)
	return o
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports all mistakes at once, each with the field's name, without connecting anywhere. No secret is part of
// what it returns. Zero fields that have a default are no mistake.
func (o Options) Validate() error {
	filled := o.withDefaults()
	return errors.Join(filled.cluster().Validate(), filled.validateNames(), filled.validateLimits())
}

func (o Options) validateNames() error {
	var mistakes []error
	if len(o.Topics) == 0 || slices.Contains(o.Topics, "") {
		mistakes = append(mistakes, errors.New("topics: name at least one, none of them empty"))
	}
	if o.Group == "" {
		mistakes = append(mistakes, errors.New("group: must not be empty"))
	}
	if o.Start != Earliest && o.Start != Latest {
		mistakes = append(mistakes, fmt.Errorf("start: is %q, must be %q or %q", o.Start, Earliest, Latest))
	}
	return errors.Join(mistakes...)
}

func (o Options) validateLimits() error {
	var mistakes []error
	check := func(good bool, text string) {
		if !good {
			mistakes = append(mistakes, errors.New(text))
		}
	}
	check(o.SessionTimeout >= time.Second, "session_timeout: must be at least 1s")
	check(o.RebalanceTimeout >= time.Second, "rebalance_timeout: must be at least 1s")
	check(o.MaxBytes >= 1024 && o.MaxBytes <= maxFetch, "max_bytes: must be between 1KiB and 512MiB")
	check(o.MaxBatch >= 1, "max_batch: must be at least 1")
	check(o.MaxDecompressed >= o.MaxBytes, "max_decompressed: must not be below max_bytes")
	check(o.CommitInterval > 0 && o.ShutdownTimeout > 0, "commit_interval, shutdown_timeout: must be positive")
	check(o.MinBackoff > 0 && o.MaxBackoff >= o.MinBackoff, "backoff: must be positive, the least not above the greatest")
	return errors.Join(mistakes...)
}

const (
	// maxFetch keeps twice MaxBytes within what franz-go reads as one response.
	maxFetch = 512 << 20
	// minResponse leaves room for record sets that a topic allows and MaxBytes does not.
	minResponse = 100 << 20
)

// cluster returns how the cluster is reached.
func (o Options) cluster() Cluster {
	return Cluster{Brokers: o.Brokers, ClientID: o.ClientID, TLS: o.TLS, SASL: o.SASL}
}

// consuming returns what a member of the group needs besides a connection.
func (o Options) consuming() []kgo.Opt {
	start := kgo.NewOffset().AtStart()
	if o.Start == Latest {
		start = kgo.NewOffset().AtEnd()
	}
	return []kgo.Opt{
		kgo.ConsumerGroup(o.Group),
		kgo.ConsumeTopics(o.Topics...),
		kgo.ConsumeStartOffset(start),
		// Where the broker lost what was read, what is there now is new to us: read all of it.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// All eager. Range is what other clients offer by default, so that a group can be taken over while it runs.
		kgo.Balancers(kgo.StickyBalancer(), kgo.RangeBalancer(), kgo.RoundRobinBalancer()),
		kgo.SessionTimeout(o.SessionTimeout),
		kgo.HeartbeatInterval(o.SessionTimeout / 3),
		kgo.RebalanceTimeout(o.RebalanceTimeout),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.FetchMaxBytes(int32(o.MaxBytes)),
		kgo.FetchMaxPartitionBytes(int32(o.MaxBytes)),
		kgo.BrokerMaxReadBytes(int32(max(minResponse, 2*o.MaxBytes))),
		kgo.FetchMaxWait(fetchMaxWait),
		kgo.MaxDecompressBatchBytes(o.MaxDecompressed),
		kgo.MetadataMaxAge(metadataMaxAge),
	}
}

const (
	// fetchMaxWait is how long a broker holds a fetch that finds nothing new.
	fetchMaxWait = 500 * time.Millisecond
	// metadataMaxAge is how long new partitions of a topic may go unseen.
	metadataMaxAge = 30 * time.Second
)
