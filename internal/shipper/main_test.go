package shipper

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	golumber "github.com/elastic/go-lumber/log"
	"go.uber.org/goleak"

	"github.com/logboom/logboom/lumberjack"
)

func TestMain(m *testing.M) {
	golumber.Logger = log.New(io.Discard, "", 0)
	goleak.VerifyTestMain(m)
}

// patience is how long tests wait for what must come.
const patience = 20 * time.Second

// collector is a Handler that copies what it gets.
type collector struct {
	mutex   sync.Mutex
	windows [][]string
	before  func(ctx context.Context, window int) error // called with the number of windows so far
}

func (c *collector) handle(ctx context.Context, batch *lumberjack.Batch) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.before != nil {
		if err := c.before(ctx, len(c.windows)); err != nil {
			return err
		}
	}
	var events []string
	for _, event := range batch.Events {
		events = append(events, string(event))
	}
	c.windows = append(c.windows, events)
	return nil
}

// sizes returns the numbers of events in the windows.
func (c *collector) sizes() []int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var sizes []int
	for _, window := range c.windows {
		sizes = append(sizes, len(window))
	}
	return sizes
}

// all returns all events in the order they came.
func (c *collector) all() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return slices.Concat(c.windows...)
}

// listen returns a listener on a port of its own.
func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// serve runs the project's server until the test is over.
func serve(t testing.TB, listener net.Listener, handler lumberjack.Handler, options lumberjack.Options) {
	t.Helper()
	server := lumberjack.New(handler, options)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// start runs the project's server on a port of its own and returns its address.
func start(t testing.TB, handler lumberjack.Handler) string {
	t.Helper()
	listener := listen(t)
	serve(t, listener, handler, lumberjack.Options{})
	return listener.Addr().String()
}

// quick returns options for tests on real sockets: no long waits after failures.
func quick(address string) Options {
	options := DefaultOptions(address)
	options.Backoff = Backoff{Initial: time.Millisecond, Most: 5 * time.Millisecond}
	options.Timeout = patience
	return options
}

// soon is a context that ends when a test has hung for too long.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// connected returns a client that is closed when the test is over, without regard to what is lost then.
func connected(t testing.TB, options Options) *Client {
	t.Helper()
	client, err := Dial(soon(t), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// numbered returns JSON documents with the numbers from 0.
func numbered(count int) [][]byte {
	events := make([][]byte, count)
	for i := range events {
		events[i] = fmt.Appendf(nil, `{"message":"line %d"}`, i)
	}
	return events
}

// ship sends events and waits for their acknowledgement.
func ship(t testing.TB, client *Client, events [][]byte) {
	t.Helper()
	if err := client.Send(soon(t), events); err != nil {
		t.Fatal(err)
	}
	if err := client.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
}

// expectEvents compares what came with what was sent.
func expectEvents(t testing.TB, got []string, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events came, %d were sent", len(got), len(want))
	}
	for i := range want {
		if got[i] != string(want[i]) {
			t.Fatalf("event %d is %s, want %s", i, got[i], want[i])
		}
	}
}

// decoded is what tests read of an event.
type decoded struct {
	Timestamp time.Time `json:"@timestamp"`
	Message   string    `json:"message"`
	Log       struct {
		Offset int64                 `json:"offset"`
		File   struct{ Path string } `json:"file"`
		Flags  []string              `json:"flags"`
	} `json:"log"`
	Agent map[string]string `json:"agent"`
}

func decode(t testing.TB, event string) decoded {
	t.Helper()
	var d decoded
	if err := json.NewDecoder(bytes.NewReader([]byte(event))).Decode(&d); err != nil {
		t.Fatalf("decode %s: %v", event, err)
	}
	return d
}

// pipes is a net.Listener and a dialer whose connections are pipes, for synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial connects, and fails as a refused connection would when ctx ends.
func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// piped returns a client over pipes, which is closed when the test is over.
func piped(t testing.TB, network *pipes, options Options) *Client {
	t.Helper()
	client, err := dial(context.Background(), options, network.dial)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}
