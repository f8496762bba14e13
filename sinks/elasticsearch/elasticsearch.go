package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	client "github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Sink is a sinks.Sink that indexes alert documents.
type Sink struct {
	options   Options
	secrets   sinks.Secrets
	client    *client.BaseClient
	transport *http.Transport
	// template says that the index template was seen to, well or not.
	template bool
}

var _ sinks.Sink = (*Sink)(nil)

// New returns a sink. It connects to nothing yet; its error names every mistake in the options.
func New(options Options) (*Sink, error) {
	options.setDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}
	secrets := options.secrets()
	base, transport, err := options.dial(options.Hosts)
	if err != nil {
		return nil, fmt.Errorf("set up the client: %w", secrets.Scrub(err))
	}
	return &Sink{options: options, secrets: secrets, client: base, transport: transport, template: options.NoTemplate}, nil
}

// Deliver indexes the transitions' documents, in as few requests as their size allows.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	if err := s.ensureTemplate(ctx); err != nil {
		return nil, s.secrets.Scrub(fmt.Errorf("install the index template: %w", err))
	}
	outcomes := s.index(ctx, itemsOf(transitions))
	for i := range outcomes {
		outcomes[i] = s.secrets.Scrub(outcomes[i])
	}
	return outcomes, nil
}

// Close closes the connections.
func (s *Sink) Close() error { return hangUp(s.client, s.transport) }

// hangUp ends what a client has running: connections, and the looking after hosts that are down.
func hangUp(base *client.BaseClient, transport *http.Transport) error {
	defer transport.CloseIdleConnections()
	if err := base.Close(context.Background()); err != nil && !errors.Is(err, client.ErrAlreadyClosed) {
		return fmt.Errorf("close the client: %w", err)
	}
	return nil
}

// Check asks each host whether it is there, and takes the credentials. Its error names each host that is not. A user
// who may write alerts but not ask about the cluster passes.
func (s *Sink) Check(ctx context.Context) error {
	var problems []error
	for i, host := range s.options.Hosts {
		if err := s.checkHost(ctx, host); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", redactHosts(s.options.Hosts)[i], err))
		}
	}
	return s.secrets.Scrub(errors.Join(problems...))
}

func (s *Sink) checkHost(ctx context.Context, host string) error {
	base, transport, err := s.options.dial([]string{host})
	if err != nil {
		return err
	}
	defer hangUp(base, transport) //nolint:errcheck // the answer is what matters
	ctx, cancel := s.options.limit(ctx)
	defer cancel()
	answer, err := perform(ctx, base, esapi.InfoRequest{}, smallAnswer)
	if err != nil || answer.status == http.StatusForbidden {
		return err
	}
	return answer.failure()
}
