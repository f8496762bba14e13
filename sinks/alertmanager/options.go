package alertmanager

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks/post"
)

// The defaults of Options. A minute is Prometheus' --rules.alert.resend-delay.
const (
	DefaultTimeout = 10 * time.Second
	DefaultResend  = time.Minute
)

// Options say where and how to send. Only URLs is needed.
type Options struct {
	// URLs are the members of one cluster, each up to where /api begins. They hold no user names.
	URLs []string
	// Labels are added to each alert, such as severity: critical. They go before the labels of fields.
	Labels map[string]string
	// GeneratorURL is where people find out more; empty for none.
	GeneratorURL string
	// Username and Password, or Token, or none.
	Username, Password, Token string
	// CA are certificates in PEM that are trusted in the place of the system's; nil for those.
	CA                 []byte
	InsecureSkipVerify bool
	// Resend is how often an active alert is repeated; DefaultResend if zero.
	Resend time.Duration
	// Timeout is for one request; DefaultTimeout if zero.
	Timeout time.Duration
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// String says where alerts go, without any secret.
func (o Options) String() string { return "Alertmanager at " + strings.Join(o.URLs, ", ") }

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Resend <= 0 {
		o.Resend = DefaultResend
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	urls := make([]string, len(o.URLs))
	for i, url := range o.URLs {
		urls[i] = strings.TrimRight(url, "/")
	}
	o.URLs = urls
}

// labelName is Prometheus' rule for the names of labels.
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// validate returns every mistake at once.
func (o *Options) validate() error {
	var mistakes []error
	if len(o.URLs) == 0 {
		mistakes = append(mistakes, errors.New("urls: at least one is needed"))
	}
	for i, url := range o.URLs {
		if !post.IsURL(url) {
			mistakes = append(mistakes, fmt.Errorf("urls[%d]: not a URL such as http://alertmanager:9093", i))
		}
	}
	if o.GeneratorURL != "" && !post.IsURL(o.GeneratorURL) {
		mistakes = append(mistakes, errors.New("generator_url: not a URL such as http://logboom:9600"))
	}
	for name, value := range o.Labels {
		switch {
		case !labelName.MatchString(name):
			mistakes = append(mistakes, fmt.Errorf("labels: %q is not a name of a label", name))
		case name == labelAlert || name == labelRule || name == labelKey:
			mistakes = append(mistakes, fmt.Errorf("labels: %s is set by logboom", name))
		case value == "":
			mistakes = append(mistakes, fmt.Errorf("labels: %s has no value", name))
		}
	}
	return errors.Join(mistakes...)
}
