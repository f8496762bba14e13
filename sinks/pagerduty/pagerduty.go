package pagerduty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/post"
	"github.com/logboom/logboom/window"
)

const enqueuePath = "/v2/enqueue"

// Sink is a sinks.Sink that sends events to PagerDuty.
type Sink struct {
	options Options
	client  *post.Client
}

var _ sinks.Sink = (*Sink)(nil)

// New returns a sink. It connects to nothing yet; its error names every mistake in the options.
func New(options Options) (*Sink, error) {
	options.setDefaults()
	client, err := post.New(post.Options{Secrets: []string{options.RoutingKey}, Timeout: options.Timeout})
	if err := errors.Join(options.validate(), err); err != nil {
		return nil, err
	}
	return &Sink{options: options, client: client}, nil
}

// Deliver sends the first transition and leaves the others for the next call.
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
	header := http.Header{"Content-Type": {"application/json"}}
	answer, err := s.client.Post(ctx, s.options.URL+enqueuePath, header, s.event(transition).encode())
	if err == nil {
		err = outcome(answer)
	}
	if err != nil {
		return fmt.Errorf("send to PagerDuty: %w", err)
	}
	return nil
}

// outcome returns what an answer means. Any other 2xx than 202 is not PagerDuty's; a proxy may have given it.
func outcome(answer post.Answer) error {
	switch {
	case answer.Status == http.StatusAccepted:
		return nil
	case answer.Status < 300:
		return fmt.Errorf("not an answer of PagerDuty: %w", answer.Error())
	case answer.Status == http.StatusBadRequest && isAboutTheKey(answer.Body):
		return &sinks.Blocked{Err: fmt.Errorf("%w (check the routing key)", answer.Error())}
	}
	return answer.Outcome()
}

// isAboutTheKey tells whether a refusal is about the routing key. PagerDuty says so in words only.
func isAboutTheKey(body []byte) bool {
	words := bytes.ToLower(body)
	return bytes.Contains(words, []byte("routing_key")) || bytes.Contains(words, []byte("routing key"))
}

// Close closes the connections.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

// Check asks whether PagerDuty can be reached. It does not tell whether it knows the routing key: that takes an event, and so
// an incident.
func (s *Sink) Check(ctx context.Context) error {
	answer, err := s.client.Do(ctx, http.MethodOptions, s.options.URL+enqueuePath, nil, nil)
	if err == nil && (answer.Status >= 500 || answer.Status == http.StatusProxyAuthRequired) {
		err = s.client.Scrub(answer.Error())
	}
	if err != nil {
		return fmt.Errorf("ask PagerDuty: %w", err)
	}
	return nil
}
