package rules

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/logboom/logboom/window"
)

var (
	// ErrRecord is returned for observations or a checkpoint that no engine wrote.
	ErrRecord = errors.New("rules: damaged record")
	// ErrVersion is returned for a checkpoint that an engine of another version of this package wrote.
	ErrVersion = errors.New("rules: checkpoint of another version")
)

// Apply brings the engine to the state it had after it returned these observations and transitions, given the state that
// it had before. It decides nothing anew but follows the record. It fails with ErrRecord, or with the error of
// Options.PreviousEnd; the engine must then be thrown away.
func (e *Engine) Apply(observations []byte, transitions []window.Transition) error {
	e.begin(0)
	e.recorder.off = true
	defer func() { e.recorder.off = false }()
	in := window.Reader{Bytes: observations}
	applying := application{engine: e, in: &in, batch: Batch{arrival: in.Varint()}}
	if in.Failed {
		return ErrRecord
	}
	for len(in.Bytes) > 0 {
		if err := applying.operation(); err != nil {
			return err
		}
	}
	if e.err != nil {
		return e.err
	}
	e.adopt(transitions)
	e.publish()
	return nil
}

// adopt takes the journaled transitions in the place of those that Apply made on its way, which lack the lines.
func (e *Engine) adopt(transitions []window.Transition) {
	e.number += uint64(len(e.decided))
	journaled := make(map[string]*window.Transition, len(transitions))
	for i := range transitions {
		journaled[transitions[i].ID] = &transitions[i]
		e.number = max(e.number, transitions[i].Number)
	}
	for _, decided := range e.decided {
		if transition, ok := journaled[decided.transition.ID]; ok {
			*decided.transition = *transition
		}
	}
	e.decided = e.decided[:0]
}

// application is the reading of one record.
type application struct {
	engine *Engine
	in     *window.Reader
	// batch stands for the one that was observed; it has its arrival time and nothing else.
	batch Batch
	base  int64
	lines []line
	rule  *ruleState
	key   *keyState
}

func (a *application) failed() error {
	if a.in.Failed {
		return ErrRecord
	}
	return nil
}

func (a *application) operation() error {
	first := a.in.Byte()
	argument := uint64(first >> operationBits)
	if argument == longArgument {
		argument += a.in.Uvarint()
	}
	if a.in.Failed {
		return ErrRecord
	}
	switch code := first & (1<<operationBits - 1); code {
	case operationRule:
		return a.selectRule(argument)
	case operationKey, operationNewKey:
		return a.selectKey(code, argument)
	case operationObserveMillis:
		return a.observe(unzigzag(argument)*millisecond, 1)
	case operationObserveNanos:
		return a.observe(unzigzag(argument), 1)
	case operationRepeat:
		return a.observe(0, argument)
	case operationControl:
		return a.control(argument)
	}
	return ErrRecord
}

func (a *application) selectRule(index uint64) error {
	if index >= uint64(len(a.engine.rules)) {
		return fmt.Errorf("%w: no rule %d", ErrRecord, index)
	}
	a.rule, a.key, a.base = a.engine.rules[index], nil, a.batch.arrival
	return nil
}

func (a *application) selectKey(code byte, argument uint64) error {
	if a.rule == nil {
		return fmt.Errorf("%w: a key without a rule", ErrRecord)
	}
	if code == operationNewKey {
		name := a.in.Take(argument)
		if a.in.Failed || a.rule.keys.get(hashKey(name), name) != nil {
			return fmt.Errorf("%w: new key", ErrRecord)
		}
		if a.key = a.engine.newKey(a.rule, string(name), a.rule.nextID); a.key == nil {
			return a.engine.err
		}
		return nil
	}
	if a.key = a.rule.byID[argument]; a.key == nil {
		return fmt.Errorf("%w: no key %d of rule %q", ErrRecord, argument, a.rule.Name)
	}
	return nil
}

// observe does what Observe did for so many events of one time: the first of them may end an episode, the others can
// only raise the count.
func (a *application) observe(delta int64, events uint64) error {
	if a.key == nil || events == 0 {
		return fmt.Errorf("%w: an observation without a key", ErrRecord)
	}
	a.base += delta
	a.key.lastMatch = a.engine.clock
	a.key.rule.touch(a.key)
	if !a.engine.add(a.key, a.base, events) {
		return fmt.Errorf("%w: an observation that was late", ErrRecord)
	}
	a.engine.judge(a.key, &a.batch, 0)
	return nil
}

func (a *application) control(argument uint64) error {
	if argument == controlRules {
		var list []Rule
		if err := json.Unmarshal(a.in.Take(a.in.Uvarint()), &list); err != nil || a.in.Failed {
			return fmt.Errorf("%w: rules", ErrRecord)
		}
		a.rule, a.key = nil, nil
		a.engine.change(list, a.batch.arrival)
		return nil
	}
	if a.key == nil {
		return fmt.Errorf("%w: an operation without a key", ErrRecord)
	}
	switch argument {
	case controlFinish:
		return a.finish(a.in.Varint())
	case controlEvict:
		a.engine.evict(a.key, nil, 0, a.batch.arrival)
		a.key = nil
	case controlCompact:
		a.engine.compact(a.key)
	case controlLines:
		return a.restoreLines(a.in.Uvarint())
	default:
		return ErrRecord
	}
	return a.failed()
}

func (a *application) finish(at int64) error {
	if a.in.Failed || a.key.alert.State() != window.Active {
		return fmt.Errorf("%w: the end of no episode", ErrRecord)
	}
	a.engine.finishIdle(a.key, at, a.batch.arrival)
	return nil
}

// restoreLines gives the key at hand its new lines, and drops those that Observe dropped at this point.
func (a *application) restoreLines(count uint64) error {
	for ; count > 0 && !a.in.Failed; count-- {
		number := a.in.Uvarint()
		if number == 0 {
			a.lines = append(a.lines, readLine(a.in))
			number = uint64(len(a.lines))
		}
		if number > uint64(len(a.lines)) {
			return ErrRecord
		}
		a.key.theLines().restore(a.lines[number-1])
	}
	a.key.lines.keep(a.key.showable())
	return a.failed()
}
