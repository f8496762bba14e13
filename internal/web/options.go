package web

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Options are what a Server can be told. The zero value serves /livez and /readyz.
type Options struct {
	// Token is what callers have to show as "Authorization: Bearer"; empty for none.
	Token string
	// Insecure opens everything to everybody where the listener is not on loopback.
	Insecure bool
	// Sources are what is shown from the start. What takes its time to open comes later, by Attach.
	Sources Sources
	// Secrets are replaced in the texts of errors, should a room have let one through.
	Secrets sinks.Secrets
	// Version is shown; empty stands for "unknown".
	Version string
	// Logger takes what goes wrong, at most one line of a kind in ten seconds. Its zero value says nothing.
	Logger zerolog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Format writes the type's name for every verb, because Options hold a token.
func (Options) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "web.Options") // package fmt offers no way to report it
}

// Sources are the rooms that are shown. Those that are nil are not there. All functions must be safe for concurrent use
// and may block for as long as they want: nothing but what they tell will be missing.
type Sources struct {
	Pipeline    Pipeline
	Lumberjack  func() lumberjack.Stats
	Kafka       func() kafka.Stats
	Journal     func() journal.Stats
	DeadLetters func() deadletter.Stats
	// Sinks are shown in this order. Their names must be unique.
	Sinks []Sink
	// Outputs are outputs of events, shown in this order. Their names must be unique.
	Outputs []Output
}

// Sink is a sink under the name that it has in the configuration.
type Sink struct {
	Name  string
	Stats func() sinks.Stats
}

// Output is an output of events under the name that it has in the configuration.
type Output struct {
	Name  string
	Stats func() outputs.Stats
}

// Pipeline is what is read of a pipeline.Pipeline. The room that the journal takes is read from its Status, because
// that is what decides whether events are taken.
type Pipeline interface {
	// Status and Stats return at once: no lock of theirs is held over a write to the disk.
	Status() pipeline.Status
	Stats() pipeline.Stats
	// Alerts returns the transitions that opened the open episodes, the oldest first, and up to limit of the latest
	// transitions, the newest first.
	Alerts(limit int) (open, latest []window.Transition)
	// Rules returns the rules and the counters of each by name.
	Rules() ([]rules.Rule, map[string]*rules.Counters)
}
