package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/sinks/post"
	"github.com/logboom/logboom/window"
)

// Sink is a sinks.Sink that posts to an endpoint.
type Sink struct {
	options  Options
	client   *post.Client
	signer   *signer
	template *message.Template
}

var _ sinks.Sink = (*Sink)(nil)

// New returns a sink. It connects to nothing yet; its error names every mistake in the options, the template among them.
func New(options Options) (*Sink, error) {
	options.setDefaults()
	s := &Sink{options: options}
	var signerErr, clientErr, templateErr error
	s.signer, signerErr = newSigner(options.Secret)
	s.client, clientErr = options.client()
	if options.Body != "" {
		check := mustBeJSON
		if !options.isJSON() {
			check = nil
		}
		s.template, templateErr = message.Parse("body", options.Body, check)
	}
	if err := errors.Join(options.validate(), signerErr, clientErr, templateErr); err != nil {
		return nil, err
	}
	return s, nil
}

// Deliver posts the first transition and leaves the others for the next call.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	outcomes := make([]error, len(transitions))
	for i := range outcomes {
		outcomes[i] = sinks.ErrNotTried
	}
	if len(transitions) > 0 {
		outcomes[0] = s.client.Scrub(s.deliver(ctx, transitions[0]))
	}
	return outcomes, nil
}

func (s *Sink) deliver(ctx context.Context, transition window.Transition) error {
	body, err := s.body(transition)
	if err != nil {
		return err
	}
	answer, err := s.client.Post(ctx, s.options.URL, s.header(transition.ID, body), body)
	if err == nil {
		err = answer.Outcome()
	}
	if err != nil {
		return fmt.Errorf("post to the webhook: %w", err)
	}
	return nil
}

// header returns the headers of the Standard Webhooks for a message.
func (s *Sink) header(id string, body []byte) http.Header {
	timestamp := strconv.FormatInt(s.options.Now().Unix(), 10)
	header := http.Header{}
	header.Set("Content-Type", s.options.ContentType)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", timestamp)
	if s.signer != nil {
		header.Set("Webhook-Signature", s.signer.sign(id, timestamp, body))
	}
	return header
}

// Close closes the connections.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

// Check asks whether the endpoint can be reached, by OPTIONS: it sends no alert. Few endpoints answer OPTIONS with anything
// but an error, so all that counts is that one answers, is not failing, and does not turn the credentials away.
func (s *Sink) Check(ctx context.Context) error {
	answer, err := s.client.Do(ctx, http.MethodOptions, s.options.URL, nil, nil)
	if err != nil {
		return fmt.Errorf("ask the webhook: %w", err)
	}
	refused := answer.Status == http.StatusUnauthorized || answer.Status == http.StatusProxyAuthRequired
	failing := answer.Status >= 500 && answer.Status != http.StatusNotImplemented
	if refused || failing || answer.Status >= 300 && answer.Status <= 399 {
		return s.client.Scrub(fmt.Errorf("ask the webhook: %w", answer.Error()))
	}
	return nil
}
