package outputs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/rules"
)

// An output that may miss events, and is down, must not keep a journal full whose other part the windows take.
func TestWhatMayBeMissedLeavesAFullJournal(t *testing.T) {
	const budget = 16 << 20
	opened, err := journal.Open(journal.Options{Directory: t.TempDir(), Budget: budget, Reserve: 1, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Compile([]rules.Rule{{Name: "r", Window: time.Hour, Threshold: 1_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.New(pipeline.Options{
		Journal: opened, Rules: set, Outputs: []string{"test"}, Logger: zerolog.Nop(),
		DeadLetter: func(context.Context, []pipeline.DeadLetter) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{TB: t, journal: opened, pipeline: p}
	t.Cleanup(h.close)
	d, stop := h.deliver(&receiver{t: t, whole: func() error { return errors.New("down") }}, Options{
		MostBehind: budget / 2, RetryMin: 100 * time.Millisecond, RetryMax: time.Second,
	})
	defer stop()
	at := time.Now()
	sent := 0
	for round := range 40 {
		for first := 0; first < 8000; first += 500 {
			batch := &pipeline.Batch{Source: "test"}
			for k := first; k < first+500; k++ {
				batch.Events = append(batch.Events, fmt.Appendf(nil, `{"@timestamp":%q,"message":"%d"}`,
					at.Add(-time.Duration(rand.Int64N(int64(50*time.Minute)))).UTC().Format(time.RFC3339Nano), round))
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			err := p.Handle(ctx, batch)
			cancel()
			if err != nil {
				space := p.Status().Space
				t.Fatalf("after %d events nothing is taken: %v\n%s: %s\nused %d MiB, state %d MiB, budget %d MiB, the output is %d MiB behind, missed %d",
					sent, err, p.Status().State, p.Status().Reason, space.Used>>20, space.State>>20, space.Budget>>20, d.Stats().Behind>>20, d.Stats().Missed)
			}
			sent += 500
		}
	}
	if d.Stats().Missed == 0 {
		t.Error("nothing was missed, so the journal was never full")
	}
}
