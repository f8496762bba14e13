package lumberjack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zlib"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long tests wait for what must come: with the race detector, on a busy machine, megabytes take a while.
const patience = 2 * time.Minute

// collector is a Handler that copies what it gets.
type collector struct {
	mutex    sync.Mutex
	batches  []Batch
	events   []string
	rejected []Rejected
}

func (c *collector) handle(_ context.Context, batch *Batch) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	copied := *batch
	copied.Events, copied.Rejected = nil, nil
	for _, event := range batch.Events {
		copied.Events = append(copied.Events, bytes.Clone(event))
		c.events = append(c.events, string(event))
	}
	for _, rejected := range batch.Rejected {
		rejected.Prefix = bytes.Clone(rejected.Prefix)
		copied.Rejected = append(copied.Rejected, rejected)
		c.rejected = append(c.rejected, rejected)
	}
	c.batches = append(c.batches, copied)
	return nil
}

func (c *collector) all() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return slices.Clone(c.events)
}

// running is a server on a port of its own, which ends with the test.
type running struct {
	*Server
	addr string
}

// start runs a server until the test is over. It has no heartbeats, which slow machines would add where tests compare
// bytes; those are tested on a clock of their own.
func start(t testing.TB, handler Handler, options Options) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	options.Timeouts.Heartbeat = time.Hour
	server := New(handler, options)
	serveUntilEnd(t, server, listener)
	return &running{server, listener.Addr().String()}
}

func serveUntilEnd(t testing.TB, server *Server, listener net.Listener) {
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

// dial connects to the server until the test is over.
func (r *running) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// send writes, and is content if the server closes meanwhile.
func send(t testing.TB, conn net.Conn, parts ...[]byte) {
	t.Helper()
	whole := parts[0]
	if len(parts) > 1 {
		whole = slices.Concat(parts...)
	}
	if _, err := conn.Write(whole); err != nil {
		t.Logf("write: %v", err)
	}
}

// expect reads exactly these bytes.
func expect(t testing.TB, conn net.Conn, want ...[]byte) {
	t.Helper()
	whole := slices.Concat(want...)
	got := make([]byte, len(whole))
	if n, err := io.ReadFull(conn, got); err != nil {
		t.Fatalf("read %q, want %q: %v", got[:n], whole, err)
	}
	if !bytes.Equal(got, whole) {
		t.Fatalf("read %q, want %q", got, whole)
	}
}

// expectEnd reads the FIN, and nothing before it.
func expectEnd(t testing.TB, conn net.Conn) {
	t.Helper()
	rest, err := io.ReadAll(conn)
	if err != nil || len(rest) > 0 {
		t.Fatalf("read %q and %v, want FIN and nothing else", rest, err)
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// numbered appends a frame head and numbers.
func numbered(version, code byte, numbers ...uint32) []byte {
	frame := []byte{version, code}
	for _, number := range numbers {
		frame = binary.BigEndian.AppendUint32(frame, number)
	}
	return frame
}

func windowFrame(size uint32) []byte { return numbered('2', 'W', size) }
func ack(sequence uint32) []byte     { return numbered('2', 'A', sequence) }

func jsonFrame(sequence uint32, document string) []byte {
	return append(numbered('2', 'J', sequence, uint32(len(document))), document...)
}

func compressedFrame(version byte, parts ...[]byte) []byte {
	payload := deflate(slices.Concat(parts...))
	return append(numbered(version, 'C', uint32(len(payload))), payload...)
}

func deflate(plain []byte) []byte {
	var compressed bytes.Buffer
	writer, _ := zlib.NewWriterLevel(&compressed, 3)
	_, _ = writer.Write(plain)
	_ = writer.Close()
	return compressed.Bytes()
}

func pairsFrame(sequence uint32, pairs ...string) []byte {
	frame := numbered('1', 'D', sequence, uint32(len(pairs)/2))
	for _, field := range pairs {
		frame = append(binary.BigEndian.AppendUint32(frame, uint32(len(field))), field...)
	}
	return frame
}

// recorded returns a file of the recorded sessions.
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "testdata", "recorded", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// errRefused is what handlers of tests fail with.
var errRefused = errors.New("refused")

// pipes is a net.Listener whose connections are pipes, for synctest.
type pipes struct {
	conns  chan net.Conn
	errors chan error
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), errors: make(chan error), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case err := <-p.errors:
		return nil, err
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial returns the client's end of a new connection.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// lines is a log that can be read while it is written.
type lines struct {
	mutex   sync.Mutex
	written bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.written.Write(p)
}

func (l *lines) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.written.String()
}
