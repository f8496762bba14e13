package lumberjack

import (
	"context"
	"errors"
	"fmt"

	"github.com/logboom/logboom/internal/shipper"
	"github.com/logboom/logboom/outputs"
)

// Output sends events to Lumberjack servers. It is an outputs.Concurrent.
type Output struct {
	options Options
	// idle holds the lines that no Write uses.
	idle chan *line
}

var _ outputs.Concurrent = (*Output)(nil)

// New returns an output. It connects to nothing yet; its error names every mistake in the options.
func New(options Options) (*Output, error) {
	options.setDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}
	o := &Output{options: options, idle: make(chan *line, options.Connections)}
	for i := range options.Connections {
		l := &line{options: &o.options}
		if options.LoadBalance {
			l.host = i % len(options.Hosts)
		}
		o.idle <- l
	}
	return o, nil
}

// Concurrency is how many connections there are.
func (o *Output) Concurrency() int { return o.options.Connections }

// Write sends the events and waits until they were acknowledged.
func (o *Output) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	select {
	case l := <-o.idle:
		defer func() { o.idle <- l }()
		return l.write(ctx, batch.Events)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close closes the connections.
func (o *Output) Close() error {
	for range o.options.Connections {
		(<-o.idle).hangUp()
	}
	return nil
}

// Check tells whether one of the hosts takes a connection. It sends nothing.
func (o *Output) Check(ctx context.Context) error {
	l := line{options: &o.options}
	if err := l.connect(ctx); err != nil {
		return err
	}
	l.hangUp()
	return nil
}

// line is a connection that is made again as often as it takes. One Write uses it at a time.
type line struct {
	options *Options
	client  *shipper.Client // nil while there is none
	host    int             // of the client, or the one to be tried first
	bodies  [][]byte
	places  []int // of the bodies among the events
}

// write sends events over the line. What is not acknowledged when something fails is forgotten with the connection: the
// loop gives it again.
func (l *line) write(ctx context.Context, events []outputs.Event) ([]error, error) {
	outcomes := make([]error, len(events))
	l.collect(events, outcomes)
	defer l.forget()
	if len(l.bodies) == 0 {
		return outcomes, nil
	}
	if l.client == nil {
		if err := l.connect(ctx); err != nil {
			return l.failed(outcomes, 0, err), nil
		}
	}
	before := l.client.Stats().Acknowledged
	err := l.client.Send(ctx, l.bodies)
	if err == nil {
		err = l.client.Flush(ctx)
	}
	if err == nil {
		return outcomes, nil
	}
	client := l.client
	l.hangUp()
	l.host = (l.host + 1) % len(l.options.Hosts)
	// Closed, the client counts no more.
	return l.failed(outcomes, int(client.Stats().Acknowledged-before), plain(err)), nil
}

// plain returns what is wrong with a connection without what the client did about it.
func plain(err error) error {
	if connection, found := errors.AsType[*shipper.ConnectionError](err); found {
		return connection
	}
	return err
}

// collect takes the bodies that can be sent.
func (l *line) collect(events []outputs.Event, outcomes []error) {
	for i := range events {
		body := events[i].Body
		if len(body) > shipper.MaxEvent {
			outcomes[i] = &outputs.Permanent{Err: fmt.Errorf("%w: %d bytes, at most %d", shipper.ErrEventTooLarge,
				len(body), shipper.MaxEvent)}
			continue
		}
		l.bodies, l.places = append(l.bodies, body), append(l.places, i)
	}
}

// forget lets go of the batch.
func (l *line) forget() {
	clear(l.bodies)
	l.bodies, l.places = l.bodies[:0], l.places[:0]
}

// failed sets the outcomes of the events that were not acknowledged.
func (l *line) failed(outcomes []error, acknowledged int, err error) []error {
	for _, place := range l.places[acknowledged:] {
		outcomes[place] = err
	}
	return outcomes
}

// connect connects to the first host that takes the connection, from the one on that worked last.
func (l *line) connect(ctx context.Context) error {
	var failure error
	for range l.options.Hosts {
		client, err := shipper.Dial(ctx, l.options.client(l.options.Hosts[l.host]))
		if err == nil {
			l.client = client
			return nil
		}
		if failure == nil {
			failure = plain(err)
		} else {
			failure = fmt.Errorf("%w; %w", failure, plain(err))
		}
		if ctx.Err() != nil {
			break
		}
		l.host = (l.host + 1) % len(l.options.Hosts)
	}
	return failure
}

// hangUp closes the connection.
func (l *line) hangUp() {
	if l.client != nil {
		_ = l.client.Close() // what was not acknowledged is known to be given again
		l.client = nil
	}
}
