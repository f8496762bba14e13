package webhook

import (
	"encoding/json"
	"errors"
	"mime"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks/post"
)

// The defaults of Options.
const (
	DefaultContentType = "application/json"
	DefaultTimeout     = post.DefaultTimeout
)

// Options say where and how to post. Only URL is needed.
type Options struct {
	// URL is the endpoint. It is treated as a secret, because some are.
	URL string
	// Secret signs each message: 24 to 64 bytes in base64, mostly behind "whsec_". Empty: nothing is signed.
	Secret string
	// Username and Password, or Token, or none.
	Username, Password, Token string
	// Headers are sent along. Their values are treated as secrets.
	Headers map[string]string
	// Body is a text/template source over a message.Message; empty for the body that the package comment describes.
	Body string
	// ContentType is what Body makes; DefaultContentType if empty. What is to be JSON is checked to be.
	ContentType string
	// CA are certificates in PEM that are trusted in the place of the system's; nil for those.
	CA                 []byte
	InsecureSkipVerify bool
	// Timeout is for one request; DefaultTimeout if zero.
	Timeout time.Duration
	// Now is the clock of webhook-timestamp, time.Now by default.
	Now func() time.Time
}

// String returns no more than the type's name, because Options hold secrets.
func (Options) String() string { return "webhook.Options" }

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	if o.ContentType == "" {
		o.ContentType = DefaultContentType
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// isJSON tells whether the body has to be JSON.
func (o *Options) isJSON() bool {
	media, _, err := mime.ParseMediaType(o.ContentType)
	return err == nil && (media == DefaultContentType || strings.HasSuffix(media, "+json"))
}

// validate returns the mistakes that are the webhook's own, without the secrets in them.
func (o *Options) validate() error {
	var mistakes []error
	if !post.IsURL(o.URL) {
		mistakes = append(mistakes, errors.New("url: not a URL such as https://example.com/alerts"))
	}
	if _, _, err := mime.ParseMediaType(o.ContentType); err != nil {
		mistakes = append(mistakes, errors.New("content_type: not a content type such as application/json"))
	}
	if o.ContentType != DefaultContentType && o.Body == "" {
		mistakes = append(mistakes, errors.New("content_type: it is for a body of your own; set body too"))
	}
	return errors.Join(mistakes...)
}

func mustBeJSON(text string) error {
	if !json.Valid([]byte(text)) {
		return errors.New("it makes no valid JSON; put values in by toJson, as in {\"rule\": {{toJson .Rule}}}")
	}
	return nil
}

func (o *Options) client() (*post.Client, error) {
	return post.New(post.Options{
		Username: o.Username, Password: o.Password, Token: o.Token, Header: o.Headers, Secrets: []string{o.URL, o.Secret},
		CA: o.CA, InsecureSkipVerify: o.InsecureSkipVerify, Timeout: o.Timeout, Now: o.Now,
	})
}
