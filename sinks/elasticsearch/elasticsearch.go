package elasticsearch

import (
	"context"
	"fmt"

	"github.com/logboom/logboom/internal/elastic"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Sink is a sinks.Sink that indexes alert documents.
type Sink struct {
	options    Options
	connection elastic.Connection
	secrets    sinks.Secrets
	client     *elastic.Client
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
	connection := options.connection()
	secrets := connection.Secrets()
	client, err := connection.Open()
	if err != nil {
		return nil, fmt.Errorf("set up the client: %w", secrets.Scrub(err))
	}
	return &Sink{
		options: options, connection: connection, secrets: secrets, client: client, template: options.NoTemplate,
	}, nil
}

// Deliver indexes the transitions' documents, in as few requests as their size allows.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	documents := make([]Document, len(transitions))
	for i, transition := range transitions {
		documents[i] = Document{ID: transition.ID, Body: sinks.Document(transition)}
	}
	return s.Index(ctx, documents)
}

// Document is an alert document, a JSON object on one line, with its id.
type Document struct {
	ID   string
	Body []byte
}

// Index indexes documents that are made already. It returns what Deliver does.
func (s *Sink) Index(ctx context.Context, documents []Document) ([]error, error) {
	if err := s.ensureTemplate(ctx); err != nil {
		return nil, s.secrets.Scrub(fmt.Errorf("install the index template: %w", err))
	}
	outcomes := s.index(ctx, itemsOf(documents))
	for i := range outcomes {
		outcomes[i] = s.secrets.Scrub(outcomes[i])
	}
	return outcomes, nil
}

// Close closes the connections.
func (s *Sink) Close() error { return s.client.Close() }

// Check asks each host whether it is there, and takes the credentials. Its error names each host that is not. A user
// who may write alerts but not ask about the cluster passes.
func (s *Sink) Check(ctx context.Context) error { return s.connection.Check(ctx) }
