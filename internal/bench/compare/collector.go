package compare

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// conduct is what a collector does with a request.
type conduct int32

const (
	// takes: the events are counted and acknowledged.
	takes conduct = iota
	// refuses: the answer is 503, to be tried again in a second.
	refuses
	// hangs: there is no answer until the collector is closed.
	hangs
)

// collector takes events as JSON lines by HTTP, and can be down.
type collector struct {
	url     string
	conduct atomic.Int32
	events  atomic.Int64 // that were acknowledged
	server  *http.Server
	served  chan struct{}
	closed  chan struct{}
}

// newCollector starts a collector, to be ended by close.
func newCollector(ctx context.Context, first conduct) (*collector, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for events: %w", err)
	}
	c := &collector{
		url: "http://" + listener.Addr().String() + "/", served: make(chan struct{}), closed: make(chan struct{}),
	}
	c.turn(first)
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: patience}
	go func() {
		defer close(c.served)
		_ = c.server.Serve(listener) // until close
	}()
	return c, nil
}

// turn changes what is done with the requests that come from now on.
func (c *collector) turn(next conduct) { c.conduct.Store(int32(next)) }

func (c *collector) close() {
	_ = c.server.Close() // its listener is all there is to close; who still waits for an answer gets none
	close(c.closed)
	<-c.served
}

// ServeHTTP implements http.Handler.
func (c *collector) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch conduct(c.conduct.Load()) {
	case refuses:
		_, _ = io.Copy(io.Discard, request.Body) // it is sent again anyway
		w.Header().Set("Retry-After", "1")
		http.Error(w, "down", http.StatusServiceUnavailable)
	case hangs:
		<-c.closed
	case takes:
		var lines lineCounter
		if _, err := io.Copy(&lines, request.Body); err != nil {
			return // the client went away
		}
		c.events.Add(int64(lines))
	}
}

// lineCounter counts the lines that are written to it.
type lineCounter int64

// Write implements io.Writer.
func (l *lineCounter) Write(text []byte) (int, error) {
	*l += lineCounter(bytes.Count(text, []byte{'\n'}))
	return len(text), nil
}
