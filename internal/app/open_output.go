package app

import (
	"crypto/tls"
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/elasticsearch"
	"github.com/logboom/logboom/outputs/file"
	"github.com/logboom/logboom/outputs/http"
	kafkaoutput "github.com/logboom/logboom/outputs/kafka"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/outputs/lumberjack"
)

// openedOutput is an output and what it wants of the loop that drives it.
type openedOutput struct {
	output outputs.Output
	// texts are made of each event; asTheyCame leaves events as they are.
	texts      *logstash.Templates
	asTheyCame bool
	// batchBytes and batchEvents bound a batch; 0 for the defaults.
	batchBytes, batchEvents int
}

// openOutput makes an output of events, whose texts are compiled for what the encoder writes. Nothing is connected to.
func openOutput(
	c config.Output, encoder *logstash.Encoder, stdout io.Writer, logger zerolog.Logger,
) (opened openedOutput, err error) {
	var texts []string
	switch c.Type {
	case config.OutputElasticsearch:
		opened, texts, err = openElasticsearchOutput(*c.Elasticsearch)
	case config.OutputKafka:
		opened, texts, err = openKafkaOutput(*c.Kafka, logger)
	case config.OutputHTTP:
		opened, err = openHTTPOutput(*c.HTTP)
	case config.OutputLumberjack:
		opened, err = openLumberjackOutput(*c.Lumberjack)
	case config.OutputFile:
		opened.output, err = file.New(file.Options{
			Path: c.File.Path, RotateSize: c.File.RotateSize, Keep: c.File.Keep, Gzip: c.File.Gzip, Logger: logger,
		})
	case config.OutputStdout:
		opened.output = file.NewWriter(stdout)
	default:
		err = fmt.Errorf("no output is of type %s", c.Type)
	}
	if err == nil && len(texts) > 0 {
		opened.texts, err = logstash.NewTemplates(encoder, texts...)
	}
	return opened, err
}

func openElasticsearchOutput(c config.EventElasticsearch) (openedOutput, []string, error) {
	ca, err := authorities(c.CA)
	if err != nil {
		return openedOutput{}, nil, err
	}
	output, err := elasticsearch.New(elasticsearch.Options{
		Hosts: c.Hosts, Index: c.Index, DataStream: elasticsearch.DataStream(c.DataStream),
		Action: elasticsearch.Action(c.Action), Pipeline: c.Pipeline, Routing: c.Routing, DocumentID: c.DocumentID,
		Username: c.Username, Password: c.Password.Reveal(), APIKey: c.APIKey.Reveal(), CA: ca,
		InsecureSkipVerify: c.InsecureSkipVerify, CompressionLevel: c.CompressionLevel, Timeout: c.Timeout,
		Concurrency: c.Concurrency,
	})
	if err != nil {
		return openedOutput{}, nil, err
	}
	return openedOutput{output: output, batchBytes: int(c.BulkSize), batchEvents: c.BulkEvents}, output.Texts(), nil
}

func openKafkaOutput(c config.EventKafka, logger zerolog.Logger) (openedOutput, []string, error) {
	options := kafkaoutput.Options{
		Cluster: kafka.Cluster{Brokers: c.Brokers, ClientID: c.ClientID, SASL: saslOf(c.SASL)},
		Topic:   c.Topic, Key: c.Key, Compression: kafkaoutput.Compression(c.Compression),
		MaxRecordBytes: int(c.MaxRecordBytes), Timeout: c.Timeout, Logger: logger,
	}
	var err error
	if options.Cluster.TLS, err = clientTLS(c.TLS); err != nil {
		return openedOutput{}, nil, err
	}
	output, err := kafkaoutput.New(options)
	return openedOutput{output: output}, options.Texts(), err
}

func openLumberjackOutput(c config.EventLumberjack) (openedOutput, error) {
	trust, err := clientTLS(c.TLS)
	if err != nil {
		return openedOutput{}, err
	}
	output, err := lumberjack.New(lumberjack.Options{
		Hosts: c.Hosts, TLS: trust, Window: c.Window, Compression: c.CompressionLevel, Pipelining: c.Pipelining,
		Connections: c.Connections, LoadBalance: c.LoadBalance, Timeout: c.Timeout,
	})
	return openedOutput{output: output, asTheyCame: true}, err
}

func openHTTPOutput(c config.EventHTTP) (openedOutput, error) {
	ca, err := authorities(c.CA)
	if err != nil {
		return openedOutput{}, err
	}
	headers := make(map[string]string, len(c.Headers))
	for name, value := range c.Headers {
		headers[name] = value.Reveal()
	}
	output, err := http.New(http.Options{
		URL: c.URL.Reveal(), Format: http.Format(c.Format), Username: c.Username, Password: c.Password.Reveal(),
		Token: c.Token.Reveal(), Headers: headers, CA: ca, InsecureSkipVerify: c.InsecureSkipVerify,
		Compression: c.CompressionLevel, Concurrency: c.Concurrency, Timeout: c.Timeout,
	})
	return openedOutput{output: output, batchBytes: int(c.BatchSize), batchEvents: c.BatchEvents}, err
}

// outputSecrets are the secrets of all outputs of events.
func outputSecrets(list []config.Output) []config.Secret {
	var secrets []config.Secret
	for _, output := range list {
		if c := output.Elasticsearch; c != nil {
			secrets = append(secrets, c.Password, c.APIKey)
		}
		if c := output.Kafka; c != nil && c.SASL != nil {
			secrets = append(secrets, c.SASL.Password)
		}
		if c := output.HTTP; c != nil {
			secrets = append(secrets, c.URL, c.Password, c.Token)
			for _, value := range c.Headers {
				secrets = append(secrets, value)
			}
		}
	}
	return secrets
}

// saslOf returns a login at Kafka, none for nil.
func saslOf(c *config.SASL) kafka.SASL {
	if c == nil {
		return kafka.SASL{}
	}
	return kafka.SASL{Mechanism: string(c.Mechanism), Username: c.Username, Password: c.Password.Reveal()}
}

// clientTLS returns how a server is trusted, nil where TLS is not used.
func clientTLS(c config.ClientTLS) (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil
	}
	loaded, err := kafka.LoadTLS(c.CA, c.Certificate, c.Key, c.InsecureSkipVerify)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	loaded.ServerName = c.ServerName
	return loaded, nil
}
