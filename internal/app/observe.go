package app

import (
	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/web"
	"github.com/logboom/logboom/sinks"
)

// sources are the rooms that the HTTP port shows.
func (a *App) sources() web.Sources {
	shown := web.Sources{Pipeline: a.pipeline, Journal: a.journal.Stats, DeadLetters: a.deadLetters.Stats}
	if a.lumberjack != nil {
		shown.Lumberjack = a.lumberjack.Stats
	}
	if a.kafka != nil {
		shown.Kafka = a.kafka.Stats
	}
	for _, delivery := range a.deliveries {
		shown.Sinks = append(shown.Sinks, web.Sink{Name: delivery.Stats().Name, Stats: delivery.Stats})
	}
	for _, delivery := range a.outputs {
		shown.Outputs = append(shown.Outputs, web.Output{Name: delivery.Stats().Name, Stats: delivery.Stats})
	}
	return shown
}

// secrets are the texts that nothing may show, whoever put them into an error.
func (a *App) secrets() sinks.Secrets {
	var secrets []config.Secret
	secrets = append(secrets, a.config.HTTP.Token)
	if c := a.config.Alerts.Elasticsearch; c != nil {
		secrets = append(secrets, c.Password, c.APIKey)
	}
	if c := a.config.Alerts.Slack; c != nil {
		secrets = append(secrets, c.Token, c.Webhook)
	}
	secrets = append(secrets, receiverSecrets(a.config.Alerts)...)
	secrets = append(secrets, outputSecrets(a.config.Outputs)...)
	if c := a.config.Inputs.Kafka; c != nil && c.SASL != nil {
		secrets = append(secrets, c.SASL.Password)
	}
	var texts []string
	for _, secret := range secrets {
		if secret.IsSet() {
			texts = append(texts, secret.Reveal())
		}
	}
	return sinks.NewSecrets(texts...)
}
