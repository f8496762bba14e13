package elastic

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

	"github.com/logboom/logboom/sinks"
)

// DefaultTimeout is what Logstash's output waits for an answer.
const DefaultTimeout = 60 * time.Second

// Connection says how to reach a cluster. It is read only once it is used.
type Connection struct {
	// Hosts are the URLs of the nodes, http or https, taken in turn. User information in one is used for it and never
	// shown.
	Hosts []string
	// Username and Password are for basic authentication.
	Username, Password string
	// APIKey is used instead of a password: in the form id:key, or encoded as Elasticsearch hands it out.
	APIKey string
	// CA is a PEM bundle of the authorities to trust instead of the system's.
	CA []byte
	// InsecureSkipVerify takes any certificate. It makes TLS worthless against whoever can listen in.
	InsecureSkipVerify bool
	// Timeout is for one request, from the connection to the end of the answer; DefaultTimeout if zero.
	Timeout time.Duration
	// Requests is how many requests may be under way at a time, 1 if zero. So many connections to each node are kept open.
	Requests int
}

// String names the hosts, without any secret.
func (c Connection) String() string { return strings.Join(c.ShownHosts(), ", ") }

// GoString returns String, so that no verb of fmt prints a secret.
func (c Connection) GoString() string { return c.String() }

// Mistakes returns every mistake in the settings, each naming its setting as it is called in a configuration file.
func (c *Connection) Mistakes() (mistakes []error) {
	if len(c.Hosts) == 0 {
		mistakes = append(mistakes, errors.New("hosts: at least one is needed, such as http://localhost:9200"))
	}
	for _, host := range c.Hosts {
		if err := validateHost(host); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if (c.Username == "") != (c.Password == "") {
		mistakes = append(mistakes, errors.New("username and password: one is set without the other"))
	}
	if c.APIKey != "" && c.Username != "" {
		mistakes = append(mistakes, errors.New("api_key and username: set one of the two"))
	}
	return mistakes
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

// ShownHosts returns the hosts without passwords.
func (c *Connection) ShownHosts() []string {
	shown := make([]string, len(c.Hosts))
	for i, host := range c.Hosts {
		shown[i] = "(not a URL)"
		if parsed, err := url.Parse(host); err == nil {
			parsed.User = nil
			shown[i] = parsed.String()
		}
	}
	return shown
}

// Secrets returns all that must not be seen in an error.
func (c *Connection) Secrets() sinks.Secrets {
	_, key, _ := strings.Cut(c.APIKey, ":")
	texts := []string{c.Password, c.APIKey, key, encodedKey(c.APIKey), basicCredentials(c.Username, c.Password)}
	for _, host := range c.Hosts {
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

// Limit returns ctx with the end that the timeout sets, and an error that says so.
func (c *Connection) Limit(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", sinks.DurationText(timeout)))
}

// Open returns a client for the hosts. It connects to nothing yet, and fails where the settings are mistaken. The caller
// closes it.
func (c *Connection) Open() (*Client, error) { return c.open(c.Hosts) }

func (c *Connection) open(hosts []string) (*Client, error) {
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	base, err := client.NewBaseClient(client.Config{
		Addresses:    hosts,
		Username:     c.Username,
		Password:     c.Password,
		APIKey:       encodedKey(c.APIKey),
		DisableRetry: true,
		Transport:    transport,
	})
	if err != nil {
		return nil, err
	}
	return &Client{base: base, transport: transport}, nil
}

func (c *Connection) transport() (*http.Transport, error) {
	settings := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: c.InsecureSkipVerify, //nolint:gosec // the operator asked for it
	}
	if len(c.CA) > 0 {
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(c.CA) {
			return nil, errors.New("ca: no certificate in PEM form in it")
		}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:     settings,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: max(1, c.Requests),
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		// Answers are short where all is well, and long where the server has enough to do.
		DisableCompression: true,
		WriteBufferSize:    64 << 10,
		ReadBufferSize:     16 << 10,
	}, nil
}
