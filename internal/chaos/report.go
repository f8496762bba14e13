package chaos

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Report is what a run counted.
type Report struct {
	Seed     uint64
	Duration time.Duration
	// Kills is how often logboom was killed, Faults how many faults of each kind there were.
	Kills  int
	Faults map[string]int
	// Resent is how many events shippers sent more than once before they were acknowledged, those of restarted ones aside.
	Resent int
	// Disk says how the disk was filled.
	Disk   string
	Events []Count
	Alerts []AlertCount
	// Crashes are the times that logboom ended by itself, Excused those while its disk was full.
	Crashes, Excused []string
	// Failed are the faults that could not be made: the run proves less than it should.
	Failed []string
	// Undelivered says what had not arrived in time, empty where all had.
	Undelivered string
	// Dead is what logboom set aside, although everything was good.
	Dead []string
	// Folder has everything that a run left to look at; empty where it was removed.
	Folder string
}

// Violations say what was promised and does not hold, one line each.
func (r Report) Violations() []string {
	var list []string
	for _, c := range r.Events {
		if c.Violated() {
			list = append(list, fmt.Sprintf("events in %s: %d lost, %d double of which %d unexplained and up to %d from one kill, %d altered, %d foreign",
				c.Receiver, c.Lost, c.Double, c.Unexplained, c.MostOfAKill, c.Altered, c.Foreign))
			list = append(list, c.Examples...)
		}
	}
	for _, c := range r.Alerts {
		if c.Violated() {
			list = append(list, fmt.Sprintf("alerts in %s: %d lost, %d double, %d foreign, %d stale",
				c.Receiver, c.Lost, c.Double, c.Foreign, c.Stale))
			list = append(list, c.Examples...)
		}
	}
	list = append(list, r.Crashes...)
	list = append(list, r.Dead...)
	list = append(list, r.Failed...)
	if r.Undelivered != "" {
		list = append(list, r.Undelivered)
	}
	return list
}

// Write writes the report as markdown.
func (r Report) Write(to io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of faults, seed %d: logboom killed %d times; %d events sent again by shippers; data on %s.\n\n",
		r.Duration, r.Seed, r.Kills, r.Resent, r.Disk)
	r.writeEvents(&b)
	r.writeAlerts(&b)
	r.writeFaults(&b)
	if list := r.Violations(); len(list) > 0 {
		fmt.Fprintf(&b, "\n**Violated** (%s):\n\n", r.Folder)
		for _, line := range list {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	if _, err := io.WriteString(to, b.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (r Report) writeEvents(b *strings.Builder) {
	fmt.Fprint(b, "| events in | sent | stored | lost | double | of these not from a kill | from one kill, at most | longest in flight | altered or foreign |\n")
	fmt.Fprint(b, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, c := range r.Events {
		if c.LeftOut {
			fmt.Fprintf(b, "| %s | left out | | | | | | | |\n", c.Receiver)
			continue
		}
		longest := "-"
		if c.Double > c.Unexplained {
			longest = c.Longest.Round(time.Millisecond).String()
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d | %s | %d |\n", c.Receiver, c.Sent, c.Stored, c.Lost, c.Double, c.Unexplained,
			c.MostOfAKill, longest, c.Altered+c.Foreign)
	}
}

func (r Report) writeAlerts(b *strings.Builder) {
	fmt.Fprint(b, "\n| alerts in | expected | stored | lost | double | not expected | stale at last |\n")
	fmt.Fprint(b, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, c := range r.Alerts {
		if c.LeftOut {
			fmt.Fprintf(b, "| %s | left out | | | | | |\n", c.Receiver)
			continue
		}
		name := c.Receiver
		if c.Digested > 0 {
			name += fmt.Sprintf(" (%d of them in digests)", c.Digested)
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d |\n", name, c.Expected, c.Stored, c.Lost, c.Double, c.Foreign, c.Stale)
	}
}

func (r Report) writeFaults(b *strings.Builder) {
	var kinds []string
	for kind := range r.Faults {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	fmt.Fprint(b, "\n| fault | times |\n| --- | ---: |\n")
	for _, kind := range kinds {
		fmt.Fprintf(b, "| %s | %d |\n", kind, r.Faults[kind])
	}
	if len(r.Excused) > 0 {
		fmt.Fprintf(b, "| logboom ended by itself while its disk was full | %d |\n", len(r.Excused))
	}
}
