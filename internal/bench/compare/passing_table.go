package compare

import (
	"fmt"
	"strings"

	"github.com/logboom/logboom/internal/bench/statistics"
)

// passingText writes the table of outputs.
func passingText(rows []*passing, omitted []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n| until all events are written | CPU us an event | to no output | events/s acknowledged | events/s written | "+
		"lag p50 / most at %s events/s, ms | peak MB |\n", thousands(lagRate))
	text.WriteString("| --- | --: | --: | --: | --: | --: | --: |\n")
	for _, p := range rows {
		lag, written := "", ""
		if p.lagging {
			lag = spread(p.lag, 1) + " / " + spread(p.lagLongest, 1)
		}
		if p.output != "" {
			written = spreadThousands(p.written)
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s | %s | %s |\n", p.name, spread(p.cpu, 2), spread(p.ratio, 2),
			spreadThousands(p.rate), written, lag, spread(p.peak, 0))
	}
	for _, line := range omitted {
		text.WriteString("\n" + line + "\n")
	}
	return text.String()
}

// passingGoals returns what is to be reached, with what was.
func passingGoals(rows []*passing) []goal {
	file, stalled := findPassing(rows, passingFile), findPassing(rows, passingStalled)
	more := make(statistics.Sample, len(file.lag))
	for i := range more {
		more[i] = stalled.lag[i] - file.lag[i]
	}
	return []goal{
		{what: "CPU an event, events to a file, to no output", figure: file.ratio, bound: 1.6, unit: "x", decimals: 2},
		{
			what: "CPU an event, events to a file beside an output that hangs, to without", figure: quotients(stalled.cpu, file.cpu),
			bound: 1.1, unit: "x", decimals: 2,
		},
		{what: "lag of the file beside an output that hangs, more than without", figure: more, bound: 10, unit: "ms", decimals: 1},
	}
}
