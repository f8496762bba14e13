package compare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/process"
)

// patience is how long a server may take to start or to end.
const patience = time.Minute

// Server is a server to be measured.
type Server struct {
	// Name is how it is called in tables.
	Name    string
	program string
	// arguments besides the address, of programs other than logboom.
	arguments []string
	// configuration of logboom, besides where it listens and keeps its data.
	configuration string
}

// running is a server that runs.
type running struct {
	server        Server
	command       *exec.Cmd
	folder        string
	address, http string
	ended         chan error
	// started is the time from starting the process until a window of one event was acknowledged.
	started time.Duration
	sent    atomic.Int64 // events
}

// start starts a server with a new folder, and waits until it takes events.
func (h *harness) start(ctx context.Context, server Server, probe *load.Pool) (*running, error) {
	h.runs++
	folder := filepath.Join(h.folder, fmt.Sprintf("run-%d", h.runs))
	if err := os.Mkdir(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	return h.startIn(ctx, folder, server, probe)
}

func (h *harness) startIn(ctx context.Context, folder string, server Server, probe *load.Pool) (*running, error) {
	r := &running{server: server, folder: folder, ended: make(chan error, 1)}
	var err error
	if r.address, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	arguments := append([]string{"-listen", r.address}, server.arguments...)
	if server.program == programLogboom {
		if arguments, err = r.configure(ctx); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", server.Name, err)
	}
	defer log.Close() //nolint:errcheck // the process has its own
	r.command = exec.CommandContext(ctx, h.binary(server.program), arguments...)
	r.command.Dir, r.command.Stdout, r.command.Stderr = folder, log, log
	begin := time.Now()
	if err := r.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", server.Name, err)
	}
	go func() { r.ended <- r.command.Wait() }()
	if err := r.awaitFirst(ctx, probe); err != nil {
		return nil, errors.Join(err, r.stop())
	}
	r.started = time.Since(begin)
	return r, nil
}

// configure writes logboom's configuration and returns its arguments.
func (r *running) configure(ctx context.Context) (arguments []string, err error) {
	if r.http, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	file := filepath.Join(r.folder, "logboom.yml")
	text := fmt.Sprintf("data: %s\nack: durable\ninputs: {lumberjack: {listen: %q, limits: {connections: %d}}}\n"+
		"http: {listen: %q}\nlog: {level: warn}\n%s",
		filepath.Join(r.folder, "data"), r.address, 2*idleConnections, r.http, r.server.configuration)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return []string{"run", "--config", file}, nil
}

// freeAddress returns an address that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	address := listener.Addr().String()
	return address, listener.Close()
}

// awaitFirst sends a window as soon as the server listens, until it is acknowledged.
func (r *running) awaitFirst(ctx context.Context, probe *load.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		result, err := load.Run(ctx, probe, load.Options{Address: r.address, Events: int64(probe.Window())})
		if err == nil {
			r.sent.Add(result.Events)
			return nil
		}
		select {
		case end := <-r.ended:
			r.ended <- end
			return fmt.Errorf("%s ended at once: %w", r.server.Name, errors.Join(end, r.log()))
		case <-ctx.Done():
			return fmt.Errorf("%s takes no events: %w", r.server.Name, errors.Join(err, r.log()))
		case <-time.After(time.Millisecond):
		}
	}
}

// log returns what the server said, as an error.
func (r *running) log() error {
	text, err := os.ReadFile(filepath.Join(r.folder, "log"))
	if err != nil {
		return err
	}
	const most = 4 << 10
	return fmt.Errorf("it said: %s", text[max(0, len(text)-most):])
}

// observe returns what the process has used.
func (r *running) observe() (process.Usage, error) { return process.Observe(r.command.Process.Pid) }

// stop ends the process, waits for that and deletes its folder. One of logboom must end well.
func (r *running) stop() error {
	err := r.terminate()
	return errors.Join(err, os.RemoveAll(r.folder))
}

func (r *running) terminate() error {
	_ = r.command.Process.Signal(syscall.SIGTERM) // fails where it is gone already
	select {
	case err := <-r.ended:
		if err != nil && r.server.program == programLogboom {
			return fmt.Errorf("%s ended badly: %w", r.server.Name, errors.Join(err, r.log()))
		}
		return nil
	case <-time.After(patience):
		_ = r.command.Process.Kill() // the same
		return fmt.Errorf("%s did not end within %s and was killed: %w", r.server.Name, patience, <-r.ended)
	}
}
