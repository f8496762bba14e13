package lumberjack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Options are what a Server can be told. The zero value is a plain server with all defaults that logs nothing.
type Options struct {
	Limits   Limits
	Timeouts Timeouts
	// TLS makes every connection a TLS session. The listener given to Serve must then be a plain one.
	TLS *tls.Config
	// KeepParts makes the server keep compressed frames beside what came of them, for Batch.Parts. They count in
	// Limits.InFlight.
	KeepParts bool
	// Logger gets a line for what went wrong with a client, at most one of a kind in ten seconds.
	Logger zerolog.Logger
}

// Server takes windows from Lumberjack clients and gives them to a Handler. Its methods are safe for concurrent use.
type Server struct {
	handler  Handler
	options  Options
	counters counters
	budget   *budget
	pool     *bufferPool
	log      throttle
	refusals chan struct{} // bounds how many refused connections linger

	ctx    context.Context // of all Handler calls; it lives as long as the server
	cancel context.CancelFunc

	running     sync.WaitGroup // connections, and refused ones that linger
	mutex       sync.Mutex
	stopping    bool
	stopped     chan struct{}
	listeners   map[net.Listener]struct{}
	connections map[*connection]struct{}
	peak        int
}

// lingeringRefusals is how many refused connections are closed with care at a time; more are just closed.
const lingeringRefusals = 64

// New makes a server. It starts nothing and can't fail.
func New(handler Handler, options Options) *Server {
	options.Limits = options.Limits.withDefaults()
	options.Timeouts = options.Timeouts.withDefaults()
	s := &Server{
		handler:     handler,
		options:     options,
		budget:      newBudget(options.Limits.InFlight),
		pool:        new(bufferPool),
		log:         throttle{logger: options.Logger},
		refusals:    make(chan struct{}, lingeringRefusals),
		stopped:     make(chan struct{}),
		listeners:   make(map[net.Listener]struct{}),
		connections: make(map[*connection]struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Serve accepts connections until Shutdown, and then returns nil. It closes the listener. It can be called for several
// listeners at once. Errors of accept are logged and tried again; only a listener that somebody else closed is an error,
// and so is a server that was shut down before, ErrServerClosed.
func (s *Server) Serve(listener net.Listener) error {
	if !s.addListener(listener) {
		_ = listener.Close() // the caller gave it away
		return ErrServerClosed
	}
	defer s.removeListener(listener)
	var delay time.Duration
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			delay = 0
			s.take(conn)
		case s.isStopping():
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept connection: %w", err)
		default:
			delay = nextDelay(delay)
			s.acceptFailed(err, delay)
		}
	}
}

// nextDelay is how long to wait after another failed accept: 5 ms, and twice as much each time, up to a second.
func nextDelay(delay time.Duration) time.Duration {
	const first, most = 5 * time.Millisecond, time.Second
	return min(max(first, 2*delay), most)
}

// acceptFailed reports an error of accept and waits.
func (s *Server) acceptFailed(err error, delay time.Duration) {
	s.counters.acceptErrors.Add(1)
	s.log.warn("accept").Err(err).Dur("retry_in", delay).Msg("accepting a Lumberjack connection failed, trying again")
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stopped:
	}
}

func (s *Server) addListener(listener net.Listener) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stopping {
		return false
	}
	s.listeners[listener] = struct{}{}
	return true
}

func (s *Server) removeListener(listener net.Listener) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.listeners, listener)
	_ = listener.Close() // closed before by Shutdown, or broken
}

func (s *Server) isStopping() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.stopping
}

// take begins to serve a connection, or refuses it.
func (s *Server) take(accepted net.Conn) {
	s.keepAlive(accepted)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.stopping:
		_ = accepted.Close() // came in the last moment
	case len(s.connections) >= s.options.Limits.Connections:
		s.refuse(accepted)
	default:
		c := newConnection(s, accepted)
		s.connections[c] = struct{}{}
		s.peak = max(s.peak, len(s.connections))
		s.counters.connectionsTotal.Add(1)
		s.running.Go(func() {
			defer s.remove(c)
			c.run()
		})
	}
}

// keepAlive makes the kernel find out about clients that vanished.
func (s *Server) keepAlive(accepted net.Conn) {
	if conn, ok := accepted.(*net.TCPConn); ok {
		interval := s.options.Timeouts.KeepAlive
		config := net.KeepAliveConfig{Enable: true, Idle: interval, Interval: interval}
		_ = conn.SetKeepAliveConfig(config) // fails where the client is gone already
	}
}

// refuse closes a connection beyond the limit.
func (s *Server) refuse(accepted net.Conn) {
	s.counters.connectionsRefused.Add(1)
	most := int64(s.options.Limits.Connections)
	refused := &LimitError{Limit: LimitConnections, Peer: accepted.RemoteAddr().String(), Value: most + 1, Most: most}
	s.reportLimit(LimitConnections, 1, refused.Peer, refused.Error())
	select {
	case s.refusals <- struct{}{}:
		s.running.Go(func() {
			hangUp(accepted)
			<-s.refusals
		})
	default:
		_ = accepted.Close() // too many to be polite to
	}
}

func (s *Server) remove(c *connection) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.connections, c)
}

// Shutdown stops accepting, lets each connection finish the window that it is in, closes the connections with FIN, and
// returns nil when all are gone. If ctx ends before that, it cancels the context of the Handlers, cuts all connections,
// and returns the context's error; what was not acknowledged will be sent again by the clients.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopAll()
	gone := make(chan struct{})
	go func() { // ends with the last connection
		s.running.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		s.cancel()
		return nil
	case <-ctx.Done():
		s.cutAll()
		return fmt.Errorf("shut down Lumberjack server: %w", context.Cause(ctx))
	}
}

// stopAll closes the listeners and tells the connections.
func (s *Server) stopAll() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.stopping {
		s.stopping = true
		close(s.stopped)
	}
	for listener := range s.listeners {
		_ = listener.Close() // Serve has nothing to say about it either
	}
	for c := range s.connections {
		c.stop()
	}
}

// cutAll ends all connections at once.
func (s *Server) cutAll() {
	s.cancel()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for c := range s.connections {
		c.interrupt(errStopping)
	}
}

// Stats returns what the server counted.
func (s *Server) Stats() Stats {
	stats := s.counters.snapshot()
	stats.BytesInFlight = s.budget.held.Load()
	stats.Waiting = s.budget.waiting.Load()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	stats.Connections = int64(len(s.connections))
	stats.PeakConnections = int64(s.peak)
	return stats
}
