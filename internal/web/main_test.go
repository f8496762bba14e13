package web

import (
	"context"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// update writes the golden files anew.
var update = flag.Bool("update", false, "write the golden files in testdata")

// patience is how long tests wait for what must come.
const patience = 20 * time.Second

// moment is the time at which tests play.
var moment = time.Date(2026, 11, 23, 19, 30, 0, 0, time.UTC)

func atMoment() time.Time { return moment }

// loopback and remote are addresses that a Handler is made for.
var (
	loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9600}
	remote   = &net.TCPAddr{IP: net.IPv6zero, Port: 9600}
)

// source is a Pipeline that says what it is told to.
type source struct {
	mutex        sync.Mutex
	status       pipeline.Status
	stats        pipeline.Stats
	open, latest []window.Transition
	list         []rules.Rule
	counters     map[string]*rules.Counters
}

func healthy() *source { return &source{status: pipeline.Status{State: pipeline.StateOK}} }

func (s *source) set(change func(*source)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change(s)
}

func (s *source) Status() pipeline.Status {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.status
}

func (s *source) Stats() pipeline.Stats {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.stats
}

func (s *source) Alerts(limit int) (open, latest []window.Transition) {
	return s.open, s.latest[:min(limit, len(s.latest))]
}

func (s *source) Rules() ([]rules.Rule, map[string]*rules.Counters) { return s.list, s.counters }

// started returns a server that is ready, with a healthy pipeline unless the options name one.
func started(options Options) *Server {
	if options.Sources.Pipeline == nil {
		options.Sources.Pipeline = healthy()
	}
	if options.Now == nil {
		options.Now = atMoment
	}
	s := New(options)
	s.SetReady(true, "")
	return s
}

// get asks a handler the way a local client does.
func get(handler http.Handler, target string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	request.Host = "127.0.0.1:9600"
	handler.ServeHTTP(recorder, request)
	return recorder
}

// serve serves on a real listener until the test is over and returns its address.
func serve(t *testing.T, s *Server, listen string) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return listener.Addr().String()
}

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("differs from %s:\n%s", path, got)
	}
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %s: %s", patience, what)
		}
	}
}
