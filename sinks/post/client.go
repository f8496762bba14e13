package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/logboom/logboom/sinks"
)

// longestAnswer is how many bytes of an answer are read. More than a reason is of no use.
const longestAnswer = 64 << 10

// Client sends requests. It is safe for concurrent use.
type Client struct {
	options Options
	secrets sinks.Secrets
	http    *http.Client
}

// New returns a client. It connects to nothing yet; its error names every mistake in the options.
func New(options Options) (*Client, error) {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	transport, err := options.transport()
	if err := errors.Join(options.validate(), err); err != nil {
		return nil, err
	}
	return &Client{
		options: options,
		secrets: options.secrets(),
		http:    &http.Client{Transport: transport, Timeout: options.Timeout, CheckRedirect: stay},
	}, nil
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// String returns no more than the type's name, because a Client holds secrets.
func (*Client) String() string { return "post.Client" }

// GoString returns String.
func (c *Client) GoString() string { return c.String() }

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Now returns the time of the client's clock.
func (c *Client) Now() time.Time { return c.options.Now() }

// Post sends body to address with the headers, and returns the answer, whatever its status. Its error is one of the
// connection, and passing.
func (c *Client) Post(ctx context.Context, address string, header http.Header, body []byte) (Answer, error) {
	return c.Do(ctx, http.MethodPost, address, header, body)
}

// Do is Post with any method.
func (c *Client) Do(ctx context.Context, method, address string, header http.Header, body []byte) (Answer, error) {
	answer, err := c.do(ctx, method, address, header, body)
	return answer, c.secrets.Scrub(err)
}

// Scrub returns err without any secret in its text.
func (c *Client) Scrub(err error) error { return c.secrets.Scrub(err) }

func (c *Client) do(ctx context.Context, method, address string, header http.Header, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, withoutAddress(err)
	}
	c.setHeader(request.Header, header)
	if c.options.Username != "" {
		request.SetBasicAuth(c.options.Username, c.options.Password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, withoutAddress(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read, or is given up
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: text, received: c.options.Now()}, nil
}

// setHeader sets a request's own headers last, so that what is signed is not what an operator wrote.
func (c *Client) setHeader(to, own http.Header) {
	to.Set("User-Agent", "logboom")
	if c.options.Token != "" {
		to.Set("Authorization", "Bearer "+c.options.Token)
	}
	for name, value := range c.options.Header {
		to.Set(name, value)
	}
	for name := range own {
		to.Set(name, own.Get(name))
	}
}

// withoutAddress returns the error behind a *url.Error, which would show the address.
func withoutAddress(err error) error {
	var wrapped *url.Error
	if !errors.As(err, &wrapped) {
		return err
	}
	if wrapped.Timeout() {
		return fmt.Errorf("no answer in time: %w", wrapped.Err)
	}
	return wrapped.Err
}
