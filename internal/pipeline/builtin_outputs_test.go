package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/file"
)

// receiver is where events go; it takes none while it is down.
type receiver struct {
	down   atomic.Bool
	events atomic.Int64
}

// Write implements outputs.Output.
func (r *receiver) Write(_ context.Context, batch *outputs.Batch) ([]error, error) {
	if r.down.Load() {
		return nil, errors.New("the broker is down")
	}
	r.events.Add(int64(len(batch.Events)))
	return make([]error, len(batch.Events)), nil
}

// Close implements outputs.Output.
func (r *receiver) Close() error { return nil }

// paper is what a sink wrote.
type paper struct {
	mutex sync.Mutex
	text  strings.Builder
}

// Write implements io.Writer.
func (p *paper) Write(bytes []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.text.Write(bytes)
}

// alert is what of an alert document is of interest here.
type alert struct {
	Message string `json:"message"`
	Logboom struct {
		Count   int      `json:"count"`
		Samples []string `json:"samples"`
	} `json:"logboom"`
}

// alerts returns what was written until there are so many documents.
func (p *paper) alerts(t *testing.T, count int) []alert {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		p.mutex.Lock()
		lines := strings.Split(strings.TrimSpace(p.text.String()), "\n")
		p.mutex.Unlock()
		if len(lines) < count || lines[0] == "" {
			if time.Now().After(deadline) {
				t.Fatalf("waited in vain for %d alerts: %q", count, lines)
			}
			continue
		}
		list := make([]alert, len(lines))
		for i, line := range lines {
			if err := json.Unmarshal([]byte(line), &list[i]); err != nil {
				t.Fatal(err)
			}
		}
		return list
	}
}

// A receiver that is down fills the journal: the alert goes out before events stop, says who holds it and until when, and ends
// once the receiver has had everything.
func TestAReceiverThatIsDownIsToldInTime(t *testing.T) {
	store, err := journal.Open(journal.Options{
		Directory: t.TempDir(), SegmentBytes: 1 << 20, Budget: 32 << 20, Reserve: 1, Logger: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Compile([]rules.Rule{{Name: "rare", Window: time.Second, Threshold: 1_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	house, err := pipeline.New(pipeline.Options{
		Journal: store, Rules: set, Sinks: []string{"paper"}, Outputs: []string{"kafka"}, Builtin: true, Logger: zerolog.Nop(),
		DeadLetter: func(context.Context, []pipeline.DeadLetter) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	to, written := new(receiver), new(paper)
	to.down.Store(true)
	events := outputs.NewDelivery("kafka", to, house.Events(), outputs.Options{
		AsTheyCame: true, RetryMin: time.Millisecond, RetryMax: 10 * time.Millisecond,
	})
	alerts := sinks.NewDelivery("paper", file.NewWriter(written), house.Outbox(), house.Outbox(),
		func(context.Context, sinks.DeadLetter) error { return nil }, sinks.Options{})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = events.Run(ctx) })
	running.Go(func() { _ = alerts.Run(ctx) })
	defer func() {
		stop()
		running.Wait()
		if err := errors.Join(house.Close(context.Background()), store.Close()); err != nil {
			t.Error(err)
		}
	}()

	sent := 0
	line := strings.Repeat("x", 20_000)
	send := func() {
		t.Helper()
		batch := &pipeline.Batch{Source: "test", Events: [][]byte{fmt.Appendf(nil, `{"number":%d,"message":%q}`, sent, line)}}
		if err := house.Handle(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		sent++
	}
	for used := int64(0); used < 83*(32<<20)/100; { // some 8 MiB a second
		send()
		time.Sleep(2 * time.Millisecond)
		space, err := store.Space()
		if err != nil {
			t.Fatal(err)
		}
		used = space.Used
	}
	first := written.alerts(t, 1)[0]
	if status := house.Status(); status.State != pipeline.StateOK {
		t.Errorf("the alert came when the journal was %s", status.State)
	}
	said := strings.Join(first.Logboom.Samples, "\n")
	if first.Message != "Alert 'logboom: journal filling' changed state to ACTIVE" || first.Logboom.Count < 80 {
		t.Errorf("%+v", first)
	}
	for _, want := range []string{"Output kafka holds it", "events will no longer be taken in about ", " of the 32.0 MiB "} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	send()
	to.down.Store(false)
	if last := written.alerts(t, 2)[1]; last.Message != "Alert 'logboom: journal filling' changed state to INACTIVE" {
		t.Errorf("%+v", last)
	}
	for deadline := time.Now().Add(20 * time.Second); to.events.Load() < int64(sent); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d events", to.events.Load(), sent)
		}
	}
	if got := written.alerts(t, 2); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}
