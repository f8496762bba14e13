package rules

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/logboom/logboom/window"
)

// Change gives the engine the rules to work by from now on. A rule that was there before, by name and revision, keeps
// its windows and episodes; where it was removed or edited in what it evaluates, its open episodes end. The outcome's
// observations are empty where nothing differs. received is the time in nanoseconds since 1970 that transitions carry.
func (e *Engine) Change(set *Set, received int64) (Outcome, error) {
	e.begin(0)
	e.recorder.beginAt(received)
	e.set = set
	list := set.Rules()
	if e.hasRules(list) {
		return Outcome{}, nil
	}
	definitions, err := json.Marshal(list)
	if err != nil {
		return Outcome{}, fmt.Errorf("encode rules: %w", err)
	}
	e.recorder.rules(definitions)
	e.change(list, received)
	return e.finish()
}

// Rules returns the rules that the engine works by.
func (e *Engine) Rules() []Rule {
	list := make([]Rule, len(e.rules))
	for i, rule := range e.rules {
		list[i] = rule.Rule
	}
	return list
}

func (e *Engine) hasRules(list []Rule) bool {
	return slices.EqualFunc(e.rules, list, func(have *ruleState, want Rule) bool {
		return have.Name == want.Name && have.Revision() == want.Revision() && have.Idle == want.Idle &&
			have.MaxKeys == want.MaxKeys
	})
}

// change replaces the list of rules. Live and recovery both come here.
func (e *Engine) change(list []Rule, received int64) {
	before := make(map[string]*ruleState, len(e.rules))
	for _, rule := range e.rules {
		before[rule.Name] = rule
	}
	kept := make(map[string]bool, len(list))
	for _, rule := range list {
		have, ok := before[rule.Name]
		kept[rule.Name] = ok && have.Revision() == rule.Revision()
	}
	for _, rule := range e.rules {
		if !kept[rule.Name] {
			e.dismiss(rule, received)
		}
	}
	e.rules = make([]*ruleState, len(list))
	for i, rule := range list {
		state := before[rule.Name]
		if !kept[rule.Name] {
			state = newRuleState(rule)
		}
		state.Rule, state.index = rule, i
		state.active.each(e.schedule)
		e.rules[i] = state
	}
}

// dismiss ends the open episodes of a rule that is no more and remembers when its keys' last ones ended.
func (e *Engine) dismiss(rule *ruleState, received int64) {
	rule.each(func(key *keyState) {
		if key.alert.State() == window.Active {
			key.alert.Finish(key.window.Max())
			e.changed(key, key.window.Max(), nil, 0, window.ReasonRuleChanged, received)
		}
		e.forget(key)
	})
}
