package elasticsearch

import (
	"context"
	"fmt"

	"github.com/logboom/logboom/internal/elastic"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/sinks"
)

// Output is an outputs.Concurrent that writes to Elasticsearch. Its methods are safe for concurrent use.
type Output struct {
	options    Options
	connection elastic.Connection
	secrets    sinks.Secrets
	client     *elastic.Client
	plan       *plan
	sizes      sizes
	free       chan *request
}

var _ outputs.Concurrent = (*Output)(nil)

// New returns an output. It connects to nothing yet; its error names every mistake in the options. The events' texts are
// those of Texts.
func New(options Options) (*Output, error) {
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
	plan := newPlan(&options)
	return &Output{
		options: options, connection: connection, secrets: secrets, client: client, plan: plan,
		free: make(chan *request, options.Concurrency),
	}, nil
}

// Concurrency is how many requests may be under way at a time.
func (o *Output) Concurrency() int { return o.options.Concurrency }

// Check asks each host whether it is there, and takes the credentials. Its error names each host that is not. A user
// who may write events but not ask about the cluster passes.
func (o *Output) Check(ctx context.Context) error { return o.connection.Check(ctx) }

// Close closes the connections.
func (o *Output) Close() error { return o.client.Close() }

// take returns a request to fill.
func (o *Output) take() (*request, error) {
	select {
	case r := <-o.free:
		return r, nil
	default:
		return newRequest(o.options.CompressionLevel)
	}
}

// release keeps a request's memory for another one.
func (o *Output) release(r *request) {
	if !r.reusable() {
		return
	}
	select {
	case o.free <- r:
	default:
	}
}
