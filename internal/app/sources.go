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
)

// handleLumberjack gives a window to the pipeline. It is acknowledged when it is safe, and the connection reads on meanwhile.
func (a *App) handleLumberjack(ctx context.Context, batch *lumberjack.Batch) error {
	rejected := make([]pipeline.Rejected, len(batch.Rejected))
	for i, event := range batch.Rejected {
		rejected[i] = pipeline.Rejected(event)
	}
	wait, err := a.pipeline.Begin(ctx, &pipeline.Batch{
		Source: "lumberjack", Peer: batch.Remote.String(), Events: batch.Events, Rejected: rejected,
		Received: batch.Received,
	})
	batch.Wait = wait
	return err
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
		Start: kafka.Start(c.Start), Logger: logger,
	}
	if c.SASL != nil {
		options.SASL = kafka.SASL{
			Mechanism: string(c.SASL.Mechanism), Username: c.SASL.Username, Password: c.SASL.Password.Reveal(),
		}
	}
	if !c.TLS.Enabled {
		return options, nil
	}
	loaded, err := kafka.LoadTLS(c.TLS.CA, c.TLS.Certificate, c.TLS.Key, c.TLS.InsecureSkipVerify)
	if err != nil {
		return options, fmt.Errorf("inputs.kafka.tls: %w", err)
	}
	loaded.ServerName = c.TLS.ServerName
	options.TLS = loaded
	return options, nil
}
