package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/window"
)

// gauge is a filling journal that a test plays through.
type gauge struct {
	testing.TB
	filling filling
	open    openings
	now     time.Time
	space   journal.Space
	holding []Holder
}

func newGauge(t *testing.T) *gauge {
	return &gauge{
		TB: t, open: make(openings), now: time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC),
		space:   journal.Space{Budget: 1000 << 20, Free: 100 << 30, Reserve: 256 << 20},
		holding: []Holder{{"kafka", 512 << 20}},
	}
}

// after lets a second go by, with so many MiB used at its end, and returns the transition that was due.
func (g *gauge) after(used int64) *window.Transition {
	g.Helper()
	g.now = g.now.Add(time.Second)
	g.space.Used = used << 20
	g.filling.look(g.now, g.space, g.holding)
	transition, due := g.filling.judge(g.open, g.now)
	if !due {
		return nil
	}
	g.open.follow(transition)
	return &transition
}

// lines returns the lines of a transition that must be there.
func (g *gauge) lines(transition *window.Transition, state window.State) string {
	g.Helper()
	if transition == nil || transition.State != state || len(transition.Samples()) == 0 {
		g.Fatalf("%+v", transition)
	}
	for _, line := range transition.Samples() {
		if len(line) > 500 {
			g.Errorf("a line of %d bytes", len(line))
		}
	}
	return strings.Join(transition.Samples(), "\n")
}

func TestFillingJournalRaisesAnAlertOnce(t *testing.T) {
	g := newGauge(t)
	for used := int64(700); used < 800; used += 10 {
		if transition := g.after(used); transition != nil {
			t.Fatalf("at %d of 1000 MiB: %+v", used, transition)
		}
	}
	first := g.after(800)
	const want = "The journal takes 800.0 MiB of the 1000.0 MiB that it may take, 80 %.\n" +
		"At the present rate of 10.0 MiB a second events will no longer be taken in about 20 seconds, at 01:00:31 UTC on " +
		"2026-11-24.\n" +
		"Output kafka holds it, 512.0 MiB behind; get it going again, give the journal more room (journal.budget), or let " +
		"the output miss events (outputs.kafka.required: false, and max_behind how far it may be behind)."
	if got := g.lines(first, window.Active); got != want {
		t.Errorf("%s", got)
	}
	if first.Rule != JournalFilling || first.Count != 80 || first.Threshold != 80 || first.Start != g.now.UnixNano() {
		t.Errorf("%+v", first)
	}
	for _, used := range []int64{850, 1000, 790, 700, 810, 705} {
		if transition := g.after(used); transition != nil {
			t.Fatalf("at %d of 1000 MiB, again: %+v", used, transition)
		}
	}
	last := g.after(699)
	if got := g.lines(last, window.Inactive); got != "The journal takes 699.0 MiB of the 1000.0 MiB that it may take, 69 %. Events are taken." {
		t.Errorf("%s", got)
	}
	if last.Start != first.Start || last.End != g.now.UnixNano() || last.Peak != 100 || last.ID == first.ID || last.Reason != "" {
		t.Errorf("%+v", last)
	}
	if again := g.after(950); again == nil || again.ID == first.ID || again.Peak != 95 {
		t.Errorf("%+v", again)
	}
}

func TestFillingSaysWhatIsKnown(t *testing.T) {
	tests := []struct {
		name string
		play func(*gauge) *window.Transition
		want []string
	}{
		{"no time to learn the rate", func(g *gauge) *window.Transition { return g.after(900) }, []string{"How fast it fills is not known yet."}},
		{"not filling", func(g *gauge) *window.Transition {
			g.after(850)
			g.after(850)
			return g.after(850)
		}, []string{"At present it does not fill further"}},
		{"slowly", func(g *gauge) *window.Transition {
			g.space.Budget, g.space.Free = 4<<40, 9<<40
			g.after(4 << 20 * 85 / 100)
			g.now = g.now.Add(59 * time.Second)
			return g.after(4<<20*85/100 + 1)
		}, []string{"in more than 100 days"}},
		{"nobody holds it", func(g *gauge) *window.Transition {
			g.holding = nil
			if g.after(850) != nil || g.after(851) != nil {
				g.Error("raised before a checkpoint could have given the room back")
			}
			return g.after(852)
		}, []string{"No output holds it; raise journal.budget."}},
		{"full", func(g *gauge) *window.Transition {
			g.space.Full = true
			return g.after(1000)
		}, []string{"Events are not taken any more", "Output kafka holds it"}},
		{"the disk", func(g *gauge) *window.Transition {
			g.holding = nil
			for range 4 {
				g.space.Free -= 20 << 30
				g.after(100)
			}
			g.space.Free = g.space.Reserve + 100<<20
			g.after(100)
			g.after(100)
			return g.after(100)
		}, []string{"356.0 MiB free", "reserve of 256.0 MiB", "make room on its filesystem"}},
		{"many outputs", func(g *gauge) *window.Transition {
			g.holding = append(g.holding, Holder{"file", 100}, Holder{"http", 90}, Holder{"c", 80}, Holder{"d", 70})
			g.space.Full = true
			return g.after(1000)
		}, []string{"Output kafka holds it, 512.0 MiB behind, output file holds it, 100 bytes behind", "and 2 more"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newGauge(t)
			got := g.lines(test.play(g), window.Active)
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
		})
	}
}

func TestRateIsOfTheLastMinute(t *testing.T) {
	g := newGauge(t)
	for second := range int64(300) {
		g.after(second) // 1 MiB a second
	}
	if len(g.filling.looks) > 62 {
		t.Errorf("%d looks are kept", len(g.filling.looks))
	}
	if rate := g.filling.rate(); rate != 1<<20 {
		t.Errorf("%v bytes a second", rate)
	}
}

func TestTimesForPeople(t *testing.T) {
	for span, want := range map[time.Duration]string{
		5 * time.Second: "5 seconds", 119 * time.Second: "119 seconds", 26 * time.Minute: "26 minutes",
		3 * time.Hour: "3 hours", 72 * time.Hour: "3 days",
	} {
		if got := spanText(span); got != want {
			t.Errorf("%s: %s", span, got)
		}
	}
}
