package web

import (
	"context"
	"net/http"

	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
)

// ruleDocument is a rule as /api/rules shows it: what is configured, and what became of it since the process began.
type ruleDocument struct {
	Name     string   `json:"name"`
	ID       string   `json:"id"`
	Revision string   `json:"revision"`
	Where    string   `json:"where"`
	GroupBy  []string `json:"group_by"`
	Window   string   `json:"window"`
	// Threshold is the number of events within Window from which on the alert is active.
	Threshold uint64 `json:"threshold"`
	// Idle is a duration, or "off".
	Idle    string `json:"idle"`
	MaxKeys int    `json:"max_keys"`
	ruleCounters
}

// ruleCounters are rules.Counters as they were at one moment. Keys, Active and WindowRunsBytes are as of now.
type ruleCounters struct {
	Keys            int64  `json:"keys"`
	Active          int64  `json:"active"`
	Matched         uint64 `json:"matched"`
	Late            uint64 `json:"late"`
	Clamped         uint64 `json:"clamped"`
	ConditionErrors uint64 `json:"condition_errors"`
	Transitions     uint64 `json:"transitions"`
	Evictions       uint64 `json:"evictions"`
	Compactions     uint64 `json:"compactions"`
	WindowRunsBytes int64  `json:"window_runs_bytes"`
}

// runBytes is what one distinct time in a window takes; see rules.Counters.
const runBytes = 16

func countersOf(c *rules.Counters) ruleCounters {
	if c == nil {
		return ruleCounters{} // the engine has not begun
	}
	return ruleCounters{
		Keys: c.Keys.Load(), Active: c.Active.Load(), Matched: c.Matched.Load(), Late: c.Late.Load(),
		Clamped: c.Clamped.Load(), ConditionErrors: c.ConditionErrors.Load(), Transitions: c.Transitions.Load(),
		Evictions: c.Evictions.Load(), Compactions: c.Compactions.Load(), WindowRunsBytes: runBytes * c.Runs.Load(),
	}
}

func (s *Server) rules(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readPatience)
	defer cancel()
	facts := s.rooms.Load().rules.ask().wait(ctx)
	if !facts.known() {
		s.notToBeTold(w, facts.err)
		return
	}
	list := []ruleDocument{}
	for _, rule := range facts.value.list {
		list = append(list, documentOf(rule, facts.value.counters[rule.Name]))
	}
	writeJSON(w, http.StatusOK, list)
}

func documentOf(rule rules.Rule, counters *rules.Counters) ruleDocument {
	idle := "off"
	if rule.Idle > 0 {
		idle = sinks.DurationText(rule.Idle)
	}
	return ruleDocument{
		Name: rule.Name, ID: rule.ID(), Revision: rule.Revision(), Where: rule.Where,
		GroupBy: append([]string{}, rule.GroupBy...), Window: sinks.DurationText(rule.Window),
		Threshold: rule.Threshold, Idle: idle, MaxKeys: rule.MaxKeys, ruleCounters: countersOf(counters),
	}
}
