package web

import (
	"time"

	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs"
)

// outputHealth is an output of events.
type outputHealth struct {
	Name string `json:"name"`
	unknown
	State        outputs.State `json:"state"`
	FailingSince time.Time     `json:"failing_since,omitzero"`
	// BehindBytes is how much of the journal it has not had, about; LagSeconds as in the metrics.
	BehindBytes int64   `json:"behind_bytes"`
	LagSeconds  float64 `json:"lag_seconds"`
	InFlight    int     `json:"in_flight"`
	Written     uint64  `json:"written"`
	Missed      uint64  `json:"missed"`
	// ConditionErrors are events that were left out because where could not be evaluated.
	ConditionErrors uint64    `json:"condition_errors"`
	DeadLetters     uint64    `json:"dead_letters"`
	Lost            uint64    `json:"lost"`
	LostRecords     uint64    `json:"lost_records"`
	LastError       string    `json:"last_error,omitempty"`
	LastErrorTime   time.Time `json:"last_error_time,omitzero"`
	LastSuccess     time.Time `json:"last_success,omitzero"`
	// Notice is what the output has to tell although it writes.
	Notice string `json:"notice,omitempty"`
}

// holderHealth is an output that is far behind, so that the journal is as long as it is.
type holderHealth struct {
	Output      string `json:"output"`
	BehindBytes int64  `json:"behind_bytes"`
}

func (s *Server) outputHealth(of outputFacts) outputHealth {
	stats := of.stats.value
	if of.stats.err != nil {
		stats.State = stateUnknown
	}
	return outputHealth{
		Name: of.name, unknown: s.notKnown(of.stats.err), State: stats.State, FailingSince: stats.FailingSince.UTC(),
		BehindBytes: stats.Behind, LagSeconds: lagOfOutput(stats, s.options.Now()).Seconds(), InFlight: stats.InFlight,
		Written: stats.Written, Missed: stats.Missed, ConditionErrors: stats.ConditionErrors, DeadLetters: stats.DeadLetters,
		Lost: stats.Lost, LostRecords: stats.LostRecords, LastError: s.shown(stats.LastError),
		LastErrorTime: stats.LastErrorTime.UTC(), LastSuccess: stats.LastSuccess.UTC(), Notice: s.shown(stats.Notice),
	}
}

// outputTroubles returns which outputs do not write.
func (s *Server) outputTroubles(list []outputFacts) (reasons []string) {
	for _, output := range list {
		// An output stops when logboom does, and that is said already.
		if !output.stats.known() {
			continue
		}
		switch output.stats.value.State {
		case outputs.StateRetrying:
			reasons = append(reasons, "events are not written to "+output.name)
		case outputs.StateBlocked:
			reasons = append(reasons, "events are not written to "+output.name+" until somebody mends it: "+
				s.shown(output.stats.value.LastError))
		}
	}
	return reasons
}

func holdersHealth(holding []pipeline.Holder) []holderHealth {
	list := make([]holderHealth, len(holding))
	for i, holder := range holding {
		list[i] = holderHealth{holder.Output, holder.Behind}
	}
	return list
}
