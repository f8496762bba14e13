package lumberjack

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elastic/go-lumber/server"

	"github.com/logboom/logboom/internal/shipper"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/outputtest"
)

// receiver is the project's own server, which does as it is told.
type receiver struct {
	address string

	mutex   sync.Mutex
	bodies  [][]byte
	windows int
	fails   func() bool
	hangs   chan struct{}
	reached bool
	server  *lumberjack.Server
}

// listen starts a receiver on a port of its own, until the test ends.
func listen(t *testing.T, options lumberjack.Options) *receiver {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &receiver{address: listener.Addr().String()}
	r.server = lumberjack.New(r.handle, options)
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = r.server.Shutdown(ctx) // what hangs is cut off
		if err := <-served; err != nil && !errors.Is(err, lumberjack.ErrServerClosed) {
			t.Error(err)
		}
	})
	return r
}

func (r *receiver) handle(ctx context.Context, batch *lumberjack.Batch) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if hangs := r.hangs; hangs != nil {
		r.reached = true
		r.mutex.Unlock()
		select {
		case <-hangs:
		case <-ctx.Done():
		}
		r.mutex.Lock()
	}
	if r.fails != nil && r.fails() {
		return errors.New("not now")
	}
	r.windows++
	for _, event := range batch.Events {
		r.bodies = append(r.bodies, bytes.Clone(event))
	}
	return nil
}

func (r *receiver) set(fails func() bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.fails = fails
}

func (r *receiver) received(*testing.T) [][]byte {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([][]byte(nil), r.bodies...)
}

func (r *receiver) fixture(options Options) outputtest.Fixture {
	random := rand.New(rand.NewPCG(1, 2)) // under the mutex
	return outputtest.Fixture{
		Open:     func(t *testing.T) outputs.Output { return open(t, options) },
		Received: r.received,
		Options:  outputs.Options{AsTheyCame: true},
		Fail:     func(*testing.T) { r.set(func() bool { return true }) },
		Mend:     func(*testing.T) { r.set(nil) },
		Stumble:  func(*testing.T) { r.set(func() bool { return random.IntN(4) == 0 }) },
		Hang: func(t *testing.T) func() bool {
			hangs := make(chan struct{})
			t.Cleanup(func() { close(hangs) })
			r.mutex.Lock()
			defer r.mutex.Unlock()
			r.hangs = hangs
			return func() bool {
				r.mutex.Lock()
				defer r.mutex.Unlock()
				return r.reached
			}
		},
		Ordered: options.Connections <= 1,
	}
}

func open(t *testing.T, options Options) *Output {
	t.Helper()
	output, err := New(options)
	must(t, err)
	return output
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConforms(t *testing.T) {
	for name, options := range map[string]Options{
		"usual":        {Compression: DefaultCompression},
		"bare":         {},
		"short":        {Compression: 1, Window: 7, Pipelining: 3},
		"unpipelined":  {Compression: 9, Window: 20, Pipelining: 1},
		"several":      {Compression: 1, Window: 50, Connections: 3},
		"one is down":  {Hosts: []string{"127.0.0.1:1"}, Window: 50},
		"load balance": {Hosts: []string{"127.0.0.1:1"}, Window: 50, Connections: 2, LoadBalance: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outputtest.Run(t, func(t *testing.T) outputtest.Fixture {
				r := listen(t, lumberjack.Options{})
				options := options
				options.Hosts = append(options.Hosts[:len(options.Hosts):len(options.Hosts)], r.address)
				return r.fixture(options)
			})
		})
	}
}

func TestConformsByTLS(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	outputtest.Run(t, func(t *testing.T) outputtest.Fixture {
		r := listen(t, lumberjack.Options{TLS: serverTLS})
		return r.fixture(Options{Hosts: []string{r.address}, TLS: clientTLS, Compression: 1})
	})
}

// certificate returns both sides' settings for a certificate of 127.0.0.1.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	lent := httptest.NewTLSServer(nil)
	lent.Close()
	pool := x509.NewCertPool()
	pool.AddCert(lent.Certificate())
	return &tls.Config{Certificates: lent.TLS.Certificates}, &tls.Config{RootCAs: pool}
}

// batch returns events with these bodies.
func batch(bodies ...string) *outputs.Batch {
	b := &outputs.Batch{}
	for _, body := range bodies {
		b.Events = append(b.Events, outputs.Event{Body: []byte(body)})
		b.Bytes += len(body)
	}
	return b
}

func numbered(count int) []string {
	bodies := make([]string, count)
	for i := range bodies {
		bodies[i] = fmt.Sprintf(`{"number":%d}`, i)
	}
	return bodies
}

// What was acknowledged is done, and nothing else is given again.
func TestAcknowledgedWindowsAreDone(t *testing.T) {
	r := listen(t, lumberjack.Options{})
	r.set(func() bool { return r.windows == 3 })
	output := open(t, Options{Hosts: []string{r.address}, Window: 10, Pipelining: 1})
	defer output.Close()
	outcomes, err := output.Write(t.Context(), batch(numbered(100)...))
	must(t, err)
	for i, outcome := range outcomes {
		if (outcome == nil) != (i < 30) {
			t.Fatalf("event %d: %v", i, outcome)
		}
	}
	if text := outcomes[30].Error(); !strings.Contains(text, "without acknowledging") || strings.Contains(text, "\n") {
		t.Errorf("the reason is %q", text)
	}
	if got := r.received(t); len(got) != 30 {
		t.Errorf("%d events were received", len(got))
	}
}

