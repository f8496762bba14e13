package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// programOfTest runs a script in the place of logboom.
func programOfTest(t *testing.T, script string, excused func() bool) *program {
	t.Helper()
	folder := t.TempDir()
	binary := filepath.Join(folder, "logboom")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\necho started\n"+script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	steps, err := newJournal(folder)
	if err != nil {
		t.Fatal(err)
	}
	p, err := startProgram(binary, folder, "", nil, steps, excused)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func never() bool { return false }

// starts returns how often the script was started.
func (p *program) starts(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.folder, "logboom.log"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "started\n")
}

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestKilledProgramIsStartedAgain(t *testing.T) {
	p := programOfTest(t, "exec sleep 100", never)
	for n := range 3 {
		waitFor(t, "a start", func() bool { return p.starts(t) == n+1 })
		p.kill()
	}
	waitFor(t, "a start", func() bool { return p.starts(t) == 4 })
	if err := p.stop(10 * time.Second); err == nil {
		t.Error("sleep ends by a signal, which is no good end")
	}
	if kills, _, crashes, _ := p.snapshot(); len(kills) != 3 || len(crashes) != 0 {
		t.Errorf("%d kills, crashes %v", len(kills), crashes)
	}
}

func TestStoppedProgramIsStartedAgain(t *testing.T) {
	p := programOfTest(t, "trap 'exit 0' TERM; while :; do sleep 0.01; done", never)
	waitFor(t, "a start", func() bool { return p.starts(t) == 1 })
	if p.terminate(patience) != 1 {
		t.Error("there was none to stop")
	}
	waitFor(t, "a start", func() bool { return p.starts(t) == 2 })
	if kills, stops, crashes, _ := p.snapshot(); len(kills) != 1 || stops != 1 || len(crashes) != 0 {
		t.Errorf("%d kills, %d stops, crashes %v", len(kills), stops, crashes)
	}
	if err := p.stop(10 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestProgramThatDoesNotStopIsACrash(t *testing.T) {
	p := programOfTest(t, "trap '' TERM; while :; do sleep 0.01; done", never)
	waitFor(t, "a start", func() bool { return p.starts(t) == 1 })
	p.terminate(100 * time.Millisecond)
	if _, _, crashes, _ := p.snapshot(); len(crashes) != 1 {
		t.Errorf("crashes %v", crashes)
	}
	waitFor(t, "a start", func() bool { return p.starts(t) == 2 })
	p.kill()
	_ = p.stop(time.Second)
}

// An end that nobody asked for counts against logboom, unless it has an excuse.
func TestCrashIsNoted(t *testing.T) {
	var excused atomic.Bool
	p := programOfTest(t, "exit 3", excused.Load)
	ends := func() (int, int) {
		_, _, crashes, excuses := p.snapshot()
		return len(crashes), len(excuses)
	}
	waitFor(t, "a crash", func() bool { crashes, _ := ends(); return crashes > 0 })
	excused.Store(true)
	waitFor(t, "an excused one", func() bool { _, excuses := ends(); return excuses > 0 })
	_ = p.stop(10 * time.Second)
}
