package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/window"
)

func TestDeadLettersRaiseOneAlertAnEpisode(t *testing.T) {
	now := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	var l letters
	open := make(openings)
	judge := func() *window.Transition {
		t.Helper()
		transition, due := l.judge(open, now)
		if !due {
			return nil
		}
		open.follow(transition)
		return &transition
	}
	if judge() != nil {
		t.Fatal("raised for nothing")
	}
	l.add(now, "output kafka", "too large", 3)
	first := judge()
	if first == nil || first.State != window.Active || first.Count != 3 || first.Rule != DeadLetters {
		t.Fatalf("%+v", first)
	}
	if text := strings.Join(first.First, "\n"); !strings.Contains(text, "3 events or alerts were refused") ||
		!strings.Contains(text, "output kafka: too large (3 of them)") {
		t.Errorf("%s", text)
	}
	for range 1000 {
		now = now.Add(time.Minute)
		l.add(now, "output elasticsearch", strings.Repeat("x", 10_000), 1)
		if transition := judge(); transition != nil {
			t.Fatalf("%+v", transition)
		}
	}
	now = now.Add(quietLetters - 1)
	if judge() != nil {
		t.Fatal("ended too early")
	}
	now = now.Add(1)
	last := judge()
	if last == nil || last.State != window.Inactive || last.Peak != 1003 || last.Reason != window.ReasonIdle || last.Approximate {
		t.Fatalf("%+v", last)
	}
	if len(last.Last) > 5 || len(last.Last[4-1]) > 500 {
		t.Errorf("%d lines, %d bytes", len(last.Last), len(last.Last[3]))
	}
	now = now.Add(time.Hour)
	if judge() != nil {
		t.Fatal("raised again for nothing")
	}
	l.add(now, "output kafka", "too large", 1)
	if again := judge(); again == nil || again.ID == first.ID || again.Count != 1 {
		t.Errorf("%+v", again)
	}
}

// What was there before a restart counts, though how much it had become is not known.
func TestDeadLettersOverARestart(t *testing.T) {
	now := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	opening := begun(DeadLetters, lettersID, now.Add(-30*time.Hour), nil)
	opening.Count, opening.Peak = 7, 7
	open := openings{lettersID: opening}
	var l letters
	if _, due := l.judge(open, now); due {
		t.Fatal("ended at the start, though dead letters may have come just before")
	}
	l.add(now.Add(time.Minute), "input lumberjack", "no JSON", 2)
	if _, due := l.judge(open, now.Add(time.Hour)); due {
		t.Fatal("ended within an hour of the last dead letter")
	}
	last, due := l.judge(open, now.Add(time.Hour+time.Minute))
	if !due || last.Peak != 9 || !last.Approximate || last.Start != opening.Start {
		t.Errorf("%v %+v", due, last)
	}
}