// The next host is tried when one fails, and kept to.
func TestFailover(t *testing.T) {
	first, second := listen(t, lumberjack.Options{}), listen(t, lumberjack.Options{})
	output := open(t, Options{Hosts: []string{first.address, second.address}})
	defer output.Close()
	write := func(want error) {
		t.Helper()
		outcomes, err := output.Write(t.Context(), batch(numbered(3)...))
		if must(t, err); (outcomes[0] == nil) != (want == nil) {
			t.Fatalf("got %v", outcomes[0])
		}
	}
	write(nil)
	first.set(func() bool { return true })
	write(errors.New("of the first"))
	write(nil)
	first.set(nil)
	write(nil)
	if a, b := len(first.received(t)), len(second.received(t)); a != 3 || b != 6 {
		t.Errorf("received %d and %d", a, b)
	}
}

func TestNobodyListens(t *testing.T) {
	output := open(t, Options{Hosts: []string{"127.0.0.1:1", "127.0.0.1:2"}})
	defer output.Close()
	outcomes, err := output.Write(t.Context(), batch(numbered(1)...))
	if err == nil {
		err = outcomes[0]
	}
	text := err.Error()
	if !strings.Contains(text, "127.0.0.1:1") || !strings.Contains(text, "127.0.0.1:2") || strings.Contains(text, "\n") {
		t.Errorf("got %q", text)
	}
	if err := output.Check(t.Context()); err == nil {
		t.Error("Check found somebody")
	}
	r := listen(t, lumberjack.Options{})
	working := open(t, Options{Hosts: []string{"127.0.0.1:1", r.address}})
	defer working.Close()
	must(t, working.Check(t.Context()))
}

// A server that closes connections that are idle is no failure.
func TestIdleConnection(t *testing.T) {
	r := listen(t, lumberjack.Options{Timeouts: lumberjack.Timeouts{Idle: 20 * time.Millisecond}})
	output := open(t, Options{Hosts: []string{r.address}})
	defer output.Close()
	for range 3 {
		outcomes, err := output.Write(t.Context(), batch(numbered(2)...))
		must(t, errors.Join(append(outcomes, err)...))
		outputtest.WaitFor(t, func() bool { return r.server.Stats().Connections == 0 })
	}
	if got := r.received(t); len(got) != 6 {
		t.Errorf("%d events were received", len(got))
	}
}

func TestTooLargeEvent(t *testing.T) {
	r := listen(t, lumberjack.Options{})
	output := open(t, Options{Hosts: []string{r.address}, Compression: 1})
	defer output.Close()
	outcomes, err := output.Write(t.Context(), batch(`{"a":1}`, `{"b":"`+strings.Repeat("b", shipper.MaxEvent)+`"}`, `{"c":1}`))
	must(t, err)
	var permanent *outputs.Permanent
	if outcomes[0] != nil || outcomes[2] != nil || !errors.As(outcomes[1], &permanent) {
		t.Errorf("got %v", outcomes)
	}
	if got := r.received(t); len(got) != 2 || string(got[1]) != `{"c":1}` {
		t.Errorf("received %d events", len(got))
	}
	outcomes, err = output.Write(t.Context(), batch())
	if err != nil || len(outcomes) != 0 {
		t.Errorf("an empty batch: %v, %v", outcomes, err)
	}
}

// go-lumber's server is what other receivers are made of.
func TestGoLumberServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	other, err := server.NewWithListener(listener, server.V2(true))
	must(t, err)
	var numbers []int
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for window := range other.ReceiveChan() {
			for _, event := range window.Events {
				fields, _ := event.(map[string]any)
				number, _ := fields["number"].(float64)
				numbers = append(numbers, int(number))
			}
			window.ACK()
		}
	}()
	output := open(t, Options{Hosts: []string{listener.Addr().String()}, Compression: 3, Window: 100})
	outcomes, err := output.Write(t.Context(), batch(numbered(1000)...))
	must(t, errors.Join(append(outcomes, err)...))
	must(t, output.Close())
	must(t, other.Close())
	<-ended
	for i, number := range numbers {
		if i != number {
			t.Fatalf("event %d at place %d", number, i)
		}
	}
	if len(numbers) != 1000 {
		t.Errorf("%d events", len(numbers))
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	_, err := New(Options{Hosts: []string{":5044"}, Window: -1, Compression: 10, Pipelining: -1, Timeout: -1})
	for _, want := range []string{"hosts[0]", "window", "compression_level", "pipelining", "timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "hosts: give one") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	taking := lumberjack.New(func(context.Context, *lumberjack.Batch) error { return nil }, lumberjack.Options{})
	go func() { _ = taking.Serve(listener) }()
	defer func() { _ = taking.Shutdown(context.Background()) }()
	output, err := New(Options{Hosts: []string{listener.Addr().String()}, Compression: DefaultCompression})
	must(b, err)
	defer output.Close()
	events := batch()
	for i := range 20_480 {
		events.Events = append(events.Events, outputs.Event{Body: outputtest.Event(i, 250)})
		events.Bytes += len(events.Events[i].Body)
	}
	b.SetBytes(int64(events.Bytes))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := output.Write(context.Background(), events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(events.Events))/b.Elapsed().Seconds(), "events/s")
}
