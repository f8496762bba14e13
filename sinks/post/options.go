package post

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks"
)

// DefaultTimeout is for one request where Options say nothing. The Standard Webhooks advise 15 to 30 s.
const DefaultTimeout = 15 * time.Second

// Options say how to send. The zero value uses neither credentials nor headers of its own.
type Options struct {
	// Username and Password are for HTTP's basic authentication, Token is for a bearer; at most one of the two is set.
	Username, Password, Token string
	// Header is sent with each request. Its values are taken for secrets.
	Header map[string]string
	// Secrets must not be seen in any error, besides what is named above: addresses, keys.
	Secrets []string
	// CA are certificates in PEM that are trusted in the place of the system's; nil for those.
	CA []byte
	// InsecureSkipVerify takes any certificate.
	InsecureSkipVerify bool
	// Timeout is for one request with its answer; DefaultTimeout if zero.
	Timeout time.Duration
	// Connections is how many connections to a host are kept while nothing is sent; http.DefaultTransport's number if zero.
	Connections int
	// Now is the clock for a Retry-After that names a time; time.Now by default.
	Now func() time.Time
}

// String returns no more than the type's name, because Options hold secrets.
func (Options) String() string { return "post.Options" }

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

// validate returns every mistake at once, without the secrets in it.
func (o *Options) validate() error {
	var mistakes []error
	if o.Token != "" && (o.Username != "" || o.Password != "") {
		mistakes = append(mistakes, errors.New("token: set either it, or username and password"))
	}
	if (o.Username == "") != (o.Password == "") {
		mistakes = append(mistakes, errors.New("username and password: set both or none"))
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		mistakes = append(mistakes, errors.New("token: it holds a space, a newline or another odd character"))
	}
	for name, value := range o.Header {
		if err := checkHeader(name, value); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	return errors.Join(mistakes...)
}

// owned are the headers that are not the operator's to set.
var owned = map[string]bool{
	"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Content-Type": true,
}

func checkHeader(name, value string) error {
	switch {
	case !isToken(name):
		return fmt.Errorf("headers: %q is not a name of a header", sinks.Reason(name))
	case owned[http.CanonicalHeaderKey(name)]:
		return fmt.Errorf("headers: %s is set by logboom", http.CanonicalHeaderKey(name))
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return fmt.Errorf("headers: the value of %s holds a line break or another control character", name)
	}
	return nil
}

// isToken tells whether text is a token of RFC 9110, as names of headers are.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// secrets returns all that must not be seen in an error.
func (o *Options) secrets() sinks.Secrets {
	texts := append([]string{o.Token, o.Password}, o.Secrets...)
	if o.Password != "" {
		texts = append(texts, base64.StdEncoding.EncodeToString([]byte(o.Username+":"+o.Password)))
	}
	for _, value := range o.Header {
		texts = append(texts, value)
	}
	for _, text := range o.Secrets {
		for _, part := range partsOf(text) {
			if len(part) >= shortestPart {
				texts = append(texts, part)
			}
		}
	}
	return sinks.NewSecrets(texts...)
}

// shortestPart is the length from which a part of an address is taken for a secret. Shorter ones are words such as "alert",
// without which no error could be read.
const shortestPart = 8

// partsOf returns what of a secret address is found in errors: its path, the end of that, and its query.
func partsOf(address string) []string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return nil
	}
	var parts []string
	if len(parsed.Path) > 1 {
		parts = append(parts, parsed.Path, parsed.Path[strings.LastIndexByte(parsed.Path, '/')+1:])
	}
	for _, values := range parsed.Query() {
		parts = append(parts, values...)
	}
	return append(parts, parsed.RawQuery)
}

// transport returns one that trusts whom the options say.
func (o *Options) transport() (*http.Transport, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	transport.MaxIdleConnsPerHost = o.Connections                // 0 is the default there, too
	transport.TLSClientConfig = &tls.Config{
		MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.InsecureSkipVerify, //nolint:gosec // where the operator says so
	}
	if o.CA != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(o.CA) {
			return nil, errors.New("ca: it holds no PEM certificate")
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return transport, nil
}

// IsURL tells whether text is an http or https address without a user name.
func IsURL(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Hostname() != "" && parsed.User == nil
}
