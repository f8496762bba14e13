package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/time/rate"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// longestAnswer bounds an answer, in bytes. Slack's holds the message again.
const longestAnswer = 1 << 20

// Sink is a sinks.Sink that posts messages.
type Sink struct {
	options   Options
	secrets   sinks.Secrets
	templates templates
	client    *http.Client
	limiter   *rate.Limiter
}

var _ sinks.Sink = (*Sink)(nil)

// New returns a sink. It connects to nothing yet; its error names every mistake in the options and templates.
func New(options Options) (*Sink, error) {
	options.setDefaults()
	templates, err := parseTemplates(options.TextTemplate, options.DetailsTemplate)
	if err := errors.Join(options.validate(), err); err != nil {
		return nil, err
	}
	return &Sink{
		options:   options,
		secrets:   options.secrets(),
		templates: templates,
		client:    &http.Client{Transport: options.Transport, Timeout: options.Timeout, CheckRedirect: stay},
		limiter:   rate.NewLimiter(rate.Every(options.Interval), burst),
	}, nil
}

// stay follows no redirect: the message would be lost on the way, and the token must go nowhere else.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Deliver posts the first transition, as soon as the channel's pace allows, and leaves the others for the next call.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	outcomes := make([]error, len(transitions))
	for i := range outcomes {
		outcomes[i] = sinks.ErrNotTried
	}
	if len(transitions) > 0 {
		outcomes[0] = s.secrets.Scrub(s.deliver(ctx, transitions[0]))
	}
	return outcomes, nil
}

// deliver posts a message with its blocks, or, if something is wrong with these, its sentence alone.
func (s *Sink) deliver(ctx context.Context, transition window.Transition) error {
	err := s.post(ctx, s.full(transition))
	var refused *messageError
	if !errors.As(err, &refused) {
		return err
	}
	err = s.post(ctx, s.plain(transition))
	if errors.As(err, &refused) {
		return &sinks.Permanent{Err: err}
	}
	return err
}

// Close closes the connections.
func (s *Sink) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Check asks Slack whether it takes the credentials, without posting anything. It does not tell whether the bot is in
// the channel; that takes scopes that posting does not need.
func (s *Sink) Check(ctx context.Context) error {
	return s.secrets.Scrub(s.check(ctx))
}

func (s *Sink) check(ctx context.Context) error {
	if s.options.WebhookURL == "" {
		return s.call(ctx, "auth.test", []byte("{}"))
	}
	// A live webhook answers a message without a text with an error of that message.
	err := s.hook(ctx, []byte("{}"))
	var refused *messageError
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

// post waits for the channel's pace and sends one message.
func (s *Sink) post(ctx context.Context, m message) error {
	if err := s.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the pace of the channel: %w", err)
	}
	if s.options.WebhookURL != "" {
		return s.hook(ctx, m.encode())
	}
	return s.call(ctx, "chat.postMessage", m.encode())
}

// call calls a method of Slack's Web API.
func (s *Sink) call(ctx context.Context, method string, body []byte) error {
	answer, err := s.send(ctx, s.options.URL+"/"+method, body)
	if err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	if err := answer.ofAPI(s.options.Now()); err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	return nil
}

// hook sends a message to the incoming webhook.
func (s *Sink) hook(ctx context.Context, body []byte) error {
	answer, err := s.send(ctx, s.options.WebhookURL, body)
	if err != nil {
		return fmt.Errorf("call the incoming webhook: %w", err)
	}
	if err := answer.ofWebhook(s.options.Now()); err != nil {
		return fmt.Errorf("call the incoming webhook: %w", err)
	}
	return nil
}

func (s *Sink) send(ctx context.Context, address string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, withoutAddress(err)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	if s.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+s.options.Token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, withoutAddress(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read, or is given up
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: text}, nil
}

// withoutAddress returns the error behind a *url.Error, which would show the address: a webhook's is a secret.
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
