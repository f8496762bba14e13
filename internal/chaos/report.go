package chaos

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what a run counted.
type Report struct {
	Seed     uint64
	Duration time.Duration
	// Kills is how often logboom was killed, Stops how often it was asked to end, Faults how many faults of each kind there were.
	Kills, Stops int
	Faults       map[FaultKind]FaultCount
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

// Short writes a duration without seconds where there are none: 10m.
func Short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		return strings.TrimSuffix(text, "0s")
	}
	return text
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

// Unproved says what the run did not do, one line each.
func (r Report) Unproved() []string {
	var list []string
	for _, c := range r.Events {
		if c.LeftOut {
			list = append(list, fmt.Sprintf("%s was left out", c.Receiver))
		}
	}
	for _, kind := range r.kinds() {
		if r.Faults[kind].Met == 0 {
			list = append(list, fmt.Sprintf("%s met nothing", kind))
		}
	}
	return list
}

// kinds returns the kinds of faults, in order.
func (r Report) kinds() []FaultKind {
	return slices.SortedFunc(maps.Keys(r.Faults), func(a, b FaultKind) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Kind, b.Kind))
	})
}

// Write writes the report as markdown.
func (r Report) Write(to io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of faults, seed %d: logboom killed %d times and stopped %d times; %d events sent again by shippers; data and files on %s.\n\n",
		Short(r.Duration), r.Seed, r.Kills, r.Stops, r.Resent, r.Disk)
	r.writeEvents(&b)
	r.writeAlerts(&b)
	r.writeFaults(&b)
	if list := r.Unproved(); len(list) > 0 {
		fmt.Fprintf(&b, "\nNot proved by this run: %s.\n", strings.Join(list, "; "))
	}
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
	fmt.Fprint(b, "| events in | sent | stored | lost | double | of these not from a kill or stop | from one of them, at most | longest in flight | altered or foreign |\n")
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

// metAre are what the faults of a lane meet.
var metAre = map[string]string{
	killLane: "processes", stopLane: "processes", agentLane: "shippers", diskLane: "times that logboom said so", httpLane: "requests", slackLane: "requests",
	toLogboomLane: "connections", toElasticsearchLane: "connections",
}

func (r Report) writeFaults(b *strings.Builder) {
	fmt.Fprint(b, "\n| fault | times | met |\n| --- | ---: | ---: |\n")
	for _, kind := range r.kinds() {
		count := r.Faults[kind]
		fmt.Fprintf(b, "| %s | %d | %d %s |\n", kind, count.Times, count.Met, cmp.Or(metAre[kind.Lane], "servers"))
	}
	if len(r.Excused) > 0 {
		fmt.Fprintf(b, "| logboom ended by itself while its disk was full | %d | |\n", len(r.Excused))
	}
}
