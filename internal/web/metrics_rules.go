package web

import "github.com/prometheus/client_golang/prometheus"

var ruleMetrics = metrics[ruleCounters]{
	counter("rule_matched_events_total", "Events that match the rule.",
		func(c ruleCounters) uint64 { return c.Matched }, "rule"),
	counter("rule_late_events_total", "Matching events older than the window, which were ignored.",
		func(c ruleCounters) uint64 { return c.Late }, "rule"),
	counter("rule_clamped_events_total", "Matching events whose time was too far in the future and was replaced.",
		func(c ruleCounters) uint64 { return c.Clamped }, "rule"),
	counter("rule_condition_errors_total", "Events for which the condition could not be evaluated.",
		func(c ruleCounters) uint64 { return c.ConditionErrors }, "rule"),
	counter("rule_transitions_total", "Changes of state of the rule's alerts.",
		func(c ruleCounters) uint64 { return c.Transitions }, "rule"),
	counter("rule_evictions_total", "Keys that had to make room for others.",
		func(c ruleCounters) uint64 { return c.Evictions }, "rule"),
	counter("rule_compactions_total", "Windows whose older part was merged to save memory.",
		func(c ruleCounters) uint64 { return c.Compactions }, "rule"),
	gauge("rule_keys", "Keys in memory.", func(c ruleCounters) float64 { return float64(c.Keys) }, "rule"),
	gauge("rule_active_keys", "Keys whose alert is active.",
		func(c ruleCounters) float64 { return float64(c.Active) }, "rule"),
	gauge("rule_window_runs_bytes", "Memory that the windows of the rule take.",
		func(c ruleCounters) float64 { return float64(c.WindowRunsBytes) }, "rule"),
}

func collectRules(out chan<- prometheus.Metric, of answer[ruleFacts]) {
	if !of.known() {
		return
	}
	for _, rule := range of.value.list {
		counters := countersOf(of.value.counters[rule.Name])
		ruleMetrics.collect(out, answer[ruleCounters]{present: true, value: counters}, rule.Name)
	}
}
