package compare

import (
	"fmt"
	"strings"
)

// daySeconds is how long an outage is that is computed from a short one.
const daySeconds = 24 * 60 * 60

// goals returns what is to be reached, with what was.
func (o *outage) goals() []goal {
	return []goal{
		{
			what: "written a second while a backlog is worked off, to without a backlog", figure: quotients(o.written, o.up),
			bound: 0.7, least: true, unit: "x", decimals: 2,
		},
		{
			what: "worked off a second, to the events that come in meanwhile", figure: quotients(o.workedOff, o.live),
			bound: 0.7, least: true, unit: "x", decimals: 2,
		},
	}
}

// outageText writes what was measured of an outage, and what follows for one of a day.
func outageText(machine string, o *outage) string {
	var text strings.Builder
	text.WriteString(machine)
	text.WriteString("\n| measured | |\n| --- | --: |\n")
	for _, line := range []struct{ what, figure string }{
		{"events/s written while nothing is behind, 1 connection at full speed", spreadThousands(o.up)},
		{"journal, MB a million events", spread(o.journal, 0)},
		{"backlog when the output is up again, events", spreadThousands(o.backlog)},
		{"time until it is worked off, s", spread(o.took, 1)},
		{"events/s that come in meanwhile", spreadThousands(o.live)},
		{"events/s written meanwhile", spreadThousands(o.written)},
		{"events/s worked off", spreadThousands(o.workedOff)},
	} {
		fmt.Fprintf(&text, "| %s | %s |\n", line.what, line.figure)
	}
	writeGoals(&text, o.goals())
	text.WriteString("\n| an outage of a day, computed | events | journal | worked off within |\n| --: | --: | --: | --: |\n")
	for _, rate := range []int{1000, 10_000} {
		day := extrapolate(o, rate)
		fmt.Fprintf(&text, "| at %s events/s | %s | %.0f GB | %s |\n", thousands(rate), thousands(day.events), day.gigabytes, day.duration)
	}
	fmt.Fprintf(&text, "\nComputed, not measured: events are 86,400 s of that rate; the journal, and so the budget that it needs, is what a "+
		"million events took; the time is that in which the output, if it goes on as with the backlog of %s events that was measured, "+
		"writes %s events/s, less what comes in meanwhile.\n", thousands(int(o.backlog.Median())), thousands(int(o.written.Median())))
	return text.String()
}

// day is an outage of a day.
type day struct {
	events    int
	gigabytes float64
	duration  string
}

// extrapolate computes what a day at a rate comes to, from the medians of what was measured.
func extrapolate(o *outage, rate int) day {
	events := rate * daySeconds
	d := day{events: events, gigabytes: float64(events) * o.journal.Median() / 1e9, duration: "never"}
	if spare := o.written.Median() - float64(rate); spare > 0 {
		minutes := int(float64(events)/spare/60 + 0.5)
		d.duration = fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
	}
	return d
}
