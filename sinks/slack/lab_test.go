package slack

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

// lab is a sink under the delivery loop on a clock that moves when nothing else can, with a Slack that is well.
type lab struct {
	t       *testing.T
	server  *sinktest.Slack
	outbox  *sinktest.Outbox
	cursors sinktest.Cursors
	letters sinktest.DeadLetters
	options Options
	log     bytes.Buffer
	number  uint64
}

// inLab runs a test by bot token, at the pace of Slack and with the thresholds of everyday.
func inLab(t *testing.T, test func(t *testing.T, l *lab)) {
	t.Helper()
	server := sinktest.NewSlack(t)
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, server: server, outbox: sinktest.NewOutbox()}
		l.options = Options{
			Token: sinktest.SlackToken, Channel: sinktest.SlackChannel, URL: server.APIURL, Transport: server,
			Logger: zerolog.New(&l.log),
		}
		test(t, l)
	})
}

// run runs a process for a while and returns what its loop tells at the end.
func (l *lab) run(while time.Duration) sinks.Stats {
	l.t.Helper()
	sink, err := New(l.options)
	if err != nil {
		l.t.Fatal(err)
	}
	delivery := sinks.NewDelivery("slack", sink, l.outbox, &l.cursors, l.letters.Write, sinks.Options{Last: l.outbox.Last})
	ctx, cancel := context.WithCancel(l.t.Context())
	ended := make(chan error)
	go func() { ended <- delivery.Run(ctx) }()
	time.Sleep(while) // the bubble's clock
	synctest.Wait()
	stats := delivery.Stats()
	cancel()
	if err := <-ended; err != nil {
		l.t.Error(err)
	}
	return stats
}

// begin makes an alert that begins now.
func (l *lab) begin(key string) window.Transition {
	now := time.Now().UnixNano()
	return l.add(window.Transition{
		Rule: "too many lines", Grouped: true, Key: key, State: window.Active, Time: now, Start: now, Count: 5, Peak: 5,
		Threshold: 5, Window: time.Second, First: []string{"GET /first"}, Received: now,
	})
}

// end ends an alert now.
func (l *lab) end(began window.Transition) window.Transition {
	now := time.Now().UnixNano()
	ended := began
	ended.State, ended.Time, ended.End, ended.Received = window.Inactive, now, now, now
	ended.Peak, ended.Count, ended.Last = 87, 0, []string{"GET /last"}
	return l.add(ended)
}

func (l *lab) add(t window.Transition) window.Transition {
	l.number++
	t.Number, t.ID = l.number, window.TransitionID(t.Rule, []byte(t.Key), t.Start, t.State)
	t.Episode = window.TransitionID(t.Rule, []byte(t.Key), t.Start, window.Active)
	l.outbox.Add(t)
	return t
}

// posts returns the texts of what was posted.
func (l *lab) posts() (texts []string) {
	for _, change := range l.server.Changes() {
		if !change.Update {
			texts = append(texts, change.Text)
		}
	}
	return texts
}

func (l *lab) expect(what string, got, want any) {
	l.t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		l.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// expectPace looks whether no more was written than Slack allows: one a second, and three at once.
func (l *lab) expectPace() {
	l.t.Helper()
	changes := l.server.Changes()
	for i := 3; i < len(changes); i++ {
		if took := changes[i].At.Sub(changes[i-3].At); took < time.Second-time.Millisecond {
			l.t.Errorf("four messages within %s", took)
		}
	}
	for i := range changes {
		for k := i + 1; k < len(changes); k++ {
			if took, count := changes[k].At.Sub(changes[i].At), k-i+1; float64(count) > took.Seconds()+burst+0.01 {
				l.t.Fatalf("%d messages within %s", count, took)
			}
		}
	}
}
