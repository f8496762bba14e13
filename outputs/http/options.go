package http

import (
	"errors"
	"fmt"
	"time"

	"github.com/logboom/logboom/sinks/post"
)

// Format is the form of a request's body.
type Format string

// The formats.
const (
	// Lines is a JSON object in each line.
	Lines Format = "ndjson"
	// Array is one JSON array of all objects.
	Array Format = "json_array"
)

// Defaults of Options.
const (
	DefaultTimeout     = 30 * time.Second
	DefaultConcurrency = 2
)

// Options say where and how to post. URL is needed; zero values stand for the defaults.
type Options struct {
	// URL is the endpoint. It is treated as a secret, because some are.
	URL string
	// Format is Lines by default.
	Format Format
	// Username and Password, or Token, or none.
	Username, Password, Token string
	// Headers are sent along. Their values are treated as secrets.
	Headers map[string]string
	// CA are certificates in PEM that are trusted in the place of the system's; nil for those.
	CA                 []byte
	InsecureSkipVerify bool
	// Compression is the gzip level from 1 to 9; 0 for none. Not every receiver understands it.
	Compression int
	// Concurrency is how many Writes may be under way at a time.
	Concurrency int
	// Timeout is for one request.
	Timeout time.Duration
	// Now is the clock for a Retry-After that names a time; time.Now by default.
	Now func() time.Time
}

// String returns no more than the type's name, because Options hold secrets.
func (Options) String() string { return "http.Options" }

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	if o.Format == "" {
		o.Format = Lines
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// validate returns the mistakes that post does not find, without the secrets in them.
func (o *Options) validate() error {
	var mistakes []error
	if !post.IsURL(o.URL) {
		mistakes = append(mistakes, errors.New("url: not a URL such as https://example.com/logs"))
	}
	if o.Format != Lines && o.Format != Array {
		mistakes = append(mistakes, fmt.Errorf("format: %q is neither %s nor %s", o.Format, Lines, Array))
	}
	if o.Compression < 0 || o.Compression > 9 {
		mistakes = append(mistakes, fmt.Errorf("compression_level: %d is out of range: from 0 to 9", o.Compression))
	}
	return errors.Join(mistakes...)
}

func (o *Options) client() (*post.Client, error) {
	return post.New(post.Options{
		Username: o.Username, Password: o.Password, Token: o.Token, Header: o.Headers, Secrets: []string{o.URL},
		CA: o.CA, InsecureSkipVerify: o.InsecureSkipVerify, Timeout: o.Timeout, Connections: o.Concurrency, Now: o.Now,
	})
}
