package chaos

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// The same seed draws the same faults, another one others, all within the run and in order.
func TestFaultsOfSeed(t *testing.T) {
	o := Options{Duration: 10 * time.Minute}.withDefaults()
	for name, draw := range map[string]func(seed uint64) []fault{
		"kill":    func(seed uint64) []fault { return killFaults(seed, o, nil) },
		"network": func(seed uint64) []fault { return networkFaults(seed, o, "network", nil) },
		"service": func(seed uint64) []fault { return serviceFaults(seed, o, &service{name: "kafka"}) },
		"disk":    func(seed uint64) []fault { return diskFaults(seed, o, nil, nil, nil) },
		"slack":   func(seed uint64) []fault { return slackFaults(seed, o, nil) },
		"http":    func(seed uint64) []fault { return httpFaults(seed, o, nil) },
	} {
		one, same, other := draw(1), draw(1), draw(2)
		differs := false
		for i, f := range one {
			if f.at != same[i].at || f.what != same[i].what {
				t.Errorf("%s: the same seed draws another fault %d", name, i)
			}
			if f.at < 0 || f.at >= o.Duration || i > 0 && f.at < one[i-1].at {
				t.Errorf("%s: fault %d is at %s", name, i, f.at)
			}
			differs = differs || f.at != other[i].at
		}
		if len(one) == 0 || !differs {
			t.Errorf("%s: %d faults, and another seed draws others: %v", name, len(one), differs)
		}
	}
	if kills := len(killFaults(1, o, nil)); kills < 100 {
		t.Errorf("%d kills", kills)
	}
}

// A fault that cannot be made is told: the run proves less than it should.
func TestFaultThatFails(t *testing.T) {
	steps, err := newJournal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	good := func(context.Context) (int, error) { made++; return 2, nil }
	bad := func(context.Context) (int, error) { return 0, errors.New("refused") }
	strikeAll(t.Context(), time.Now(), []fault{
		{0, "lane", "", "first", good}, {0, "lane", "", "second", bad}, {0, "lane", "kind", "third", good},
	}, steps)
	counts := steps.counts()
	if made != 2 || counts[FaultKind{"lane", ""}] != (FaultCount{2, 2}) || counts[FaultKind{"lane", "kind"}] != (FaultCount{1, 2}) ||
		len(steps.failures) != 1 {
		t.Errorf("%d made, %v, %v", made, steps.counts(), steps.failures)
	}
	if r := (Report{Failed: steps.failures}); len(r.Violations()) != 1 {
		t.Error("nobody is told")
	}
}

func TestDiskIsFilledForAWhile(t *testing.T) {
	folder := t.TempDir()
	d := &disk{folder: folder, mark: filepath.Join(folder, "full")}
	until, done := make(chan struct{}), make(chan error)
	go func() {
		_, err := d.fill(until)
		done <- err
	}()
	waitFor(t, "the disk to be full", d.full.Load)
	close(until)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if d.full.Load() || !d.wasFull() {
		t.Error("it must not be full, and must have been a moment ago")
	}
}
