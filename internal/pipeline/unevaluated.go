package pipeline

import "github.com/logboom/logboom/rules"

// sayUnevaluated tells once of each rule whose condition failed for an event that has all its fields: most likely one is compared with
// a value of another type, and the rule will never match.
func (p *Pipeline) sayUnevaluated() {
	counters, _ := p.status.rules.Load().(map[string]*rules.Counters)
	for name, c := range counters {
		failed := c.ConditionErrors.Load()
		if failed == 0 || p.unevaluated[name] {
			continue
		}
		p.unevaluated[name] = true
		p.logger.Warn().Str("rule", name).Uint64("events", failed).Uint64("matched", c.Matched.Load()).
			Msg("the condition of a rule cannot be evaluated for some events, which do not count for it: a field has another type " +
				"than the condition takes it for; /api/rules counts them, and this is not said again")
	}
}
