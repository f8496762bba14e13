package elasticsearch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	client "github.com/elastic/go-elasticsearch/v8"
	"github.com/rs/zerolog"

	"github.com/logboom/logboom/sinks"
)

// The defaults of Options.
const (
	DefaultIndex   = "alerts"
	DefaultTimeout = 60 * time.Second
)

// Options say where and how to index. The zero value of each field but Hosts is a usable default.
type Options struct {
	// Hosts are the URLs of the nodes, http or https, taken in turn. User information in one is used for it and never
	// shown.
	Hosts []string
	// Index is the name of an index, an alias or a data stream; DefaultIndex if empty.
	Index string
	// Username and Password are for basic authentication.
	Username, Password string
	// APIKey is used instead of a password: in the form id:key, or encoded as Elasticsearch hands it out.
	APIKey string
	// CA is a PEM bundle of the authorities to trust instead of the system's.
	CA []byte
	// InsecureSkipVerify takes any certificate. It makes TLS worthless against whoever can listen in.
	InsecureSkipVerify bool
	// Timeout is for one request, from the connection to the end of the answer; DefaultTimeout if zero, which is what
	// Logstash's output waits.
	Timeout time.Duration
	// NoTemplate leaves index templates alone. Otherwise one for Index is installed before the first document.
	NoTemplate bool
	// Logger takes what an operator has to know; its zero value says nothing.
	Logger zerolog.Logger
}

// String names the hosts, without any secret.
func (o Options) String() string {
	return fmt.Sprintf("index %s on %s", o.Index, strings.Join(redactHosts(o.Hosts), ", "))
}

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	if o.Index == "" {
		o.Index = DefaultIndex
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
}

// validate returns every mistake at once.
func (o *Options) validate() error {
	var mistakes []error
	if len(o.Hosts) == 0 {
		mistakes = append(mistakes, errors.New("hosts: at least one is needed, such as http://localhost:9200"))
	}
	for _, host := range o.Hosts {
		if err := validateHost(host); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if err := validateIndex(o.Index); err != nil {
		mistakes = append(mistakes, err)
	}
	if (o.Username == "") != (o.Password == "") {
		mistakes = append(mistakes, errors.New("username and password: one is set without the other"))
	}
	if o.APIKey != "" && o.Username != "" {
		mistakes = append(mistakes, errors.New("api_key and username: set one of the two"))
	}
	return errors.Join(mistakes...)
}

func validateHost(host string) error {
	parsed, err := url.Parse(host)
	switch {
	case err != nil:
		return errors.New("hosts: one is not a URL") // the error would show it, with what may be a password in it
	case parsed.Scheme != "http" && parsed.Scheme != "https", parsed.Host == "":
		return fmt.Errorf("hosts: %s is not a URL such as http://localhost:9200", parsed.Redacted())
	case parsed.RawQuery != "" || parsed.Fragment != "":
		return fmt.Errorf("hosts: %s must end with its path", parsed.Host)
	}
	return nil
}

// validateIndex checks the name by Elasticsearch's rules for index names, so that a mistake shows before the first alert.
func validateIndex(index string) error {
	switch {
	case index == "." || index == ".." || len(index) > 255:
		return fmt.Errorf("index: %q is no name for an index", index)
	case strings.ToLower(index) != index:
		return fmt.Errorf("index: %q must be in lower case", index)
	case strings.ContainsAny(index, "\\/*?\"<>| ,#:%"):
		return fmt.Errorf(`index: %q must hold none of \ / * ? " < > | , # : %% and no space`, index)
	case strings.ContainsAny(index[:1], "-_+"):
		return fmt.Errorf("index: %q must not begin with - _ or +", index)
	}
	return nil
}

// redactHosts returns the hosts without passwords.
func redactHosts(hosts []string) []string {
	shown := make([]string, len(hosts))
	for i, host := range hosts {
		shown[i] = "(not a URL)"
		if parsed, err := url.Parse(host); err == nil {
			parsed.User = nil
			shown[i] = parsed.String()
		}
	}
	return shown
}

// secrets returns all that must not be seen in an error.
func (o *Options) secrets() sinks.Secrets {
	texts := []string{o.Password, o.APIKey, encodedKey(o.APIKey), basicCredentials(o.Username, o.Password)}
	for _, host := range o.Hosts {
		if parsed, err := url.Parse(host); err == nil && parsed.User != nil {
			password, _ := parsed.User.Password()
			texts = append(texts, password, basicCredentials(parsed.User.Username(), password))
		}
	}
	return sinks.NewSecrets(texts...)
}

// basicCredentials returns what goes into the header of basic authentication, which a server or a proxy may repeat in what
// it says of it.
func basicCredentials(username, password string) string {
	if password == "" {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
}

// encodedKey returns an API key in the form that goes into the header.
func encodedKey(key string) string {
	if strings.Contains(key, ":") {
		return base64.StdEncoding.EncodeToString([]byte(key))
	}
	return key
}

// dial returns a client for the hosts. The client tries nothing again by itself and does not look for other nodes.
func (o *Options) dial(hosts []string) (*client.BaseClient, *http.Transport, error) {
	transport, err := o.transport()
	if err != nil {
		return nil, nil, err
	}
	base, err := client.NewBaseClient(client.Config{
		Addresses:    hosts,
		Username:     o.Username,
		Password:     o.Password,
		APIKey:       encodedKey(o.APIKey),
		DisableRetry: true,
		Transport:    transport,
	})
	return base, transport, err
}

// limit returns ctx with the end that the timeout sets, and an error that says so.
func (o *Options) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("no answer within %s", sinks.DurationText(o.Timeout)))
}

func (o *Options) transport() (*http.Transport, error) {
	settings := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: o.InsecureSkipVerify, //nolint:gosec // the operator asked for it
	}
	if len(o.CA) > 0 {
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(o.CA) {
			return nil, errors.New("ca: no certificate in PEM form in it")
		}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:     settings,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 1, // one request at a time
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}, nil
}
