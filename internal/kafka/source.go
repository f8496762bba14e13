package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Source is a member of a consumer group. New makes it, Run does the work.
type Source struct {
	handler   Handler
	positions Positions
	options   Options

	meters  meters
	limit   limiter
	running atomic.Bool

	// anew is written by the callbacks of the group and by the loop of Run.
	anew renewals
}

// New checks the options and makes a source. It connects to nothing.
func New(handler Handler, positions Positions, options Options) (*Source, error) {
	if handler == nil || positions == nil {
		return nil, errors.New("make Kafka source: handler and positions must not be nil")
	}
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("make Kafka source: %w", err)
	}
	return &Source{handler: handler, positions: positions, options: options.withDefaults()}, nil
}

// errAgain ends a session so that the next begins with a new client.
var errAgain = errors.New("a topic was made anew")

// Run reads until ctx ends, then commits what the handler took, leaves the group and returns nil. Each of the two is
// bounded by ShutdownTimeout. No trouble with a broker ends it. It returns an error at once when it is called a second
// time, or when franz-go refuses the options.
func (s *Source) Run(ctx context.Context) error {
	if s.running.Swap(true) {
		return errors.New("run Kafka source: it was run before")
	}
	if s.options.cluster().TellsPassword() {
		s.options.Logger.Warn().Msg("the Kafka password goes over the network unencrypted: SASL PLAIN without TLS")
	}
	for {
		err := s.runSession(ctx, s.newConsumer())
		if err != nil && !errors.Is(err, errAgain) {
			return fmt.Errorf("run Kafka source: %w", err)
		}
		if !pause(ctx, nil, betweenSessions) {
			return nil
		}
	}
}

// betweenSessions gives brokers time to agree on a topic that was made anew.
const betweenSessions = time.Second

func (s *Source) newConsumer() *consumer {
	return &consumer{source: s, offsets: newOffsets(s), turn: turn{grace: s.options.RebalanceTimeout / 4}}
}

// runSession is the life of one client. It ends with ctx, or when a new client is needed.
func (s *Source) runSession(ctx context.Context, c *consumer) error {
	log := &clientLog{s.options.Logger, &s.limit}
	options := append(s.options.cluster().ClientOptions(log, &connections{s}, &clientHolder{c}), s.options.consuming()...)
	client, err := kgo.NewClient(append(options, c.callbacks()...)...)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	return c.run(ctx, client)
}

// callbacks returns what franz-go calls as the group moves partitions.
func (c *consumer) callbacks() []kgo.Opt {
	return []kgo.Opt{
		kgo.AdjustFetchOffsetsFn(c.adjust),
		kgo.OnPartitionsAssigned(c.assigned),
		kgo.OnPartitionsRevoked(c.revoked),
		kgo.OnPartitionsLost(c.lost),
		kgo.OnPartitionsCallbackBlocked(func(context.Context, *kgo.Client) { c.turn.want() }),
	}
}

// clientHolder gives the consumer its client before the client's goroutines, and so the callbacks, begin.
type clientHolder struct{ consumer *consumer }

// OnNewClient implements kgo.HookNewClient.
func (h *clientHolder) OnNewClient(client *kgo.Client) {
	h.consumer.client = client
	h.consumer.admin = kadm.NewClient(client)
}

// run polls until ctx ends or a new client is needed, beside the commits and a watch over the topics, and closes the
// client.
func (c *consumer) run(ctx context.Context, client *kgo.Client) error {
	besideCtx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { c.watch(besideCtx) })
	beside.Go(func() { c.offsets.follow(besideCtx, client) })
	err := c.consume(ctx)
	stop()
	beside.Wait()
	c.close(client)
	return err
}

// close leaves the group and closes the client, in bounded time. Leaving gives up the partitions, which commits what is
// left.
func (c *consumer) close(client *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), c.source.options.ShutdownTimeout)
	defer cancel()
	if err := client.LeaveGroupContext(ctx); err != nil {
		c.source.options.Logger.Warn().Err(err).Msg("could not leave the consumer group: its partitions move only after the session timeout")
	}
	client.Close()
}
