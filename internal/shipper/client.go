package shipper

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// Client sends events to one server. Its methods are safe for concurrent use; the events of one goroutine stay in order.
type Client struct {
	options Options
	queue   *queue
	encoder *encoder // belongs to the goroutine that delivers
	retry   retry    // belongs to the goroutine that delivers

	cancel   context.CancelCauseFunc
	finished chan struct{} // closed when the goroutine that delivers has ended
	closing  sync.Once
	closed   error

	// dial connects; tests replace it.
	dial func(ctx context.Context) (net.Conn, error)

	mutex sync.Mutex
	last  error // the latest failure of the connection since something was acknowledged
}

// Dial connects to a server and returns a Client, which must be closed. It tries again as Options say, and fails when
// they are wrong, when ctx ends, or when Attempts are used up; ctx has no meaning for the Client later on.
func Dial(ctx context.Context, options Options) (*Client, error) {
	return dial(ctx, options, nil)
}

// dial is Dial with another way to connect, nil for the usual one.
func dial(ctx context.Context, options Options, connect func(context.Context) (net.Conn, error)) (*Client, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}
	encoder, err := newEncoder(options.Compression)
	if err != nil {
		return nil, err
	}
	c := &Client{
		options:  options,
		queue:    newQueue(options),
		encoder:  encoder,
		retry:    retry{backoff: options.Backoff, attempts: options.Attempts},
		finished: make(chan struct{}),
		dial:     connect,
	}
	if c.dial == nil {
		c.dial = c.connect
	}
	conn, err := c.reconnect(ctx, nil)
	if err != nil {
		return nil, err
	}
	ctx, c.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	go c.deliver(ctx, conn) // ended by Close
	return c, nil
}

// Send queues events, each the bytes of one JSON document, and waits while as many windows are under way as may be. It
// copies the events. A window goes out when it is full, when Linger is over, or when Flush asks for it.
//
// It fails when ctx ends, when the client gave up or was closed, and for an event of more than MaxEvent bytes. The
// error says how many of the events were queued before; those are delivered all the same.
func (c *Client) Send(ctx context.Context, events [][]byte) error {
	for i, event := range events {
		if err := c.queue.put(ctx, event, int64(len(event)), nil); err != nil {
			return fmt.Errorf("send event %d of %d to %s: %w", i+1, len(events), c.options.Address, c.because(ctx, err))
		}
	}
	return nil
}

// Flush sends what is queued and waits until all of it was acknowledged. It fails when ctx ends, or when the client gave
// up or was closed.
func (c *Client) Flush(ctx context.Context) error {
	if err := c.queue.flush(ctx); err != nil {
		return fmt.Errorf("deliver events to %s: %w", c.options.Address, c.because(ctx, err))
	}
	return nil
}

// because adds what is wrong with the connection to the error of a wait that its context ended.
func (c *Client) because(ctx context.Context, err error) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if ctx.Err() == nil || c.last == nil {
		return err
	}
	return fmt.Errorf("%w, while %w", err, c.last)
}

// Close closes the connection, waits for the goroutines, and returns an ErrUnacknowledged that says how many events were
// dropped, if any were: call Flush before. Later calls return what the first one did.
func (c *Client) Close() error {
	c.closing.Do(func() {
		c.queue.fail(ErrClosed)
		c.cancel(ErrClosed)
		<-c.finished
		stats := c.queue.snapshot()
		if lost := stats.Queued - stats.Acknowledged; lost > 0 {
			c.closed = fmt.Errorf("close connection to %s: %w: %d of %d events",
				c.options.Address, ErrUnacknowledged, lost, stats.Queued)
		}
	})
	return c.closed
}

// Stats returns what the client counted.
func (c *Client) Stats() Stats { return c.queue.snapshot() }

// deliver sends windows, over one connection after the other, until the client is closed or gives up.
func (c *Client) deliver(ctx context.Context, conn net.Conn) {
	defer close(c.finished)
	for {
		lost := c.converse(ctx, conn)
		if ctx.Err() != nil {
			return
		}
		if !c.queue.rewind() {
			lost = nil // nothing to send: a server may close an idle connection
		}
		if err := c.queue.await(ctx); err != nil {
			return
		}
		var err error
		if conn, err = c.reconnect(ctx, lost); err != nil {
			c.queue.fail(err)
			return
		}
	}
}

// reconnect connects, after the wait that is due if a connection was lost, and as often as it takes.
func (c *Client) reconnect(ctx context.Context, lost error) (net.Conn, error) {
	for {
		if lost != nil {
			if err := c.backOff(ctx, lost); err != nil {
				return nil, err
			}
		}
		conn, err := c.dial(ctx)
		if err == nil {
			return conn, nil
		}
		if hasEnded(ctx) {
			return nil, fmt.Errorf("connect to %s: %w", c.options.Address, c.because(ctx, context.Cause(ctx)))
		}
		lost = explain(c.options, "connect to", err)
	}
}

// hasEnded says whether a context has ended, also where only what watches its deadline for the network has noticed yet.
func hasEnded(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// backOff waits before another try, and fails when there shall be none.
func (c *Client) backOff(ctx context.Context, lost error) error {
	c.remember(lost)
	after, again := c.retry.next(c.queue.snapshot().Windows)
	if !again {
		return fmt.Errorf("%w after %d attempts: %w", ErrGaveUp, c.options.Attempts, lost)
	}
	if c.options.OnRetry != nil {
		c.options.OnRetry(lost, after)
	}
	if err := pause(ctx, nil, after); err != nil {
		return fmt.Errorf("wait to connect to %s again: %w, while %w", c.options.Address, err, lost)
	}
	return nil
}

// remember keeps the latest failure of the connection, or forgets it.
func (c *Client) remember(failure error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.last = failure
}

// acknowledged tells all who want to know, and takes the window out.
func (c *Client) acknowledged(w *window) {
	c.remember(nil)
	for _, share := range w.shares {
		share.tally.add(share.events, share.source, w.resent)
	}
	if c.options.OnAcknowledged != nil {
		c.options.OnAcknowledged(w.delivery())
	}
	c.queue.settle(w)
}

// sent tells that a window was handed to the network.
func (c *Client) sent(delivery Delivery) {
	if c.options.OnSent != nil {
		c.options.OnSent(delivery)
	}
}
