package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"text/template"
	"time"
)

// The receivers of alerts that people add to Elasticsearch and Slack: their data, defaults, tables and checks.

// Webhook is an endpoint that alerts are posted to. At most one of Password and Token is set.
type Webhook struct {
	URL Secret
	// Secret signs each message; not set for none.
	Secret   Secret
	Username string
	Password Secret
	Token    Secret
	Headers  map[string]Secret
	// Body is a template; empty for the built-in one. ContentType is what it makes.
	Body        string
	ContentType string
	// CA is a PEM file that is trusted in the place of the system's authorities; empty for those.
	CA                 string
	InsecureSkipVerify bool
	// Timeout bounds one request.
	Timeout time.Duration
}

// Alertmanager is a cluster of Prometheus' Alertmanagers, all of which alerts are sent to. At most one of Password and Token
// is set.
type Alertmanager struct {
	URLs []string
	// Labels are added to each alert.
	Labels map[string]string
	// GeneratorURL is where people find out more; empty for none.
	GeneratorURL string
	Username     string
	Password     Secret
	Token        Secret
	// CA is a PEM file that is trusted in the place of the system's authorities; empty for those.
	CA                 string
	InsecureSkipVerify bool
	// Resend is how often an active alert is repeated, Timeout bounds one request.
	Resend, Timeout time.Duration
}

// PagerDuty is a service that alerts are sent to.
type PagerDuty struct {
	RoutingKey Secret
	Severity   Severity
	// Source is what alerts of a rule without keys come from.
	Source string
	// ClientURL is where people find out more; empty for none.
	ClientURL string
	// URL is the root of the Events API.
	URL string
	// Timeout bounds one request.
	Timeout time.Duration
}

// Severity is how grave PagerDuty takes an alert for.
type Severity string

// The values of severity.
const (
	SeverityCritical Severity = "critical"
	SeverityError    Severity = "error"
	SeverityWarning  Severity = "warning"
	SeverityInfo     Severity = "info"
)

// Email is a mail server and who gets mails by it.
type Email struct {
	Server   string
	TLS      MailTLS
	Auth     MailAuth
	Username string
	Password Secret
	// From and To are addresses, with a name or without.
	From string
	To   []string
	// Hello is the name that logboom gives itself; empty for the machine's.
	Hello string
	// Subject and Text are templates; empty for the built-in ones.
	Subject, Text string
	// StormThreshold is how many mails go out in a minute.
	StormThreshold int
	// CA is a PEM file that is trusted in the place of the system's authorities; empty for those.
	CA                 string
	InsecureSkipVerify bool
	// Timeout bounds one mail.
	Timeout time.Duration
}

// MailTLS is how the connection to a mail server is secured.
type MailTLS string

// The values of tls.
const (
	// MailTLSAuto is implicit on port 465, none on loopback, and starttls elsewhere.
	MailTLSAuto     MailTLS = "auto"
	MailTLSStart    MailTLS = "starttls"
	MailTLSImplicit MailTLS = "implicit"
	MailTLSNone     MailTLS = "none"
)

// MailAuth is how a user is proven to a mail server.
type MailAuth string

// The values of auth.
const (
	// MailAuthAuto is plain where the server offers it, and login elsewhere.
	MailAuthAuto  MailAuth = "auto"
	MailAuthPlain MailAuth = "plain"
	MailAuthLogin MailAuth = "login"
)

func defaultWebhook() Webhook {
	return Webhook{ContentType: "application/json", Timeout: 15 * time.Second}
}

func defaultAlertmanager() Alertmanager {
	return Alertmanager{Resend: time.Minute, Timeout: 10 * time.Second}
}

func defaultPagerDuty() PagerDuty {
	return PagerDuty{
		Severity: SeverityError, Source: "logboom", URL: "https://events.pagerduty.com", Timeout: 10 * time.Second,
	}
}

func defaultEmail() Email {
	return Email{TLS: MailTLSAuto, Auth: MailAuthAuto, StormThreshold: 20, Timeout: 30 * time.Second}
}

// mostPairs is how many headers or labels there may be.
const mostPairs = 100

