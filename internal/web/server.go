package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
)

// What a client may take of the server's time and memory.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	maxConnections    = 256
)

// errServing is returned by the second call of Serve.
var errServing = errors.New("a server serves one listener, once")

// Server answers HTTP requests. Its methods are safe for concurrent use.
type Server struct {
	options     Options
	token       token
	http        *http.Server
	connections connections
	metrics     http.Handler
	log         logs
	serving     atomic.Bool
	panics      atomic.Uint64
	readiness   atomic.Pointer[readiness]
	readers     readers
	rooms       atomic.Pointer[rooms]
	watchdog    watchdog
}

// New makes a server that is not ready: starting. It listens to nothing, starts nothing, and cannot fail.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Version == "" {
		options.Version = "unknown"
	}
	s := &Server{
		token: newToken(options.Token), log: newLogs(options.Logger), connections: connections{limit: maxConnections},
	}
	s.readers.log = s.log
	options.Token = "" // the digest is enough
	s.options = options
	s.SetReady(false, reasonStarting)
	s.Attach(options.Sources)
	s.metrics = s.newMetrics()
	s.http = &http.Server{
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ConnState: s.connections.changed, ErrorLog: log.New(s.log, "", 0),
	}
	return s
}

// Format writes the type's name for every verb, because a Server knows secrets.
func (*Server) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "web.Server") // package fmt offers no way to report it
}

// Attach shows sources in the place of those before. It is for a start that takes its time: a server that is there
// before the journal was recovered can say that logboom is starting.
func (s *Server) Attach(sources Sources) { s.rooms.Store(newRooms(&s.readers, sources)) }

// Handler returns what Serve serves on a listener with this address. nil stands for an address that is not on loopback.
// Nobody watches the writer without Serve, so that /livez is always fine then.
func (s *Server) Handler(address net.Addr) http.Handler {
	guard := guard{loopback: isLoopback(address), insecure: s.options.Insecure, token: s.token}
	router := chi.NewRouter()
	router.Use(s.recoverPanics, setHeaders, onlyReading)
	read := func(path string, handler http.HandlerFunc) {
		router.Get(path, handler)
		router.Head(path, handler)
	}
	read("/livez", s.livez)
	read("/readyz", s.readyz)
	for _, endpoint := range s.guarded() {
		read(endpoint.path, guard.protect(endpoint.handler))
	}
	router.NotFound(guard.protect(notFound))
	return router
}

// endpoint is a path that not everybody may ask for.
type endpoint struct {
	path    string
	handler http.HandlerFunc
}

func (s *Server) guarded() []endpoint {
	return []endpoint{
		{"/", s.index},
		{"/healthz", s.healthz},
		{"/metrics", s.metrics.ServeHTTP},
		{"/api/alerts", s.alerts},
		{"/api/rules", s.rules},
	}
}

// Serve answers requests until Shutdown, and then returns nil. It closes the listener. Any other end is an error. It can
// be called once; a Server that was shut down before returns nil at once.
func (s *Server) Serve(listener net.Listener) error {
	if !s.serving.CompareAndSwap(false, true) {
		_ = listener.Close() // the caller gave it away
		return errServing
	}
	s.sayWhoMayAsk(listener.Addr())
	s.http.Handler = s.Handler(listener.Addr())
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { s.watch(ctx) })
	err := s.http.Serve(listener)
	stop()
	watching.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve HTTP: %w", err)
}

// sayWhoMayAsk tells the operator what a listener beyond loopback means.
func (s *Server) sayWhoMayAsk(address net.Addr) {
	switch {
	case isLoopback(address):
	case s.options.Insecure:
		s.options.Logger.Warn().Stringer("address", address).
			Msg("health, metrics and alerts are open to everybody who reaches this address: http.insecure is true")
	case !s.token.set:
		s.options.Logger.Warn().Stringer("address", address).
			Msg("only /livez and /readyz answer on this address; set http.token, or http.insecure: true, for the rest")
	}
}

// Shutdown stops taking requests, lets those under way end, and waits for the goroutines. It returns ctx's error where
// that takes longer; connections are cut off then, and only what waits for a room that hangs stays behind.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close() // the listener is closed already, and connections have nobody to report to
	}
	if err := errors.Join(err, s.readers.wait(ctx)); err != nil {
		return fmt.Errorf("shut down HTTP: %w", err)
	}
	return nil
}
