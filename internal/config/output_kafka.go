package config

import (
	"fmt"
	"time"
)

// OutputKafka writes events to topics of a Kafka cluster.
const OutputKafka OutputType = "kafka"

// EventKafka is a cluster that events are written to.
type EventKafka struct {
	Brokers []string
	// Topic and Key are texts with %{...} in them; Key is empty for records without one.
	Topic, Key  string
	ClientID    string
	Compression KafkaCompression
	// MaxRecordBytes bounds a record before it is compressed; a larger one is a dead letter.
	MaxRecordBytes int64
	// Timeout is how long a write may take before it counts as failed, and is shown.
	Timeout time.Duration
	TLS     ClientTLS
	// SASL is nil where no user name is asked for.
	SASL *SASL
}

// KafkaCompression is how records are compressed, by Kafka's own names.
type KafkaCompression string

// The values of compression.
const (
	KafkaCompressionNone   KafkaCompression = "none"
	KafkaCompressionGzip   KafkaCompression = "gzip"
	KafkaCompressionSnappy KafkaCompression = "snappy"
	KafkaCompressionLZ4    KafkaCompression = "lz4"
	KafkaCompressionZstd   KafkaCompression = "zstd"
)

func kafkaOutput() outputKind {
	return outputKind{
		name: OutputKafka,
		start: func(o *Output) {
			o.Kafka = &EventKafka{
				Topic: "logs", ClientID: "logboom", Compression: KafkaCompressionSnappy, MaxRecordBytes: mebibyte,
				Timeout: 30 * time.Second,
			}
		},
		inside: func(o *Output) section { return eventKafkaSettings(o.Kafka) },
	}
}

func eventKafkaSettings(k *EventKafka) section {
	return section{
		{name: "brokers", value: textsSetting{&k.Brokers, 1, mostEntries, brokerSetting}, required: true},
		{name: "topic", value: textSetting(&k.Topic, "a topic such as logs or %{[@metadata][beat]}", isTopicText)},
		{name: "key", value: textSetting(&k.Key, "a key such as %{[host][name]}", isEventText)},
		{name: "client_id", value: textSetting(&k.ClientID, "a name", atMost(longestClientID))},
		{name: "compression", value: choiceSetting(&k.Compression, KafkaCompressionNone, KafkaCompressionGzip,
			KafkaCompressionSnappy, KafkaCompressionLZ4, KafkaCompressionZstd)},
		{name: "max_record_bytes", value: sizeSetting(&k.MaxRecordBytes, kibibyte, 256*mebibyte)},
		{name: "timeout", value: durationSetting(&k.Timeout, 100*time.Millisecond, time.Hour)},
		{name: "tls", value: given{
			section: clientTLSSettings(&k.TLS),
			begin:   func() { k.TLS.Enabled = true },
			present: func() bool { return k.TLS != ClientTLS{} },
		}},
		{name: "sasl", value: optional[SASL]{&k.SASL, defaultSASL, saslSettings}},
	}
}

// longestClientID is the longest name that clients of Kafka take.
const longestClientID = 249

// isTopicText checks a text with references to the event, and by Kafka's rules one that is the same for all events. What
// events say in one is known when they come.
func isTopicText(text string) error {
	template, err := parseEventText(text)
	if err != nil {
		return err
	}
	if _, constant := template.Constant(); constant {
		return isTopic(text)
	}
	return nil
}

// checkKafkaOutputs judges the settings of each output to Kafka together.
func (d *decoder) checkKafkaOutputs(c *Config) {
	d.checkOwnTopic(c)
	for _, output := range c.Outputs {
		if k := output.Kafka; k != nil {
			path := "outputs." + output.Name
			d.checkClientTLS(path+".tls", k.TLS)
			if k.SASL != nil && k.SASL.Mechanism == MechanismPlain && !k.TLS.Enabled {
				d.warn(path+".sasl", "with PLAIN and without tls the password travels readable")
			}
		}
	}
}

// checkOwnTopic complains where logboom would read what it wrote itself, for ever.
func (d *decoder) checkOwnTopic(c *Config) {
	if c.Inputs.Kafka == nil {
		return
	}
	for _, output := range c.Outputs {
		if output.Kafka == nil || !shareOne(output.Kafka.Brokers, c.Inputs.Kafka.Brokers) {
			continue
		}
		for _, topic := range c.Inputs.Kafka.Topics {
			if topic == output.Kafka.Topic {
				d.complain("outputs."+output.Name+".topic", fmt.Sprintf("%q is a topic that inputs.kafka reads: "+
					"each event would come back for ever; write to another one", topic))
			}
		}
	}
}

func shareOne(some, others []string) bool {
	for _, one := range some {
		for _, other := range others {
			if one == other {
				return true
			}
		}
	}
	return false
}
