package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/shipper"
)

// sender is a host that sends one episode after the other until it is told to finish. An episode is a burst and, five
// seconds of event time later, one quiet line that ends it; the next one begins five seconds behind that.
//
// The events of a burst have times of their own, but run backwards: the first has the greatest one, the others are
// within a second before it. So the greatest time M is the same from the first line of a burst to the last, and an alert
// starts at M whichever line makes it start: the alerts are the same where lines at the beginning of a burst count twice,
// because the shipper had to send them again. Lines of a burst that come again behind the quiet line are too late to
// count, and a quiet line that comes again is far below every threshold.
type sender struct {
	t       *testing.T
	host    string
	link    link
	events  [][]byte // all of them, in the order in which they were sent
	closing chan struct{}
	ended   sync.WaitGroup
}

// link is a way for events to go.
type link struct {
	// send returns when it has taken the events, flush when all that it took have arrived.
	send  func(ctx context.Context, events [][]byte) error
	flush func(ctx context.Context) error
	close func()
	// pace is how often an episode is sent at most; 0 is as fast as the link takes them.
	pace time.Duration
}

// streamStart is far enough in the past for no event to be ahead of its arrival.
var streamStart = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// startSender starts a sender. It is stopped at the end of the test at the latest.
func startSender(t *testing.T, host string, link link) *sender {
	t.Helper()
	s := &sender{t: t, host: host, link: link, closing: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	s.ended.Go(func() { s.send(ctx) })
	t.Cleanup(func() {
		stop()
		s.ended.Wait()
		link.close()
	})
	return s
}

func (s *sender) send(ctx context.Context) {
	agent := shipper.NewAgent(s.host, rand.Uint64()) //nolint:gosec // no secret
	ticker := time.NewTicker(max(s.link.pace, time.Nanosecond))
	defer ticker.Stop()
	for number := 0; ; number++ {
		events := episode(agent, "/var/log/"+s.host, number)
		s.events = append(s.events, events...)
		if err := s.link.send(ctx, events); err != nil {
			if !errors.Is(err, context.Canceled) {
				s.t.Error(err)
			}
			return
		}
		select {
		case <-s.closing:
			return
		case <-ticker.C:
		}
	}
}

// episode returns a burst of 100 to 900 lines with a quiet line behind it.
func episode(agent *shipper.Agent, path string, number int) [][]byte {
	at := streamStart.Add(time.Duration(number) * 10 * time.Second)
	lines := 100 + rand.IntN(801) //nolint:gosec // no secret
	events := make([][]byte, 0, lines+1)
	for i := range lines {
		events = append(events, agent.AppendEvent(nil, at.Add(-time.Duration(i)*time.Millisecond), path,
			int64(number*1000+i), fmt.Sprintf("episode %d line %d", number, i)))
	}
	return append(events, agent.AppendEvent(nil, at.Add(5*time.Second), path,
		int64(number*1000+lines), fmt.Sprintf("episode %d is over", number)))
}

// finish lets the sender end its episode, and waits until everything has arrived.
func (s *sender) finish() {
	close(s.closing)
	s.ended.Wait()
	ctx, cancel := soon()
	defer cancel()
	if err := s.link.flush(ctx); err != nil {
		s.t.Error(err)
	}
}

// lumberjackLink sends as Filebeat does, and springs the trap. It adds the windows that it had to send again to resent.
func lumberjackLink(t *testing.T, address string, trap *trap, resent *atomic.Int64) link {
	t.Helper()
	options := shipper.DefaultOptions(address)
	options.Window, options.SlowStart, options.Linger = 300, true, 5*time.Millisecond
	options.Backoff = shipper.Backoff{Initial: 5 * time.Millisecond, Most: 50 * time.Millisecond}
	options.OnSent = func(delivery shipper.Delivery) {
		if delivery.Resent {
			resent.Add(1)
		}
		trap.at(windowSent)
	}
	options.OnAcknowledged = func(shipper.Delivery) { trap.at(windowAcknowledged) }
	ctx, cancel := soon()
	defer cancel()
	client, err := shipper.Dial(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	return link{
		send: client.Send, flush: client.Flush, pace: 10 * time.Millisecond,
		close: func() { _ = client.Close() }, // flush has told what is wrong
	}
}
