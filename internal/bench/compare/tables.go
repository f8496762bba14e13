package compare

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/logboom/logboom/internal/bench/statistics"
)

// sideTables writes the tables of servers side by side, of outputs, and of goals, more of which belong to the outputs.
func sideTables(machine string, rows []*row, r *resting, d *decisions, outputs string, more []goal) string {
	var text strings.Builder
	text.WriteString(machine)
	text.WriteString("\n| | CPU us an event | to the bare reader | events/s, 1 connection | ACK p50 / p99, ms | " +
		"events/s, 4 connections | ACK p99, ms | peak MB, 16 connections |\n| --- | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, r := range rows {
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s / %s | %s | %s | %s |\n", r.server.Name, spread(r.cpu, 2), spread(r.ratio, 2),
			spreadThousands(r.rate), spread(r.median, 1), spread(r.p99, 1), spreadThousands(r.rateSeveral), spread(r.p99Several, 1),
			spread(r.peak, 0))
	}
	fmt.Fprintf(&text, "\n%d alerts were decided by windows of %d events while %s events a second came in on %d other connections; the "+
		"slowest took %.1f ms.\n", d.latency.Count(), decidingEvents, thousands(int(d.rate)), several, milliseconds(d.latency.Max()))
	text.WriteString(outputs)
	writeGoals(&text, append(goals(rows, r, d), more...))
	return text.String()
}

// writeGoals writes a table of goals.
func writeGoals(text *strings.Builder, goals []goal) {
	text.WriteString("\n| goal | | measured | |\n| --- | --: | --: | --- |\n")
	for _, g := range goals {
		sign, verdict := "<=", "**missed**"
		if g.least {
			sign = ">="
		}
		if g.met() {
			verdict = "met"
		}
		fmt.Fprintf(text, "| %s | %s %s %s | %s %s | %s |\n", g.what, sign, strconv.FormatFloat(g.bound, 'f', boundDecimals(g), 64),
			g.unit, spread(g.figure, g.decimals), g.unit, verdict)
	}
}

// boundDecimals is how exactly a bound is shown.
func boundDecimals(g goal) int {
	if g.unit != "x" {
		return 0
	}
	return max(2, g.decimals)
}

// growthText writes the tables of growth.
func growthText(machine string, tables []growthTable) string {
	var text strings.Builder
	text.WriteString(machine)
	for _, table := range tables {
		fmt.Fprintf(&text, "\n| %s | CPU us an event | events/s | ACK p99, ms | peak MB |\n| --: | --: | --: | --: | --: |\n", table.title)
		for _, c := range table.cells {
			fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n",
				c.name, spread(c.cpu, 2), spreadThousands(c.rate), spread(c.p99, 1), spread(c.peak, 0))
		}
	}
	return text.String()
}

// spread writes a median, and the least and the greatest of several.
func spread(s statistics.Sample, decimals int) string {
	format := func(value float64) string { return strconv.FormatFloat(value, 'f', decimals, 64) }
	return withSpread(s, format)
}

// spreadThousands is spread for large whole numbers.
func spreadThousands(s statistics.Sample) string {
	return withSpread(s, func(value float64) string { return thousands(int(value)) })
}

func withSpread(s statistics.Sample, format func(float64) string) string {
	if len(s) < 2 {
		return format(s.Median())
	}
	return fmt.Sprintf("%s (%s-%s)", format(s.Median()), format(s.Min()), format(s.Max()))
}

// thousands writes a number with a comma before each three digits.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
