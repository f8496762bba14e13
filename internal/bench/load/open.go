package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"
)

// dialing is how many connections are opened at a time.
const dialing = 16

// open opens all connections, or none.
func (r *run) open(ctx context.Context) ([]*connection, error) {
	connections, failures := make([]*connection, r.options.Connections), make([]error, r.options.Connections)
	turns := make(chan struct{}, dialing)
	var all sync.WaitGroup
	for i := range connections {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			conn, err := dial(ctx, r.options)
			if err != nil {
				failures[i] = explain(r.options, i+1, "connect to", 0, err)
				r.end(failures[i])
				return
			}
			connections[i] = newConnection(r, i, conn)
		})
	}
	all.Wait()
	for _, failure := range failures {
		if failure == nil {
			continue
		}
		for _, c := range connections {
			if c != nil {
				_ = c.conn.Close() // nothing was sent
			}
		}
		return nil, context.Cause(ctx)
	}
	return connections, nil
}

// dial opens a connection to the server, with TLS if that is set.
func dial(ctx context.Context, options Options) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, options.Timeout)
	defer cancel()
	if options.TLS == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", options.Address)
	}
	dialer := tls.Dialer{Config: options.TLS}
	return dialer.DialContext(ctx, "tcp", options.Address)
}

// OpenIdle opens connections over which nothing is sent, and returns what closes them. It fails, with none open, when one
// can't be opened.
func OpenIdle(ctx context.Context, options Options) (closeAll func(), err error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	r := &run{options: options, end: end}
	connections, err := r.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open idle connections: %w", err)
	}
	return func() {
		for _, c := range connections {
			_ = c.conn.Close() // nothing is under way
		}
	}, nil
}

// restartTimer sets the deadline of a connection, or none where nothing is under way.
func (c *connection) restartTimer() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var deadline time.Time
	if c.underWay > 0 {
		deadline = time.Now().Add(c.run.options.Timeout)
	}
	_ = c.conn.SetDeadline(deadline) // fails where the connection is gone, which reading says better
}
