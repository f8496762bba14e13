package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// program is the logboom under test: it is started again whenever it is gone, until it is stopped.
type program struct {
	binary, folder, http string
	environment          []string // beside the own one
	log                  *os.File
	steps                *journal
	// excused tells whether the process may end by itself now.
	excused func() bool

	mutex   sync.Mutex
	command *exec.Cmd
	ended   chan struct{}
	// kills are the times that it was killed or stopped, stops how many of these asked it to end.
	kills []time.Time
	stops int
	// crashes are the times that it ended by itself and had no excuse, excuses those that it had one.
	crashes, excuses []string
	stopping         bool
	killing          bool
	supervised       sync.WaitGroup
}

// startProgram starts logboom in a folder, where its configuration is, and keeps it running until stop.
func startProgram(binary, folder, address string, environment []string, steps *journal, excused func() bool) (*program, error) {
	log, err := os.OpenFile(filepath.Join(folder, "logboom.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log of logboom: %w", err)
	}
	p := &program{
		binary: binary, folder: folder, http: address, environment: environment, log: log, steps: steps, excused: excused,
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	p.supervised.Go(p.supervise)
	return p, nil
}

// errStopping says that there is to be no other process.
var errStopping = errors.New("logboom is being stopped")

func (p *program) start() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.stopping {
		return errStopping
	}
	command := exec.Command(p.binary, "run") //nolint:noctx // it outlives whoever starts it
	command.Dir, command.Stdout, command.Stderr = p.folder, p.log, p.log
	command.Env = append(os.Environ(), p.environment...)
	if err := command.Start(); err != nil {
		return fmt.Errorf("start logboom: %w", err)
	}
	p.command, p.ended, p.killing = command, make(chan struct{}), false
	return nil
}

// restart is how long nothing happens after the process ended by itself.
const restart = 500 * time.Millisecond

// supervise starts the process again and again.
func (p *program) supervise() {
	for {
		err := p.command.Wait()
		p.mutex.Lock()
		close(p.ended)
		stopping, killed := p.stopping, p.killing
		if !killed && !stopping {
			p.endedItself(err)
		}
		p.mutex.Unlock()
		if stopping {
			return
		}
		if !killed {
			time.Sleep(restart)
		}
		if err := p.start(); err != nil {
			p.steps.note("logboom", "%v", err)
			return
		}
	}
}

// endedItself notes an end that nobody asked for. The mutex is held.
func (p *program) endedItself(err error) {
	text := fmt.Sprintf("%s: logboom ended by itself: %v", clock(time.Now()), err)
	p.steps.note("logboom", "ended by itself: %v", err)
	if p.excused() {
		p.excuses = append(p.excuses, text)
		return
	}
	p.crashes = append(p.crashes, text)
}

// end sends the process a signal that ends it, after note, which is called with the mutex held. It returns the process, and what is
// closed when it is gone, or nil where there is none right now.
func (p *program) end(signal os.Signal, note func()) (command *exec.Cmd, ended <-chan struct{}) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	select {
	case <-p.ended:
		return nil, nil
	default:
	}
	p.killing = true
	note()
	_ = p.command.Process.Signal(signal) // fails where it is gone already
	return p.command, p.ended
}

// kill ends the process as a crash does, and waits until it is gone. It returns 1, or 0 where there is none right now.
func (p *program) kill() int {
	_, ended := p.end(syscall.SIGKILL, func() { p.kills = append(p.kills, time.Now()) })
	if ended == nil {
		return 0
	}
	<-ended
	return 1
}

// terminate asks the process to end, and waits until it is gone; it is killed, and that is a crash, if it stays for longer than it
// says. It returns 1, or 0 where there is none right now.
func (p *program) terminate(patience time.Duration) int {
	command, ended := p.end(syscall.SIGTERM, func() { p.stops++ })
	if ended == nil {
		return 0
	}
	select {
	case <-ended:
	case <-time.After(patience):
		p.mutex.Lock()
		p.crashes = append(p.crashes, fmt.Sprintf("%s: logboom was still there %s after SIGTERM", clock(time.Now()), patience))
		p.mutex.Unlock()
		_ = command.Process.Kill()
		<-ended
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.kills = append(p.kills, time.Now()) // what it had in flight until then
	return 1
}

// stop asks the process to end for good, and returns an error unless it ended well.
func (p *program) stop(patience time.Duration) error {
	p.mutex.Lock()
	p.stopping = true
	command, ended := p.command, p.ended
	_ = command.Process.Signal(syscall.SIGTERM) // fails where it is gone already
	p.mutex.Unlock()
	var failed error
	select {
	case <-ended:
	case <-time.After(patience):
		failed = fmt.Errorf("logboom is still there %s after SIGTERM", patience)
		_ = command.Process.Signal(syscall.SIGQUIT)
		time.Sleep(time.Second)
		_ = command.Process.Kill()
	}
	p.supervised.Wait()
	if failed == nil && !command.ProcessState.Success() {
		failed = fmt.Errorf("logboom ended with %v after SIGTERM", command.ProcessState)
	}
	return failed
}

// snapshot returns when the process was killed or stopped, how many of these were stops, and what is to be said about its ends.
func (p *program) snapshot() (kills []time.Time, stops int, crashes, excuses []string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return append(kills, p.kills...), p.stops, append(crashes, p.crashes...), append(excuses, p.excuses...)
}

// get returns what a path of logboom's HTTP port answers.
func (p *program) get(ctx context.Context, path string) (int, []byte, error) {
	return get(ctx, "http://"+p.http+path)
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}

func get(ctx context.Context, url string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("get: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it is only read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("read %s: %w", url, err)
	}
	return response.StatusCode, body, nil
}

// build builds logboom from the module that the current folder is in, with the flags that it is shipped with as far as they decide what has
// to be compiled.
func build(ctx context.Context, folder, tags string) (string, error) {
	binary := filepath.Join(folder, "logboom")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", tags, "-o", binary, "github.com/logboom/logboom/cmd/logboom")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build logboom: %w: %s", err, output)
	}
	return binary, nil
}
