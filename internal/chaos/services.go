package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// service is a real Elasticsearch or Kafka that a script runs.
type service struct {
	name, script, folder, port string
	steps                      *journal
	// pid is the number of its process, 0 where there is none. It belongs to whoever starts and kills.
	pid int

	mutex sync.Mutex
	kills []time.Time
}

// newService returns one that is to be started on a free port, with its data in a folder. The ports above it are Kafka's controller
// and Elasticsearch's transport.
func newService(name, scripts, folder string, steps *journal) (*service, error) {
	_, port, _ := net.SplitHostPort(freeAddress(1, 100))
	s := &service{name: name, script: filepath.Join(scripts, name), folder: filepath.Join(folder, name), port: port, steps: steps}
	if _, err := os.Stat(s.script); err != nil {
		return nil, fmt.Errorf("find the script that starts %s: %w (set -services, or leave it out with -without %s)", name, err, name)
	}
	return s, nil
}

func (s *service) address() string { return "127.0.0.1:" + s.port }

// run calls the script.
func (s *service) run(ctx context.Context, arguments ...string) error {
	var said bytes.Buffer
	command := exec.CommandContext(ctx, s.script, arguments...)
	command.Stdout, command.Stderr = &said, &said
	// The server outlives the script and must not hold its pipes.
	command.WaitDelay = time.Second
	if err := command.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%s %s: %w: %s", s.name, arguments[0], err, said.String())
	}
	return nil
}

// start starts the server. Where that fails it is tried again: on a busy machine the script may give up on one that is slow, or not
// find one that it has just started.
func (s *service) start(ctx context.Context) error {
	var err error
	for range 3 {
		if err = s.tryStart(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		s.steps.note(s.name, "does not start: %v", err)
	}
	return err
}

// tryStart starts the server once. What a start that failed left is killed, so that the next one finds the port free: the script
// forgets its number.
func (s *service) tryStart(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.run(ctx, "start", "--port", s.port, "--dir", s.folder) }()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.learnNumber()
		case err := <-done:
			s.learnNumber()
			if err != nil && s.pid != 0 {
				_ = syscall.Kill(s.pid, syscall.SIGKILL) // fails where it is gone already
			}
			return err
		}
	}
}

// learnNumber notes the number of the process, where the script has written it down.
func (s *service) learnNumber() {
	text, err := os.ReadFile(filepath.Join(s.folder, "pid"))
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && !gone(pid) {
		s.pid = pid
	}
}

// kill ends the server as a crash does.
func (s *service) kill() error {
	pid := s.pid
	if pid == 0 {
		return fmt.Errorf("kill %s: it does not run", s.name)
	}
	s.mutex.Lock()
	s.kills = append(s.kills, time.Now())
	s.mutex.Unlock()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", s.name, err)
	}
	for !gone(pid) {
		time.Sleep(10 * time.Millisecond)
	}
	s.pid = 0
	return nil
}

// gone tells whether a process is dead and only waits to be buried.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(rest, []byte("Z"))
}

// snapshot returns when it was killed.
func (s *service) snapshot() []time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]time.Time(nil), s.kills...)
}

// stop ends it and keeps its data.
func (s *service) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return s.run(ctx, "stop", "--port", s.port, "--dir", s.folder)
}
