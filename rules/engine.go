package rules

import (
	"errors"
	"slices"

	"github.com/logboom/logboom/window"
)

// FutureLimit is how far an event's time may be ahead of its arrival, in nanoseconds, before it is taken for the mistake
// of a fast clock; such an event counts at its key's M instead, lest it make everybody else late.
const FutureLimit = int64(5 * 60 * 1e9)

// DefaultRunBudget is how many distinct times all windows of an engine keep together unless told otherwise: 16 bytes
// each, 256 MiB in all.
const DefaultRunBudget = 16 << 20

// ErrOtherSet is returned by Observe for a batch that was decoded against other rules than the engine works by.
var ErrOtherSet = errors.New("rules: the batch was decoded against other rules")

// Options say what an engine needs from outside. The zero value is good for replay and tests.
type Options struct {
	// RunBudget bounds the distinct times in all windows together; 0 means DefaultRunBudget. Above it the older times
	// of a window are merged, which keeps decisions exact; where that is not enough, other keys are evicted.
	RunBudget int
	// PreviousEnd returns the end of the last episode of a key that is not in memory, from where Ends went. nil means
	// that there is none.
	PreviousEnd func(rule string, key []byte) (end int64, ok bool, err error)
	// Watch, if not nil, is told of every event that a rule matched, right after it was judged. It is for replay.
	Watch func(Observed)
	// Unclamped takes times in the future as they are, as replay does.
	Unclamped bool
}

// Observed is the state of one key after one event that its rule matched.
type Observed struct {
	Rule   string
	Key    string
	Time   int64
	Count  uint64
	Active bool
}

// Outcome is what an engine made of a batch.
type Outcome struct {
	// Observations is the record to be journaled and given to Apply; empty where nothing changed. It is valid until the
	// next call of the engine.
	Observations []byte
	// Transitions are in the order of the events that made them.
	Transitions []window.Transition
}

// Engine decides. It is not safe for concurrent use: it has one writer.
type Engine struct {
	options   Options
	set       *Set
	rules     []*ruleState
	clock     int64
	number    uint64
	runs      int
	deadlines deadlines
	ends      map[endKey]int64
	recorder  recorder
	decided   []decision
	// shown is how many bytes the lines of what was decided have.
	shown int
	// numbers are the events of the batch that the rule at hand matches.
	numbers []int32
	err     error
}

// decision is a transition with the place of its event in the batch, for the order of the outcome.
type decision struct {
	event      int32
	transition *window.Transition
}

// endKey names a key of a rule that the engine may have forgotten.
type endKey struct{ rule, key string }

// NewEngine returns an engine without rules and without state. Restore and Apply bring back an earlier one's; Change
// gives it its rules.
func NewEngine(options Options) *Engine {
	if options.RunBudget == 0 {
		options.RunBudget = DefaultRunBudget
	}
	return &Engine{options: options, ends: make(map[endKey]int64)}
}

// Observe judges every event of the batch, in order, and returns what came of it. The batch must have been decoded
// against the set given to Change. clock is the reading of the idle clock, in nanoseconds, which never goes back. It
// fails with ErrOtherSet, which changes nothing, or where Options.PreviousEnd does; the engine must then be thrown away.
func (e *Engine) Observe(batch *Batch, clock int64) (Outcome, error) {
	if batch.set != e.set {
		return Outcome{}, ErrOtherSet
	}
	batch.Finish()
	e.begin(clock)
	e.recorder.begin(batch)
	for i, rule := range e.rules {
		if batch.failed[i] > 0 {
			rule.counters.ConditionErrors.Add(batch.failed[i])
		}
		if batch.matched[i] == 0 {
			continue
		}
		e.observeRule(rule, batch)
	}
	return e.finish()
}

// begin starts a call that may decide something.
func (e *Engine) begin(clock int64) {
	e.clock = max(e.clock, clock)
	e.decided, e.shown = e.decided[:0], 0
	e.recorder.reset()
}

// finish orders and numbers what was decided.
func (e *Engine) finish() (Outcome, error) {
	e.publish()
	if e.err != nil {
		return Outcome{}, e.err
	}
	outcome := Outcome{Observations: e.recorder.bytes()}
	if len(e.decided) == 0 {
		return outcome, nil
	}
	slices.SortStableFunc(e.decided, func(a, b decision) int { return int(a.event) - int(b.event) })
	outcome.Transitions = make([]window.Transition, len(e.decided))
	for i, decided := range e.decided {
		e.number++
		decided.transition.Number = e.number
		outcome.Transitions[i] = *decided.transition
	}
	return outcome, nil
}

