package config

import (
	"fmt"
	"net/url"
	"strings"
)

// check judges settings together. Those that have a mistake of their own are left out: what they were meant to be is not
// known.
func (d *decoder) check(c *Config) {
	if c.Inputs == (Inputs{}) && d.sound("inputs") {
		d.complain("inputs", "no input; give lumberjack or kafka, or leave inputs out for Lumberjack on :5044")
	}
	d.checkJournal(c.Journal)
	if c.Inputs.Lumberjack != nil {
		d.checkLumberjack(c)
	}
	if c.Inputs.Kafka != nil {
		d.checkKafka(c.Inputs.Kafka)
	}
	if c.Alerts.Elasticsearch != nil {
		d.checkElasticsearch(c.Alerts.Elasticsearch)
	}
	if c.Alerts.Slack != nil {
		d.checkSlack()
	}
	d.checkReceivers(c.Alerts)
	d.checkOutputs(c.Outputs, c.Journal.Budget)
	d.checkFileOutputs(c)
	d.checkLumberjackOutputs(c.Outputs)
	d.checkHTTPOutputs(c.Outputs)
	d.checkElasticsearchOutputs(c.Outputs)
	d.checkKafkaOutputs(c)
	d.checkHTTP(c.HTTP)
	d.checkRules(c.Rules)
	if c.Alerts == (Alerts{Builtin: c.Alerts.Builtin}) && d.sound("alerts") {
		d.warn("alerts", "alerts go nowhere but to the journal")
	}
}

func (d *decoder) checkJournal(j Journal) {
	const segment, budget = "journal.segment_size", "journal.budget"
	if j.Budget > 0 && j.SegmentSize > j.Budget/2 && d.sound(segment, budget) {
		d.complainOfEither(segment, budget, "segment_size%s is more than half of budget%s", j.SegmentSize, j.Budget)
	}
}

func (d *decoder) checkLumberjack(c *Config) {
	const path = "inputs.lumberjack"
	if d.sound(path+".listen", "http.listen") && SamePort(c.Inputs.Lumberjack.Listen, c.HTTP.Listen) {
		d.complain(path+".listen", "the same port as http.listen")
	}
	d.checkLimits(path+".limits", c.Inputs.Lumberjack.Limits)
	if tls := c.Inputs.Lumberjack.TLS; tls != nil {
		d.checkClients(tls, path+".tls")
		d.checkKeyPair(path+".tls", tls.Certificate, tls.Key)
	}
	d.checkWritten(path, c.Inputs.Lumberjack)
}

// checkLimits complains of limits that others could never let be reached. One window gets at most half of what may be in
// flight.
func (d *decoder) checkLimits(path string, limits LumberjackLimits) {
	event, inflated, inFlight := path+".event", path+".inflated", path+".in_flight"
	if limits.Event > limits.Inflated && d.sound(event, inflated) {
		d.complainOfEither(event, inflated, "event%s is more than inflated%s", limits.Event, limits.Inflated)
	}
	if limits.Inflated > limits.InFlight/2 && d.sound(inflated, inFlight) {
		d.complainOfEither(inflated, inFlight, "inflated%s is more than half of in_flight%s", limits.Inflated, limits.InFlight)
	}
}

// complainOfEither complains of two sizes that do not go together, at whichever of them was given.
func (d *decoder) complainOfEither(one, other, format string, sizes ...int64) {
	shown := make([]any, len(sizes))
	for i, path := range []string{one, other} {
		shown[i] = ""
		if d.borrowed(path) == "" {
			shown[i] = " (" + formatSize(sizes[i]) + ")"
		}
	}
	if !d.has(one) {
		one = other
	}
	d.complain(one, fmt.Sprintf(format, shown...))
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// checkClients fills in client_authentication where it is not set, as Logstash does.
func (d *decoder) checkClients(tls *ServerTLS, path string) {
	authorities := len(tls.ClientAuthorities) > 0
	switch {
	case tls.ClientAuthentication == "" && authorities:
		tls.ClientAuthentication = ClientAuthenticationRequired
	case tls.ClientAuthentication == "":
		tls.ClientAuthentication = ClientAuthenticationNone
	case tls.ClientAuthentication != ClientAuthenticationNone && !authorities && d.sound(path+".client_authorities"):
		d.complain(path+".client_authentication", "no certificate can be checked without client_authorities")
	}
}

func (d *decoder) checkKafka(k *Kafka) {
	const path = "inputs.kafka"
	d.checkClientTLS(path+".tls", k.TLS)
	if k.SASL != nil && k.SASL.Mechanism == MechanismPlain && !k.TLS.Enabled {
		d.warn(path+".sasl", "with PLAIN and without tls the password travels readable")
	}
}

// checkPair complains when only one of two settings is given that need each other.
func (d *decoder) checkPair(one, other string) {
	if d.has(one) != d.has(other) && d.sound(one, other) {
		if d.has(other) {
			one, other = other, one
		}
		d.complain(one, "needs "+lastName(other)+" too")
	}
}

func (d *decoder) checkElasticsearch(e *Elasticsearch) {
	const path = "alerts.elasticsearch"
	d.checkPair(path+".username", path+".password")
	if d.has(path+".api_key") && (d.has(path+".username") || d.has(path+".password")) {
		d.complain(path+".api_key", "either api_key, or username and password")
	}
	if e.InsecureSkipVerify {
		d.warn(path+".insecure_skip_verify", "anybody can pose as the server")
	}
	for i, host := range e.Hosts {
		if address, err := url.Parse(host); err == nil && address.Scheme == "http" && e.CA != "" {
			d.warn(fmt.Sprintf("%s.hosts[%d]", path, i), "ca has no effect on http; did you mean https?")
		}
	}
}

func (d *decoder) checkSlack() {
	const path = "alerts.slack"
	token, channel, webhook := d.has(path+".token"), d.has(path+".channel"), d.has(path+".webhook")
	switch {
	case !d.sound(path):
	case webhook && token:
		d.complain(path+".webhook", "either webhook, or token and channel")
	case webhook && channel:
		d.complain(path+".channel", "a webhook has a channel of its own; remove channel")
	case !webhook && !token && !channel:
		d.complain(path, "needs token and channel, or webhook")
	case !webhook:
		d.checkPair(path+".token", path+".channel")
	}
}

func (d *decoder) checkHTTP(h HTTP) {
	if !d.sound("http.listen", "http.token", "http.insecure") || isLoopback(h.Listen) || h.Token.IsSet() || h.Insecure {
		return
	}
	d.warn("http.listen", "off loopback and without http.token only /livez and /readyz are answered; "+
		"set http.token, or http.insecure: true to open everything")
}
