package rules

import "github.com/logboom/logboom/window"

// evictionScan is how many of the keys that were silent longest are looked at for one whose window has run empty.
const evictionScan = 16

// ruleState is a rule with its keys.
type ruleState struct {
	Rule
	index    int
	keys     keyTable
	byID     map[uint64]*keyState
	nextID   uint64
	inactive keyList
	active   keyList
	// runs is how many runs all windows have, published how many of them counters show.
	runs, published int
	counters        *Counters
}

func newRuleState(rule Rule) *ruleState {
	return &ruleState{
		Rule: rule, byID: make(map[uint64]*keyState), counters: new(Counters),
	}
}

// keyList holds keys in the order of their latest match.
type keyList struct {
	oldest, newest *keyState
	size           int
}

func (l *keyList) push(key *keyState) {
	key.list, key.older, key.newer = l, l.newest, nil
	if l.newest != nil {
		l.newest.newer = key
	} else {
		l.oldest = key
	}
	l.newest = key
	l.size++
}

func (l *keyList) remove(key *keyState) {
	if key.older != nil {
		key.older.newer = key.newer
	} else {
		l.oldest = key.newer
	}
	if key.newer != nil {
		key.newer.older = key.older
	} else {
		l.newest = key.older
	}
	key.list, key.older, key.newer = nil, nil, nil
	l.size--
}

// each calls do for the keys, that silent longest first. do may remove the key.
func (l *keyList) each(do func(*keyState)) {
	for key := l.oldest; key != nil; {
		next := key.newer
		do(key)
		key = next
	}
}

// touch makes the key the newest of its list.
func (r *ruleState) touch(key *keyState) {
	if key.newer != nil {
		list := key.list
		list.remove(key)
		list.push(key)
	}
}

func (r *ruleState) move(key *keyState, to *keyList) {
	key.list.remove(key)
	to.push(key)
	r.counters.Active.Store(int64(r.active.size))
}

// each calls do for all keys, the inactive ones first. do may remove the key, or move it to the inactive ones.
func (r *ruleState) each(do func(*keyState)) {
	r.inactive.each(do)
	r.active.each(do)
}

// key returns the state of a key, a new one where it is not known; nil when e.err is set.
func (e *Engine) key(rule *ruleState, batch *Batch, number int32) *keyState {
	name, hash := batch.key(rule.index, number)
	key := rule.keys.get(hash, name)
	if key == nil {
		if rule.keys.size >= rule.MaxKeys {
			e.evict(rule.victim(batch.arrival), batch, number, batch.arrival)
		}
		if key = e.newKey(rule, string(name), rule.nextID); key == nil {
			return nil
		}
		e.recorder.newKey(key)
	}
	return key
}

// newKey adds a key that was not in memory. One that was forgotten gets the end of its last episode back, so that a new
// episode never takes an old one's start.
func (e *Engine) newKey(rule *ruleState, name string, id uint64) *keyState {
	key := &keyState{rule: rule, key: name, id: id, window: window.New(rule.Window), heapIndex: -1}
	end, ok := e.ends[endKey{rule.Name, name}]
	if !ok && e.options.PreviousEnd != nil {
		var err error
		if end, ok, err = e.options.PreviousEnd(rule.Name, []byte(name)); err != nil {
			e.err = err
			return nil
		}
	}
	if ok {
		key.alert.RestoreEnd(end)
	}
	rule.include(key)
	return key
}

func (r *ruleState) include(key *keyState) {
	r.keys.put(key)
	r.byID[key.id] = key
	r.nextID = max(r.nextID, key.id+1)
	if key.alert.State() == window.Active {
		r.active.push(key)
	} else {
		r.inactive.push(key)
	}
	r.counters.Keys.Store(int64(r.keys.size))
	r.counters.Active.Store(int64(r.active.size))
}

// victim chooses the key that has to make room: one whose window ran empty before now, else the inactive one that was
// silent longest, else the active one that was.
func (r *ruleState) victim(now int64) *keyState {
	if r.inactive.size == 0 {
		return r.active.oldest
	}
	key := r.inactive.oldest
	for range evictionScan {
		if key == nil {
			break
		}
		if key.window.CountAt(now) == 0 {
			return key
		}
		key = key.newer
	}
	return r.inactive.oldest
}

// evict forgets a key. An open episode ends first, with a transition; the end of its last one is kept.
func (e *Engine) evict(key *keyState, batch *Batch, number int32, received int64) {
	e.recorder.control(key, controlEvict)
	if key.alert.State() == window.Active {
		key.alert.Finish(key.window.Max())
		e.changed(key, key.window.Max(), batch, number, window.ReasonEvicted, received)
	}
	key.rule.counters.Evictions.Add(1)
	e.forget(key)
}

// forget removes a key that has no open episode.
func (e *Engine) forget(key *keyState) {
	rule := key.rule
	if end, ok := key.alert.End(); ok {
		e.ends[endKey{rule.Name, key.key}] = end
	}
	e.account(rule, -key.window.Runs())
	key.list.remove(key)
	rule.keys.remove(key)
	delete(rule.byID, key.id)
	key.forgotten = true
	rule.counters.Keys.Store(int64(rule.keys.size))
	rule.counters.Active.Store(int64(rule.active.size))
}

// account keeps the number of runs. What others may read of it is written once a call of the engine, by publish.
func (e *Engine) account(rule *ruleState, runs int) {
	e.runs += runs
	rule.runs += runs
}

// publish shows how many runs the rules have.
func (e *Engine) publish() {
	for _, rule := range e.rules {
		if rule.runs != rule.published {
			rule.published = rule.runs
			rule.counters.Runs.Store(int64(rule.runs))
		}
	}
}

// makeRoomForRuns brings the number of runs under the budget before one more is added for the key: it merges the older
// runs of the key that was silent longest in the rule that holds most, and evicts that key where nothing is left to
// merge. Only when the given key alone is left may the budget be passed, by no more than its threshold.
func (e *Engine) makeRoomForRuns(adding *keyState, batch *Batch, number int32) {
	for e.runs >= e.options.RunBudget {
		rule := e.rules[0]
		for _, other := range e.rules {
			if other.runs > rule.runs {
				rule = other
			}
		}
		key := rule.silentLongest(adding)
		if key == nil {
			e.compact(adding)
			return
		}
		if !e.compact(key) {
			e.evict(key, batch, number, batch.arrival)
		}
	}
}

// silentLongest returns the key to take runs from, other than the given one.
func (r *ruleState) silentLongest(except *keyState) *keyState {
	for _, list := range []*keyList{&r.inactive, &r.active} {
		key := list.oldest
		if key == except && key != nil {
			key = key.newer
		}
		if key != nil {
			return key
		}
	}
	return nil
}

func (e *Engine) compact(key *keyState) bool {
	freed := key.window.Compact(key.rule.Threshold)
	if freed == 0 {
		return false
	}
	e.recorder.control(key, controlCompact)
	e.account(key.rule, -freed)
	key.rule.counters.Compactions.Add(1)
	return true
}
