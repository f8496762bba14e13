package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/kafka"
)

// dial opens a connection that is closed with the test.
func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// request sends a request and returns the status, 0 where the server closed the connection.
func request(t *testing.T, conn net.Conn, text string) int {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		return 0
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = readAll(t, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

const probe = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

func TestIdleConnectionsMakeRoom(t *testing.T) {
	s := started(Options{})
	s.connections.limit = 3
	address := serve(t, s, "127.0.0.1:0")
	var idle []net.Conn
	for i := range 3 {
		conn := dial(t, address)
		if status := request(t, conn, probe); status != http.StatusOK {
			t.Fatalf("connection %d: %d", i, status)
		}
		eventually(t, "the connection is idle", func() bool { return idleCount(s) == i+1 })
		idle = append(idle, conn)
	}
	if status := request(t, dial(t, address), probe); status != http.StatusOK {
		t.Errorf("one too many: %d", status)
	}
	if _, err := idle[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the one that was idle longest: %v", err)
	}
	if status := request(t, idle[1], probe); status != http.StatusOK {
		t.Errorf("another idle one: %d", status)
	}
	if count, shed, refused := s.connections.count(); count != 3 || shed != 1 || refused != 0 {
		t.Errorf("%d open, %d shed, %d refused", count, shed, refused)
	}
}

func idleCount(s *Server) (count int) {
	s.connections.mutex.Lock()
	defer s.connections.mutex.Unlock()
	for _, known := range s.connections.open {
		if known.state == http.StateIdle {
			count++
		}
	}
	return count
}

func TestConnectionsWithHalfARequestMakeRoom(t *testing.T) {
	s := started(Options{})
	s.connections.limit = 2
	address := serve(t, s, "127.0.0.1:0")
	var slow []net.Conn
	for i := range 2 {
		conn := dial(t, address)
		if _, err := io.WriteString(conn, probe[:10]); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is open", func() bool { return openCount(s) == i+1 })
		slow = append(slow, conn)
	}
	if status := request(t, dial(t, address), probe); status != http.StatusOK {
		t.Errorf("one too many: %d", status)
	}
	if status := request(t, slow[0], probe[10:]); status != 0 {
		t.Errorf("the older one: %d", status)
	}
	if status := request(t, slow[1], probe[10:]); status != http.StatusOK {
		t.Errorf("the younger one: %d", status)
	}
}

func openCount(s *Server) int {
	count, _, _ := s.connections.count()
	return count
}

func TestBusyConnectionsStay(t *testing.T) {
	release := make(chan struct{})
	s := started(Options{Sources: Sources{Kafka: func() kafka.Stats {
		<-release
		return kafka.Stats{}
	}}})
	s.connections.limit = 2
	address := serve(t, s, "127.0.0.1:0")
	statuses := make(chan int)
	for range 2 {
		conn := dial(t, address)
		go func() { statuses <- request(t, conn, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") }()
	}
	eventually(t, "both are busy", func() bool { return activeCount(s) == 2 })
	if status := request(t, dial(t, address), probe); status != 0 {
		t.Errorf("one too many: %d", status)
	}
	close(release)
	for range 2 {
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("a busy one: %d", status)
		}
	}
	if count, shed, refused := s.connections.count(); count != 2 || shed != 0 || refused != 1 {
		t.Errorf("%d open, %d shed, %d refused", count, shed, refused)
	}
}

func activeCount(s *Server) (count int) {
	s.connections.mutex.Lock()
	defer s.connections.mutex.Unlock()
	for _, known := range s.connections.open {
		if known.state == http.StateActive {
			count++
		}
	}
	return count
}

func TestClosedConnectionsAreForgotten(t *testing.T) {
	s := started(Options{})
	address := serve(t, s, "127.0.0.1:0")
	for range 5 {
		conn := dial(t, address)
		request(t, conn, probe)
		_ = conn.Close()
	}
	eventually(t, "none is open", func() bool { return openCount(s) == 0 })
}

func TestLimitsOfARequest(t *testing.T) {
	s := started(Options{})
	if got := s.http; got.ReadHeaderTimeout != 5*time.Second || got.ReadTimeout != 10*time.Second ||
		got.WriteTimeout != 30*time.Second || got.IdleTimeout != time.Minute || got.MaxHeaderBytes != 16<<10 ||
		s.connections.limit != 256 {
		t.Errorf("%+v", got)
	}
	s.http.ReadHeaderTimeout, s.http.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond
	address := serve(t, s, "127.0.0.1:0")
	long := "GET /livez HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 32<<10) + "\r\n\r\n"
	if status := request(t, dial(t, address), long); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("32 KiB of headers: %d", status)
	}
	slow := dial(t, address)
	if status := request(t, slow, probe[:10]); status == http.StatusOK {
		t.Errorf("half a request: %d", status)
	}
	if _, err := io.Copy(io.Discard, slow); err != nil {
		t.Errorf("half a request: the connection is not closed: %v", err)
	}
	idle := dial(t, address)
	if status := request(t, idle, probe); status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("an idle connection: %v", err)
	}
}

func TestServeOnce(t *testing.T) {
	s := started(Options{})
	serve(t, s, "127.0.0.1:0")
	eventually(t, "it serves", s.serving.Load)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(listener); !errors.Is(err, errServing) {
		t.Errorf("%v", err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
}

func TestServeAfterShutdown(t *testing.T) {
	s := started(Options{})
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(listener); err != nil {
		t.Errorf("%v", err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
}

func TestServeOnABrokenListener(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := started(Options{}).Serve(listener); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// A client that never ends its request is cut off when the time is up.
func TestShutdownInTime(t *testing.T) {
	s := started(Options{})
	s.http.ReadHeaderTimeout, s.http.ReadTimeout = time.Hour, time.Hour
	conn := dial(t, serve(t, s, "127.0.0.1:0"))
	if _, err := io.WriteString(conn, probe[:10]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is open", func() bool { return openCount(s) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection stays: %v", err)
	}
}

// quiet is a listener to which nobody comes.
type quiet struct {
	closed chan struct{}
	once   sync.Once
}

func (q *quiet) Accept() (net.Conn, error) {
	<-q.closed
	return nil, net.ErrClosed
}

func (q *quiet) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

func (q *quiet) Addr() net.Addr { return loopback }

func TestServeWatchesTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := healthy()
		from.status.Waiting = 1
		s := started(Options{Now: time.Now, Sources: Sources{Pipeline: from}})
		served := make(chan error)
		go func() { served <- s.Serve(&quiet{closed: make(chan struct{})}) }()
		time.Sleep(wedgedAfter + 2*watchInterval)
		if answer := get(s.Handler(remote), "/livez"); answer.Code != http.StatusServiceUnavailable {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestPanicOfAHandler(t *testing.T) {
	var log bytes.Buffer
	s := New(Options{Logger: zerolog.New(&log)})
	handler := s.recoverPanics(setHeaders(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") })))
	for range 3 {
		if answer := get(handler, "/x"); answer.Code != http.StatusInternalServerError {
			t.Errorf("%d", answer.Code)
		}
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"panic":"oh"`) ||
		!strings.Contains(text, "server_test.go") {
		t.Errorf("log: %s", text)
	}
	if s.panics.Load() != 3 {
		t.Errorf("%d panics", s.panics.Load())
	}
	abort := s.recoverPanics(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer func() {
		if reason := recover(); reason != http.ErrAbortHandler { //nolint:errorlint // a value, not an error chain
			t.Errorf("%v", reason)
		}
	}()
	get(abort, "/x")
}

func TestErrorLogIsRateLimited(t *testing.T) {
	var log bytes.Buffer
	s := New(Options{Logger: zerolog.New(&log)})
	for i := range 100 {
		s.http.ErrorLog.Printf("http: broken %d", i)
	}
	if text := log.String(); text != `{"level":"warn","error":"http: broken 0","message":"HTTP server"}`+"\n" {
		t.Errorf("log: %s", text)
	}
}

func TestSaysWhoMayAsk(t *testing.T) {
	for _, test := range []struct {
		address net.Addr
		options Options
		want    string
	}{
		{loopback, Options{}, ""},
		{remote, Options{Token: secret}, ""},
		{remote, Options{}, "set http.token"},
		{remote, Options{Insecure: true}, "open to everybody"},
	} {
		var log bytes.Buffer
		test.options.Logger = zerolog.New(&log)
		New(test.options).sayWhoMayAsk(test.address)
		if text := log.String(); (text == "") != (test.want == "") || !strings.Contains(text, test.want) {
			t.Errorf("%v: %s", test.address, text)
		}
	}
}

func TestIndexNamesEveryEndpoint(t *testing.T) {
	s := started(Options{Version: "1.2.3"})
	body := get(s.Handler(loopback), "/").Body.String()
	for _, endpoint := range append(s.guarded()[1:], endpoint{path: "/livez"}, endpoint{path: "/readyz"}) {
		if !strings.Contains(body, fmt.Sprintf("%q:", endpoint.path)) {
			t.Errorf("no %s in %s", endpoint.path, body)
		}
	}
	if !strings.Contains(body, `"version":"1.2.3"`) {
		t.Error(body)
	}
}
