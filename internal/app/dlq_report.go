package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/deadletter"
)

// replayOutcome is what became of a letter.
type replayOutcome string

const (
	// outcomeReplayed was taken by the output, or would be written to it in a dry run.
	outcomeReplayed replayOutcome = "replayed"
	// outcomeRefused was refused again, for good.
	outcomeRefused replayOutcome = "refused"
	// outcomeFailed could not be written now.
	outcomeFailed replayOutcome = "failed"
	// outcomeSkipped cannot be replayed, whatever the output.
	outcomeSkipped replayOutcome = "skipped"
)

// mostTold bounds how many letters with the same outcome and reason are named.
const mostTold = 10

// replayReport tells what became of letters: as JSON lines at once, or for people at the end.
type replayReport struct {
	options ReplayLettersOptions
	out     io.Writer
	err     error
	counts  map[replayOutcome]int
	groups  []*outcomeGroup
}

// outcomeGroup are letters that came to the same.
type outcomeGroup struct {
	to      string
	outcome replayOutcome
	alike   string
	reason  string
	count   int
	numbers []string
}

func newReplayReport(options ReplayLettersOptions, streams Streams) *replayReport {
	return &replayReport{options: options, out: streams.Out, counts: map[replayOutcome]int{}}
}

// writtenTo makes the report go elsewhere than to the standard output where events are written there.
func (r *replayReport) writtenTo(kind config.OutputType, err io.Writer) {
	if kind == config.OutputStdout {
		r.out = err
	}
}

func (r *replayReport) add(stored *deadletter.Stored, to string, outcome replayOutcome, reason error) {
	r.counts[outcome]++
	text := ""
	if reason != nil {
		text = reason.Error()
	}
	if r.options.JSON {
		r.line(stored, to, outcome, text)
		return
	}
	like := alike(text)
	i := slices.IndexFunc(r.groups, func(g *outcomeGroup) bool { return g.to == to && g.outcome == outcome && g.alike == like })
	if i < 0 {
		i = len(r.groups)
		if i >= mostReasons {
			return
		}
		r.groups = append(r.groups, &outcomeGroup{to: to, outcome: outcome, alike: like, reason: text})
	}
	group := r.groups[i]
	if group.count++; len(group.numbers) < mostTold {
		group.numbers = append(group.numbers, stored.Number.String())
	}
}

func (r *replayReport) line(stored *deadletter.Stored, to string, outcome replayOutcome, reason string) {
	err := json.NewEncoder(r.out).Encode(struct {
		Number  string        `json:"number"`
		ID      string        `json:"id,omitempty"`
		Output  string        `json:"output,omitempty"`
		Outcome replayOutcome `json:"outcome"`
		Reason  string        `json:"reason,omitempty"`
		DryRun  bool          `json:"dry_run,omitempty"`
	}{stored.Number.String(), stored.Letter.ID, to, outcome, reason, r.options.DryRun})
	r.err = errors.Join(r.err, err)
}

// finish prints the report for people, and returns an error where letters are left that were to be replayed.
func (r *replayReport) finish() error {
	shown := newScreen(r.out)
	for _, group := range r.groups {
		r.group(shown, group)
	}
	left := r.counts[outcomeRefused] + r.counts[outcomeFailed]
	if len(r.options.Filter.Letters) > 0 {
		left += r.counts[outcomeSkipped] // they were asked for by name
	}
	if left > 0 && r.err == nil {
		return fmt.Errorf("%s could not be replayed; what was not taken is kept", numberOf(left, "letter"))
	}
	return r.err
}

func (r *replayReport) group(shown screen, g *outcomeGroup) {
	switch count := numberOf(g.count, "letter"); g.outcome {
	case outcomeReplayed:
		if r.options.DryRun {
			printf(r.out, "%s: %s would be written\n", g.to, count)
			return
		}
		printf(r.out, "%s: %s written\n", g.to, count)
		return
	case outcomeRefused:
		printf(r.out, "%s\n", shown.paint(red, fmt.Sprintf("%s: %s refused again: %s", g.to, count, plain(g.reason))))
	case outcomeFailed:
		printf(r.out, "%s\n", shown.paint(red, fmt.Sprintf("%s: %s not written: %s", g.to, count, plain(g.reason))))
	case outcomeSkipped:
		printf(r.out, "%s\n", shown.paint(yellow, fmt.Sprintf("%s: %s left alone: %s", plain(g.to), count, plain(g.reason))))
	}
	more := ""
	if g.count > len(g.numbers) {
		more = fmt.Sprintf(" and %d more", g.count-len(g.numbers))
	}
	printf(r.out, "  %s%s\n", strings.Join(g.numbers, " "), more)
}

// letterProgress is a bar on a terminal, and nothing elsewhere.
type letterProgress struct{ bar *progressbar.ProgressBar }

func newLetterProgress(out io.Writer, what string, count int) *letterProgress {
	if !isTerminal(out) {
		return &letterProgress{}
	}
	return &letterProgress{progressbar.NewOptions(count, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))}
}

func (p *letterProgress) add() {
	if p.bar != nil {
		_ = p.bar.Add(1) // a bar that cannot be drawn is no reason to stop
	}
}

func (p *letterProgress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