// Decided notes when the transitions of an outcome were decided, in nanoseconds since 1970: in the outcome, and, where it is that of
// the last call, in what the engine keeps of the alerts that are open.
func (e *Engine) Decided(outcome Outcome, at int64) {
	for i := range outcome.Transitions {
		transition := &outcome.Transitions[i]
		transition.Decided = at
		if i < len(e.decided) && e.decided[i].transition.Number == transition.Number {
			e.decided[i].transition.Decided = at
		}
	}
}

// observeRule takes the rule's events of a batch in turn. Keys are independent of each other, so going rule by rule gives
// what going event by event would, and keeps the observations of a rule together.
func (e *Engine) observeRule(rule *ruleState, batch *Batch) {
	observing := observation{engine: e, rule: rule, batch: batch}
	if len(rule.GroupBy) == 0 {
		observing.ungrouped()
	} else {
		observing.grouped()
	}
	if e.err != nil {
		return
	}
	e.recorder.freshLines(batch)
	rule.counters.Matched.Add(observing.matched)
	rule.counters.Late.Add(observing.late)
	rule.counters.Clamped.Add(observing.clamped)
}

// observation is the taking of one rule's events of a batch.
type observation struct {
	engine                 *Engine
	rule                   *ruleState
	batch                  *Batch
	matched, late, clamped uint64
}

// ungrouped takes events of a rule that has one key, those of one time at once where that can be.
func (o *observation) ungrouped() {
	key, counted, before := o.rule.keys.get(hashKey(nil), nil), false, int64(0)
	for block := range o.batch.blocks() {
		left := o.batch.matchesOf(o.rule.index, block)
		o.matched += uint64(left.count())
		for left != 0 {
			number := int32(block*blockSize + left.first())
			at := o.batch.times[number]
			if same := left & o.batch.sameTime(number); counted && at == before && o.repeat(key, at, block, same) {
				left &^= same
				continue
			}
			if key == nil {
				if key = o.engine.key(o.rule, o.batch, number); key == nil {
					return
				}
			}
			counted, before = o.event(key, number), at
			left &= left - 1
		}
	}
}

// lookedUp is how many keys are looked up before the first of them is used, so that the processor waits for the memory of all of
// them at once.
const lookedUp = 16

// grouped takes events each of which has a key.
func (o *observation) grouped() {
	e := o.engine
	e.numbers = o.batch.appendMatches(e.numbers[:0], o.rule.index)
	o.matched = uint64(len(e.numbers))
	var keys [lookedUp]*keyState
	for left := e.numbers; len(left) > 0; {
		numbers := left[:min(len(left), lookedUp)]
		left = left[len(numbers):]
		for i, number := range numbers {
			name, hash := o.batch.key(o.rule.index, number)
			keys[i] = o.rule.keys.get(hash, name)
		}
		for i, number := range numbers {
			key := keys[i]
			if key == nil || key.forgotten { // since it is new, or was evicted meanwhile
				if key = e.key(o.rule, o.batch, number); key == nil {
					return
				}
			}
			o.event(key, number)
		}
	}
}

// event takes one event. It returns whether it counted at its own time.
func (o *observation) event(key *keyState, number int32) bool {
	e, batch := o.engine, o.batch
	at, plain := batch.times[number], true
	if !e.options.Unclamped && at > batch.arrival && at-batch.arrival > FutureLimit {
		at, plain = batch.arrival, false
		if key.window.Seen() {
			at = key.window.Max()
		}
		o.clamped++
	}
	key.lastMatch = e.clock
	if !e.observeEvent(key, at, batch, number) {
		o.late++
		plain = false
	}
	if e.options.Watch != nil {
		e.options.Watch(Observed{
			Rule: o.rule.Name, Key: showKey([]byte(key.key)), Time: batch.times[number],
			Count: key.window.Count(), Active: key.alert.State() == window.Active,
		})
	}
	return plain
}

// repeat takes at once events of a block that have the time of the key's last event, which counted. It takes none, and returns
// false, where they may change the alert: nothing more expires at that time, so they only raise the count.
func (o *observation) repeat(key *keyState, at int64, block int, same rows) bool {
	e, count := o.engine, uint64(same.count())
	opens := key.alert.State() == window.Inactive && key.window.Count()+count >= key.rule.Threshold
	if opens || e.options.Watch != nil || e.runs >= e.options.RunBudget {
		return false
	}
	e.add(key, at, count)
	e.recorder.observe(key, at, count)
	e.recorder.lines(key, int32(block), same)
	e.judge(key, o.batch, int32(block*blockSize+same.first()))
	return true
}

