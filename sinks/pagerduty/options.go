package pagerduty

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks/post"
)

// The defaults of Options.
const (
	DefaultURL      = "https://events.pagerduty.com"
	DefaultSeverity = "error"
	DefaultSource   = "logboom"
	DefaultTimeout  = 10 * time.Second
)

// Severities returns the values of Severity, the gravest first.
func Severities() []string { return []string{"critical", "error", "warning", "info"} }

// Options say how to send. Only RoutingKey is needed.
type Options struct {
	// RoutingKey is the integration key of a service or a ruleset. It is a secret.
	RoutingKey string
	// URL is up to where /v2/enqueue begins; DefaultURL if empty. In the service region EU it is
	// https://events.eu.pagerduty.com.
	URL string
	// Severity is how grave alerts are, one of Severities; DefaultSeverity if empty.
	Severity string
	// Source is what alerts of a rule without a key are said to come from; DefaultSource if empty. With a key it is the key.
	Source string
	// ClientURL is where people find out more; empty for none.
	ClientURL string
	// Timeout is for one request; DefaultTimeout if zero.
	Timeout time.Duration
}

// String says where alerts go, without any secret.
func (o Options) String() string { return "PagerDuty at " + o.URL }

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	for _, option := range []struct {
		value  *string
		preset string
	}{{&o.URL, DefaultURL}, {&o.Severity, DefaultSeverity}, {&o.Source, DefaultSource}} {
		if *option.value == "" {
			*option.value = option.preset
		}
	}
	o.URL = strings.TrimRight(o.URL, "/")
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
}

// validate returns every mistake at once, without the secrets in it.
func (o *Options) validate() error {
	var mistakes []error
	if o.RoutingKey == "" {
		mistakes = append(mistakes, errors.New("routing_key: it is needed"))
	}
	if strings.ContainsFunc(o.RoutingKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		mistakes = append(mistakes, errors.New("routing_key: it holds a space, a newline or another odd character"))
	}
	if !post.IsURL(o.URL) {
		mistakes = append(mistakes, errors.New("url: not a URL such as "+DefaultURL))
	}
	if o.ClientURL != "" && !post.IsURL(o.ClientURL) {
		mistakes = append(mistakes, errors.New("client_url: not a URL such as http://logboom:9600"))
	}
	if !slices.Contains(Severities(), o.Severity) {
		mistakes = append(mistakes, fmt.Errorf("severity: not one of %s", strings.Join(Severities(), ", ")))
	}
	return errors.Join(mistakes...)
}