func webhookSettings(w *Webhook) section {
	return section{
		{
			name:  "url",
			value: secretSetting(&w.URL, "a URL such as https://example.com/alerts", notEmpty, isURL), required: true, secret: true,
		},
		{name: "secret", value: secretSetting(&w.Secret, "a secret such as whsec_...", notEmpty, visible), secret: true},
		{name: "username", value: textSetting(&w.Username, "a user name")},
		{name: "password", value: secretSetting(&w.Password, "a password", notEmpty), secret: true},
		{name: "token", value: secretSetting(&w.Token, "a token", notEmpty, visible), secret: true},
		{name: "headers", value: pairs[Secret]{&w.Headers, "headers (name: value)", mostPairs, isHeader, func(target *Secret) single[Secret] {
			return secretSetting(target, "a value of a header", notEmpty)
		}}, secret: true},
		{name: "body", value: messageSetting(&w.Body)},
		{name: "content_type", value: textSetting(&w.ContentType, "a content type such as application/json")},
		{name: "ca", value: authoritiesSetting(&w.CA)},
		{name: "insecure_skip_verify", value: flagSetting(&w.InsecureSkipVerify)},
		{name: "timeout", value: durationSetting(&w.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

func alertmanagerSettings(a *Alertmanager) section {
	address := func(target *string) single[string] { return urlSetting(target, "http://alertmanager:9093") }
	return section{
		{name: "urls", value: textsSetting{&a.URLs, 1, mostEntries, address}, required: true},
		{name: "labels", value: pairs[string]{&a.Labels, "labels (name: value)", mostPairs, isLabel, func(target *string) single[string] {
			return textSetting(target, "a value of a label")
		}}},
		{name: "generator_url", value: textSetting(&a.GeneratorURL, "a URL such as http://logboom:9600", isURL)},
		{name: "username", value: textSetting(&a.Username, "a user name")},
		{name: "password", value: secretSetting(&a.Password, "a password", notEmpty), secret: true},
		{name: "token", value: secretSetting(&a.Token, "a token", notEmpty, visible), secret: true},
		{name: "ca", value: authoritiesSetting(&a.CA)},
		{name: "insecure_skip_verify", value: flagSetting(&a.InsecureSkipVerify)},
		{name: "resend", value: durationSetting(&a.Resend, time.Second, day)},
		{name: "timeout", value: durationSetting(&a.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

func pagerDutySettings(p *PagerDuty) section {
	return section{
		{
			name:  "routing_key",
			value: secretSetting(&p.RoutingKey, "an integration key", notEmpty, visible), required: true, secret: true,
		},
		{name: "severity", value: choiceSetting(&p.Severity, SeverityCritical, SeverityError, SeverityWarning, SeverityInfo)},
		{name: "source", value: textSetting(&p.Source, "a name", atMost(longestRuleName))},
		{name: "client_url", value: textSetting(&p.ClientURL, "a URL such as http://logboom:9600", isURL)},
		{name: "url", value: urlSetting(&p.URL, "https://events.pagerduty.com")},
		{name: "timeout", value: durationSetting(&p.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

func emailSettings(e *Email) section {
	address := func(target *string) single[string] {
		return textSetting(target, "an address such as ops@example.com", isAddress)
	}
	return section{
		{name: "server", value: serverSetting(&e.Server, "smtp.example.com:587"), required: true},
		{name: "tls", value: choiceSetting(&e.TLS, MailTLSAuto, MailTLSStart, MailTLSImplicit, MailTLSNone)},
		{name: "auth", value: choiceSetting(&e.Auth, MailAuthAuto, MailAuthPlain, MailAuthLogin)},
		{name: "username", value: textSetting(&e.Username, "a user name")},
		{name: "password", value: secretSetting(&e.Password, "a password", notEmpty), secret: true},
		{name: "from", value: address(&e.From), required: true},
		{name: "to", value: textsSetting{&e.To, 1, mostEntries, address}, required: true},
		{name: "hello", value: textSetting(&e.Hello, "a host name", isHostName)},
		{name: "subject", value: messageSetting(&e.Subject)},
		{name: "text", value: messageSetting(&e.Text)},
		{name: "storm_threshold", value: wholeSetting(&e.StormThreshold, 1, 1000)},
		{name: "ca", value: authoritiesSetting(&e.CA)},
		{name: "insecure_skip_verify", value: flagSetting(&e.InsecureSkipVerify)},
		{name: "timeout", value: durationSetting(&e.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

// messageSetting is a templateSetting whose source may call toJson and join.
func messageSetting(target *string) single[string] {
	setting := linesSetting(target, "a template")
	parse := setting.parse
	functions := template.FuncMap{"toJson": func(any) string { return "" }, "join": strings.Join}
	setting.parse = func(text string) (string, error) {
		if _, err := template.New("").Funcs(functions).Parse(text); err != nil {
			return "", &misfit{cause: "line " + shortened(strings.TrimPrefix(err.Error(), "template: :"), longestMessage)}
		}
		return parse(text)
	}
	return setting
}

// serverSetting is a host and a port to connect to.
func serverSetting(target *string, example string) single[string] {
	return textSetting(target, "a host and port such as "+example, func(text string) error {
		host, port, err := net.SplitHostPort(text)
		if err != nil || host == "" || !isHost(host) || !isPort(port) || port == "0" {
			return &misfit{}
		}
		return nil
	})
}

// isAddress checks for an address as it stands in a mail's header.
func isAddress(text string) error {
	if _, err := mail.ParseAddress(text); err != nil {
		return &misfit{}
	}
	return nil
}

func isHostName(text string) error {
	if !isHost(text) {
		return &misfit{}
	}
	return nil
}

// headerName is RFC 9110's rule for the names of headers, labelName is Prometheus' for those of labels.
var (
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,99}$`)
)

func isHeader(text string) error {
	if !headerName.MatchString(text) {
		return errors.New("is not one of a header, such as X-Team")
	}
	switch strings.ToLower(text) {
	case "host", "content-length", "transfer-encoding", "connection", "content-type":
		return errors.New("is one that logboom sets itself")
	}
	return nil
}

func isLabel(text string) error {
	if !labelName.MatchString(text) {
		return errors.New("is not one of a label: letters, digits and underscores, and no digit in front")
	}
	switch text {
	case "alertname", "rule", "key":
		return errors.New("is one that logboom sets itself: alertname, rule or key")
	}
	return nil
}

// checkReceivers judges the settings of each receiver together.
func (d *decoder) checkReceivers(a Alerts) {
	if w := a.Webhook; w != nil {
		const path = "alerts.webhook"
		d.checkCredentials(path)
		d.checkTrust(path, w.InsecureSkipVerify)
		if d.has(path+".content_type") && w.Body == "" && d.sound(path+".body", path+".content_type") {
			d.complain(path+".content_type", "is for a body of your own; set body too")
		}
	}
	if m := a.Alertmanager; m != nil {
		d.checkAlertmanager(m)
	}
	if e := a.Email; e != nil {
		d.checkEmail(e)
	}
}

func (d *decoder) checkAlertmanager(a *Alertmanager) {
	const path = "alerts.alertmanager"
	d.checkCredentials(path)
	d.checkTrust(path, a.InsecureSkipVerify)
	for i, text := range a.URLs {
		if address, err := url.Parse(text); err == nil && address.Scheme == "http" && a.CA != "" {
			d.warn(fmt.Sprintf("%s.urls[%d]", path, i), "ca has no effect on http; did you mean https?")
		}
	}
}

// checkCredentials complains of a user without a password, and of two ways to log in.
func (d *decoder) checkCredentials(path string) {
	d.checkPair(path+".username", path+".password")
	if d.has(path+".token") && (d.has(path+".username") || d.has(path+".password")) {
		d.complain(path+".token", "either token, or username and password")
	}
}

func (d *decoder) checkTrust(path string, insecure bool) {
	if insecure {
		d.warn(path+".insecure_skip_verify", "anybody can pose as the server")
	}
}

func (d *decoder) checkEmail(e *Email) {
	const path = "alerts.email"
	d.checkPair(path+".username", path+".password")
	d.checkTrust(path, e.InsecureSkipVerify)
	if e.TLS != MailTLSNone || isLoopback(e.Server) || !d.sound(path+".tls", path+".server") {
		return
	}
	if e.Password.IsSet() {
		d.complain(path+".tls", "without TLS the password would travel readable; it does so to loopback only")
		return
	}
	d.warn(path+".tls", "without TLS the mails travel readable")
}