// observeEvent adds one event to its window and judges it. It returns false for an event that came too late.
func (e *Engine) observeEvent(key *keyState, at int64, batch *Batch, number int32) bool {
	if e.runs >= e.options.RunBudget {
		e.makeRoomForRuns(key, batch, number)
	}
	if !e.add(key, at, 1) {
		return false
	}
	key.rule.touch(key)
	e.recorder.observe(key, at, 1)
	ends := key.alert.State() == window.Active && key.window.Count() < key.rule.Threshold
	if !ends {
		// The line of the event that ends an episode is no line of the episode.
		e.line(key, number)
	}
	e.judge(key, batch, number)
	if ends {
		e.line(key, number)
	}
	return true
}

// line notes an event's line.
func (e *Engine) line(key *keyState, number int32) {
	if len(key.rule.GroupBy) > 0 {
		e.recorder.line(key, number)
	} else {
		e.recorder.lines(key, number/blockSize, rowBit(int(number)))
	}
}

// add adds events of one time to a key's window and keeps the account of runs.
func (e *Engine) add(key *keyState, at int64, events uint64) bool {
	before := key.window.Runs()
	if !key.window.Add(at, events) {
		return false
	}
	e.account(key.rule, key.window.Runs()-before)
	return true
}

// judge is the only place where an event changes an alert.
func (e *Engine) judge(key *keyState, batch *Batch, number int32) {
	w := &key.window
	if !key.alert.Judge(w.Max(), w.Count(), key.rule.Threshold, w.Approximate()) {
		return
	}
	e.changed(key, w.Max(), batch, number, "", batch.arrival)
}

// changed keeps the books of a change that the alert has made when it was judged at the instant now, and decides its
// transition. batch may be nil where no event made the change.
func (e *Engine) changed(key *keyState, now int64, batch *Batch, number int32, reason string, received int64) {
	rule, alert, w := key.rule, &key.alert, &key.window
	peak, approximate := alert.Peak()
	transition := &window.Transition{
		ID:      window.TransitionID(rule.Name, []byte(key.key), alert.Start(), alert.State()),
		Episode: window.TransitionID(rule.Name, []byte(key.key), alert.Start(), window.Active),
		Rule:    rule.Name, RuleID: rule.ID(), Grouped: len(rule.GroupBy) > 0, Key: showKey([]byte(key.key)), Group: rule.group(key.key),
		State: alert.State(), Time: w.Max(), Start: alert.Start(), Count: w.CountAt(now), Peak: peak,
		Approximate: approximate || w.Approximate(), Threshold: rule.Threshold, Window: rule.Window,
		Received: received, Reason: reason,
	}
	texts := e.texts(key, batch)
	if alert.State() == window.Active {
		// Lines of before the window are none of those that made the alert.
		transition.First = texts[len(texts)-int(min(uint64(len(texts)), transition.Count)):]
		e.opened(key, transition)
	} else {
		transition.End, _ = alert.End()
		transition.Last = texts
		if key.opened != nil {
			transition.First = key.opened.First
		}
		e.closed(key)
	}
	rule.counters.Transitions.Add(1)
	e.decided = append(e.decided, decision{number, transition})
}

// mostShown is how many bytes of lines the transitions of one call have together, so that a window of events that begin an alert
// each does not become a commit many times as long. Alerts beyond that have none.
const mostShown = 16 << 20

// texts returns the lines that a transition of a key shows.
func (e *Engine) texts(key *keyState, batch *Batch) []string {
	if e.shown >= mostShown {
		return nil
	}
	texts := e.recorder.texts(key, batch)
	for _, text := range texts {
		e.shown += len(text)
	}
	return texts
}

// opened and closed keep what depends on a state: the transition that opened the episode, the order of eviction, and the
// idle deadline.
func (e *Engine) opened(key *keyState, transition *window.Transition) {
	key.opened = transition
	key.rule.move(key, &key.rule.active)
	e.schedule(key)
}

func (e *Engine) closed(key *keyState) {
	key.opened = nil
	key.rule.move(key, &key.rule.inactive)
	e.deadlines.remove(key)
}
