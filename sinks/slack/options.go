package slack

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/sinks"
)

// The defaults of Options. One message a second is what Slack allows a channel; it tolerates short bursts.
const (
	DefaultURL      = "https://slack.com/api"
	DefaultTimeout  = 10 * time.Second
	DefaultInterval = time.Second
	burst           = 3

	DefaultStormThreshold = 20
	DefaultBacklogAge     = 5 * time.Minute
)

// Options say where and how to post. Either Token and Channel are needed, or WebhookURL.
type Options struct {
	// Token is a bot token (xoxb-...) with the scope chat:write, Channel the id of a channel that the bot is in. With
	// channels:history (groups:history for a private channel) messages are looked up before they are written again.
	Token, Channel string
	// WebhookURL is an incoming webhook's address, which is a secret as a whole.
	WebhookURL string
	// URL is where Slack's methods are; DefaultURL if empty.
	URL string
	// Timeout is for one request; DefaultTimeout if zero.
	Timeout time.Duration
	// Interval is the time between two messages, but for bursts of three; DefaultInterval if zero.
	Interval time.Duration
	// TextTemplate and DetailsTemplate are text/template sources over a message.Message that replace the sentence and the lines
	// below it. Empty: the default ones.
	TextTemplate, DetailsTemplate string
	// LinkTemplate is a text/template source over a message.Message that makes a URL where the logs can be looked at. Empty: none.
	// Texts are not escaped for Slack there; use urlquery.
	LinkTemplate string
	// StormThreshold is how many alerts may begin in a minute before they are counted in one message;
	// DefaultStormThreshold if zero.
	StormThreshold int
	// BacklogAge is how old, from its arrival, an alert has to be to be counted in one message with others;
	// DefaultBacklogAge if zero.
	BacklogAge time.Duration
	// DigestInterval is the shortest time between two changes of such a message; DefaultDigestInterval if zero.
	DigestInterval time.Duration
	// Logger takes what an operator has to know; its zero value says nothing.
	Logger zerolog.Logger
	// Now is the clock of the receipt below a message, and of storms, time.Now by default.
	Now func() time.Time
	// Transport sends the requests, for tests; one of its own by default.
	Transport http.RoundTripper
}

// String says where messages go, without any secret.
func (o Options) String() string {
	if o.WebhookURL != "" {
		return "an incoming webhook of Slack"
	}
	return fmt.Sprintf("channel %s of Slack", o.Channel)
}

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	if o.URL == "" {
		o.URL = DefaultURL
	}
	o.URL = strings.TrimRight(o.URL, "/")
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.StormThreshold <= 0 {
		o.StormThreshold = DefaultStormThreshold
	}
	if o.BacklogAge <= 0 {
		o.BacklogAge = DefaultBacklogAge
	}
	if o.DigestInterval <= 0 {
		o.DigestInterval = DefaultDigestInterval
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
		transport.MaxIdleConnsPerHost = 1                            // one message at a time
		o.Transport = transport
	}
}

// validate returns every mistake at once, without the secrets in it.
func (o *Options) validate() error {
	var mistakes []error
	switch webhook := o.WebhookURL != ""; {
	case webhook && (o.Token != "" || o.Channel != ""):
		mistakes = append(mistakes, errors.New("webhook_url: set either it, or token and channel"))
	case webhook && !isURL(o.WebhookURL):
		mistakes = append(mistakes, errors.New("webhook_url: not a URL such as https://hooks.slack.com/services/..."))
	case !webhook && (o.Token == "" || o.Channel == ""):
		mistakes = append(mistakes, errors.New("token and channel, or webhook_url, are needed"))
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		mistakes = append(mistakes, errors.New("token: it holds a space, a newline or another odd character"))
	}
	if !isURL(o.URL) {
		mistakes = append(mistakes, errors.New("url: not a URL such as "+DefaultURL))
	}
	return errors.Join(mistakes...)
}

func isURL(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != ""
}

// secrets returns all that must not be seen in an error.
func (o *Options) secrets() sinks.Secrets {
	texts := []string{o.Token, o.WebhookURL}
	for _, address := range []string{o.WebhookURL, o.URL} {
		if parsed, err := url.Parse(address); err == nil && parsed.User != nil {
			password, _ := parsed.User.Password()
			texts = append(texts, password)
		}
	}
	if parsed, err := url.Parse(o.WebhookURL); err == nil && len(parsed.Path) > 1 {
		texts = append(texts, parsed.Path, parsed.Path[strings.LastIndex(parsed.Path, "/")+1:])
	}
	return sinks.NewSecrets(texts...)
}
