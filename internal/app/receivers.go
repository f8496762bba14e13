package app

import (
	"fmt"
	"os"
	"slices"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/alertmanager"
	"github.com/logboom/logboom/sinks/email"
	"github.com/logboom/logboom/sinks/pagerduty"
	"github.com/logboom/logboom/sinks/webhook"
)

// receiverNames are the names of the sinks that are made here, of those that are used.
func receiverNames(alerts config.Alerts) []string {
	here := []string{webhookSink, alertmanagerSink, pagerDutySink, emailSink}
	return slices.DeleteFunc(sinkNames(alerts), func(name string) bool { return !slices.Contains(here, name) })
}

// receiver is a sink that can tell whether it would work.
type receiver interface {
	sinks.Sink
	checker
}

// openReceiver makes one of receiverNames. It connects to nothing.
func openReceiver(name string, alerts config.Alerts) (receiver, error) {
	switch name {
	case webhookSink:
		return openWebhook(*alerts.Webhook)
	case alertmanagerSink:
		return openAlertmanager(*alerts.Alertmanager)
	case pagerDutySink:
		return openPagerDuty(*alerts.PagerDuty)
	case emailSink:
		return openEmail(*alerts.Email)
	}
	return nil, fmt.Errorf("no sink is called %s", name)
}

func openWebhook(c config.Webhook) (receiver, error) {
	ca, err := authorities(c.CA)
	if err != nil {
		return nil, err
	}
	headers := make(map[string]string, len(c.Headers))
	for name, value := range c.Headers {
		headers[name] = value.Reveal()
	}
	sink, err := webhook.New(webhook.Options{
		URL: c.URL.Reveal(), Secret: c.Secret.Reveal(), Username: c.Username, Password: c.Password.Reveal(),
		Token: c.Token.Reveal(), Headers: headers, Body: c.Body, ContentType: c.ContentType, CA: ca,
		InsecureSkipVerify: c.InsecureSkipVerify, Timeout: c.Timeout,
	})
	return opened(sink, err)
}

func openAlertmanager(c config.Alertmanager) (receiver, error) {
	ca, err := authorities(c.CA)
	if err != nil {
		return nil, err
	}
	sink, err := alertmanager.New(alertmanager.Options{
		URLs: c.URLs, Labels: c.Labels, GeneratorURL: c.GeneratorURL, Username: c.Username, Password: c.Password.Reveal(),
		Token: c.Token.Reveal(), CA: ca, InsecureSkipVerify: c.InsecureSkipVerify, Resend: c.Resend, Timeout: c.Timeout,
	})
	return opened(sink, err)
}

func openPagerDuty(c config.PagerDuty) (receiver, error) {
	sink, err := pagerduty.New(pagerduty.Options{
		RoutingKey: c.RoutingKey.Reveal(), Severity: string(c.Severity), Source: c.Source, ClientURL: c.ClientURL, URL: c.URL,
		Timeout: c.Timeout,
	})
	return opened(sink, err)
}

func openEmail(c config.Email) (receiver, error) {
	ca, err := authorities(c.CA)
	if err != nil {
		return nil, err
	}
	sink, err := email.New(email.Options{
		Server: c.Server, TLS: email.TLS(c.TLS), Auth: email.Auth(c.Auth), Username: c.Username,
		Password: c.Password.Reveal(), From: c.From, To: c.To, Hello: c.Hello, Subject: c.Subject, Text: c.Text, CA: ca,
		InsecureSkipVerify: c.InsecureSkipVerify, StormThreshold: c.StormThreshold, Timeout: c.Timeout,
	})
	return opened(sink, err)
}

// opened returns a sink as a receiver, and no typed nil beside an error.
func opened[S receiver](sink S, err error) (receiver, error) {
	if err != nil {
		return nil, err
	}
	return sink, nil
}

// authorities returns what a file of ca holds, nil where none is set.
func authorities(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	return pem, nil
}

// receiverSecrets are the secrets of all receivers.
func receiverSecrets(alerts config.Alerts) []config.Secret {
	var secrets []config.Secret
	if c := alerts.Webhook; c != nil {
		secrets = append(secrets, c.URL, c.Secret, c.Password, c.Token)
		for _, value := range c.Headers {
			secrets = append(secrets, value)
		}
	}
	if c := alerts.Alertmanager; c != nil {
		secrets = append(secrets, c.Password, c.Token)
	}
	if c := alerts.PagerDuty; c != nil {
		secrets = append(secrets, c.RoutingKey)
	}
	if c := alerts.Email; c != nil {
		secrets = append(secrets, c.Password)
	}
	return secrets
}
