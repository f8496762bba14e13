package app

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/logboom/logboom/internal/bench/load"
)

// benchProgress is one bar after the other on a terminal, and nothing elsewhere.
type benchProgress struct {
	out io.Writer // nil where it is no terminal
	bar *progressbar.ProgressBar
}

func newBenchProgress(out io.Writer) *benchProgress {
	if !isTerminal(out) {
		return &benchProgress{}
	}
	return &benchProgress{out: out}
}

// pool shows how many windows are prepared.
func (p *benchProgress) pool(done, all int) { p.show("preparing", int64(done), int64(all)) }

// load returns what shows how far a run is: its events, or its time where that ends it.
func (p *benchProgress) load(settings load.Options) func(int64) {
	if settings.Events > 0 {
		return func(acknowledged int64) { p.show("sending", acknowledged, settings.Events) }
	}
	begin, all := time.Now(), settings.Duration
	return func(int64) {
		p.show("sending", min(time.Since(begin), all).Milliseconds(), all.Milliseconds())
	}
}

func (p *benchProgress) show(what string, done, all int64) {
	if p.out == nil {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(all, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(what),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	_ = p.bar.Set64(done) // a bar that cannot be drawn is no reason to stop
}

// finish takes the bar away, for the next one.
func (p *benchProgress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}
