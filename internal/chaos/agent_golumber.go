package chaos

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	lumber "github.com/elastic/go-lumber/client/v2"
)

const (
	// pipelining is how many windows are under way on a connection of go-lumber's client.
	pipelining = 2
	// reconnecting is how long it is until the next connection after one was lost.
	reconnecting = 300 * time.Millisecond
)

// liveByGoLumber is one connection of an agent that sends by go-lumber's client, as Filebeat does: whole windows, two under way,
// and all of those again that were not acknowledged to their end when the connection is lost.
func (a *agent) liveByGoLumber(ctx context.Context) error {
	s, err := a.openSession(ctx)
	if err == nil {
		err = s.send(ctx)
		s.close()
	}
	if err != nil {
		pause(ctx, reconnecting)
	}
	return err
}

// session is a connection of go-lumber's client.
type session struct {
	agent  *agent
	client *lumber.AsyncClient
	// forget ends the wait for the end of the agent's life, which closes the connection and so ends whatever waits for it.
	forget func() bool
	// underWay counts the windows that have no outcome yet.
	underWay sync.WaitGroup

	mutex  sync.Mutex
	failed error
}

func (a *agent) openSession(ctx context.Context) (*session, error) {
	connection, err := (&net.Dialer{Timeout: shipperTimeout}).DialContext(ctx, "tcp", a.address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	client, err := lumber.NewAsyncClientWithConn(connection, pipelining, lumber.Timeout(shipperTimeout), lumber.CompressionLevel(3),
		lumber.JSONEncoder(func(event any) ([]byte, error) { return event.([]byte), nil }))
	if err != nil {
		_ = connection.Close()
		return nil, fmt.Errorf("make client: %w", err)
	}
	return &session{agent: a, client: client, forget: context.AfterFunc(ctx, func() { _ = connection.Close() })}, nil
}

// send sends all lines that are not acknowledged, each when it is written, and returns when all are acknowledged, or one window
// is not.
func (s *session) send(ctx context.Context) error {
	a := s.agent
	encoder := a.stream.agent()
	for number := int(a.acknowledged.Load()); number < len(a.stream.lines); {
		behind, err := a.fill(ctx, number)
		if err != nil {
			return err
		}
		var window []any
		for ; number < behind; number++ {
			line := a.stream.lines[number]
			window = append(window, encoder.AppendEvent(nil, line.time(), a.stream.path, line.offset, a.stream.message(number)))
		}
		s.underWay.Add(1)
		if err := s.client.Send(s.acknowledge(a.sentAgain(behind, len(window))), window); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		if err := s.failure(); err != nil {
			return err
		}
	}
	s.underWay.Wait()
	return s.failure()
}

// fill waits until a window from a line on is full, or has something in it for a while, and returns the line behind it.
func (a *agent) fill(ctx context.Context, from int) (behind int, err error) {
	lines := a.stream.lines
	if err := waitUntil(ctx, lines[from].time()); err != nil {
		return 0, err
	}
	last := min(from+a.window, len(lines)) - 1
	if err := waitUntil(ctx, minTime(lines[last].time(), lines[from].time().Add(linger))); err != nil {
		return 0, err
	}
	behind = from + 1
	for now := time.Now(); behind <= last && !lines[behind].time().After(now); behind++ {
	}
	return behind, nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// sentAgain notes that the lines up to one are sent, and returns how many of the last of them were sent before.
func (a *agent) sentAgain(behind, count int) int {
	again := max(0, count-max(0, behind-a.sent))
	a.sent = max(a.sent, behind)
	return again
}

// acknowledge returns what is told the outcome of a window, of which so many lines were sent before.
func (s *session) acknowledge(again int) lumber.AsyncSendCallback {
	return func(acknowledged uint32, err error) {
		defer s.underWay.Done()
		if err != nil {
			s.mutex.Lock()
			s.failed = err
			s.mutex.Unlock()
			return
		}
		s.agent.acknowledged.Add(int64(acknowledged))
		s.agent.resent.Add(int64(again))
	}
}

func (s *session) failure() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.failed
}

// close ends the connection. It returns when the outcomes of all windows are noted.
func (s *session) close() {
	_ = s.client.Close() // what was not acknowledged is sent by the next one
	s.forget()
	s.underWay.Wait()
}
