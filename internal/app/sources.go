package app

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/outputs/logstash"
)

// handleLumberjack gives a window to the pipeline. It is acknowledged when it is safe, and the connection reads on meanwhile.
func (a *App) handleLumberjack(ctx context.Context, batch *lumberjack.Batch) error {
	rejected := make([]pipeline.Rejected, len(batch.Rejected))
	for i, event := range batch.Rejected {
		rejected[i] = pipeline.Rejected(event)
	}
	wait, err := a.pipeline.Begin(ctx, &pipeline.Batch{
		Source: "lumberjack", Peer: batch.Remote.String(), Events: batch.Events, Rejected: rejected,
		Parts: partsOf(batch.Parts), TLS: peerOf(batch.TLS, a.asksForCertificates), Received: batch.Received,
		MayComeAgain: true,
	})
	batch.Wait = wait
	return err
}

func partsOf(parts []lumberjack.Part) []pipeline.Part {
	list := make([]pipeline.Part, len(parts))
	for i, part := range parts {
		list[i] = pipeline.Part(part)
	}
	return list
}

// peerOf returns what is kept of a handshake in which the sender was asked for its certificate.
func peerOf(state *tls.ConnectionState, asked bool) *pipeline.TLS {
	if state == nil || !asked {
		return nil
	}
	peer := logstash.PeerOf(state)
	return &pipeline.TLS{Verified: peer.Verified, Version: peer.Version, Subject: peer.Subject, Cipher: peer.Cipher}
}

// handleKafka gives records to the pipeline, with the positions that stand in the same commit.
func (a *App) handleKafka(ctx context.Context, batch *kafka.Batch) error {
	positions := make([]pipeline.Position, len(batch.Positions))
	for i, position := range batch.Positions {
		positions[i] = pipeline.Position{
			Topic: position.Topic, Partition: position.Partition, Offset: position.Offset, Epoch: position.LeaderEpoch,
		}
	}
	return a.pipeline.Handle(ctx, &pipeline.Batch{
		Source: "kafka", Peer: "kafka", Events: batch.Events, Positions: positions, Received: batch.Received,
	})
}

// keepEvents writes events that could not be taken to the dead letters.
func (a *App) keepEvents(ctx context.Context, letters []pipeline.DeadLetter) error {
	kept := make([]deadletter.Letter, len(letters))
	for i, letter := range letters {
		kept[i] = deadletter.Letter{
			Time: letter.Time, Source: letter.Source, Peer: letter.Peer, Reason: letter.Reason,
			Document: letter.Document, Length: letter.Length,
		}
	}
	return a.deadLetters.Write(ctx, kept...)
}

func lumberjackOptions(c config.Lumberjack, logger zerolog.Logger) (lumberjack.Options, error) {
	options := lumberjack.Options{
		Limits: lumberjack.Limits{
			Window: c.Limits.Window, Event: c.Limits.Event, Inflated: c.Limits.Inflated, Ratio: c.Limits.Ratio,
			InFlight: c.Limits.InFlight, Connections: c.Limits.Connections,
		},
		Timeouts: lumberjack.Timeouts{
			Handshake: c.HandshakeTimeout, Read: c.ReadTimeout, Idle: c.IdleTimeout, Write: c.WriteTimeout,
			Heartbeat: c.Heartbeat, KeepAlive: c.Keepalive,
		},
		Logger: logger,
	}
	var err error
	options.TLS, err = serverTLS(c.TLS)
	return options, err
}

func serverTLS(c *config.ServerTLS) (*tls.Config, error) {
	if c == nil {
		return nil, nil
	}
	loaded, err := lumberjack.LoadTLS(lumberjack.TLSOptions{
		Certificate: c.Certificate, Key: c.Key, ClientAuthorities: c.ClientAuthorities,
		ClientAuthentication: lumberjack.ClientAuthentication(c.ClientAuthentication),
	})
	if err != nil {
		return nil, fmt.Errorf("inputs.lumberjack.tls: %w", err)
	}
	return loaded, nil
}

func kafkaOptions(c config.Kafka, logger zerolog.Logger) (kafka.Options, error) {
	options := kafka.Options{
		Brokers: c.Brokers, Topics: c.Topics, Group: c.Group, ClientID: c.ClientID, SessionTimeout: c.SessionTimeout,
		Start: kafka.Start(c.Start), SASL: saslOf(c.SASL), Logger: logger,
	}
	var err error
	if options.TLS, err = clientTLS(c.TLS); err != nil {
		return options, fmt.Errorf("inputs.kafka.%w", err)
	}
	return options, nil
}
