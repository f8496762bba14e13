package app

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/elasticsearch"
	"github.com/logboom/logboom/sinks/file"
	"github.com/logboom/logboom/sinks/slack"
)

// The names of the sinks: their sections in the configuration, their cursors' keys, their label in metrics.
const (
	elasticsearchSink = "elasticsearch"
	slackSink         = "slack"
	webhookSink       = "webhook"
	alertmanagerSink  = "alertmanager"
	pagerDutySink     = "pagerduty"
	emailSink         = "email"
	fileSink          = "file"
	stdoutSink        = "stdout"
)

func sinkNames(alerts config.Alerts) []string {
	var names []string
	for _, sink := range []struct {
		name string
		used bool
	}{
		{elasticsearchSink, alerts.Elasticsearch != nil},
		{slackSink, alerts.Slack != nil},
		{webhookSink, alerts.Webhook != nil},
		{alertmanagerSink, alerts.Alertmanager != nil},
		{pagerDutySink, alerts.PagerDuty != nil},
		{emailSink, alerts.Email != nil},
		{fileSink, alerts.File != nil},
		{stdoutSink, alerts.Stdout != nil},
	} {
		if sink.used {
			names = append(names, sink.name)
		}
	}
	return names
}

// openSink makes the sink of one section.
func openSink(name string, alerts config.Alerts, stdout io.Writer, logger zerolog.Logger) (sinks.Sink, error) {
	switch name {
	case elasticsearchSink:
		return openElasticsearch(*alerts.Elasticsearch, logger)
	case slackSink:
		return openSlack(*alerts.Slack, logger)
	case webhookSink, alertmanagerSink, pagerDutySink, emailSink:
		return openReceiver(name, alerts)
	case fileSink:
		return file.New(alerts.File.Path, logger)
	case stdoutSink:
		return file.NewWriter(stdout), nil
	}
	return nil, fmt.Errorf("no sink is called %s", name)
}

func openElasticsearch(c config.Elasticsearch, logger zerolog.Logger) (*elasticsearch.Sink, error) {
	var authorities []byte
	if c.CA != "" {
		var err error
		if authorities, err = os.ReadFile(c.CA); err != nil {
			return nil, fmt.Errorf("alerts.elasticsearch.ca: %w", err)
		}
	}
	return elasticsearch.New(elasticsearch.Options{
		Hosts: c.Hosts, Index: c.Index, Username: c.Username, Password: c.Password.Reveal(), APIKey: c.APIKey.Reveal(),
		CA: authorities, InsecureSkipVerify: c.InsecureSkipVerify, Timeout: c.Timeout, NoTemplate: !c.Template,
		Logger: logger,
	})
}

func openSlack(c config.Slack, logger zerolog.Logger) (*slack.Sink, error) {
	return slack.New(slack.Options{
		Token: c.Token.Reveal(), Channel: c.Channel, WebhookURL: c.Webhook.Reveal(), URL: c.URL, Timeout: c.Timeout,
		TextTemplate: c.Text, DetailsTemplate: c.Details, LinkTemplate: c.Link, StormThreshold: c.StormThreshold,
		Logger: logger,
	})
}

// startSinks opens all sinks before it sets any going, so that a mistake in one leaves nothing half delivered.
func (a *App) startSinks() error {
	outbox := a.pipeline.Outbox()
	last := func() uint64 { return a.pipeline.Status().Last }
	for _, name := range sinkNames(a.config.Alerts) {
		logger := a.component("sink").With().Str("sink", name).Logger()
		sink, err := openSink(name, a.config.Alerts, a.options.Stdout, logger)
		if err != nil {
			return fmt.Errorf("alerts.%s: %w", name, err)
		}
		a.deliveries = append(a.deliveries, sinks.NewDelivery(name, sink, outbox, outbox, a.keepAlert, sinks.Options{
			StartAfter: last(), Last: last, Logger: logger,
		}))
	}
	for _, delivery := range a.deliveries {
		ctx, cancel := context.WithCancel(context.Background())
		a.spawn("sink "+delivery.Stats().Name, cancel, func() error { return delivery.Run(ctx) })
	}
	a.onStop("delivery", a.drainSinks)
	return nil
}

// keepAlert writes an alert that a sink refused for good to the dead letters.
func (a *App) keepAlert(ctx context.Context, letter sinks.DeadLetter) error {
	err := a.deadLetters.Write(ctx, deadletter.Letter{
		Output: letter.Output, ID: letter.ID, Reason: letter.Reason, Document: letter.Document,
	})
	if err == nil {
		a.pipeline.AlertSetAside(letter.Output, a.secrets().Redact(letter.Reason), letter.ID)
	}
	return err
}

// drainSinks waits until the sinks that are not failing have taken everything, for a while, and says what is left.
func (a *App) drainSinks(ctx context.Context) error {
	drain(ctx, func() bool { return !a.delivered() })
	for _, delivery := range a.deliveries {
		if stats := delivery.Stats(); stats.Waiting > 0 {
			a.left = true
			a.logger.Warn().Str("sink", stats.Name).Uint64("alerts", stats.Waiting).
				Msg("these alerts are kept and will be delivered after the next start")
		}
	}
	return nil
}

func (a *App) delivered() bool {
	for _, delivery := range a.deliveries {
		stats := delivery.Stats()
		if stats.Waiting > 0 && stats.State != sinks.StateRetrying && stats.State != sinks.StateBlocked {
			return false
		}
	}
	return true
}
