package pipeline

import (
	"sync"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

// The names of the alerts that logboom raises about itself, where a rule's name stands in others. They go through the
// same journal, outbox and sinks, and no engine knows of them.
const (
	// JournalFilling is active while the journal has little room left. Count and Threshold are percent of what it may
	// take.
	JournalFilling = "logboom: journal filling"
	// DeadLetters is active from the first dead letter until none was written for quietLetters. Count and Peak are dead
	// letters.
	DeadLetters = "logboom: dead letters"
)

// The identifiers of the built-in alerts, in the form of no rule's.
const (
	fillingID = "logboom-journal-filling"
	lettersID = "logboom-dead-letters"
)

// builtinKey is hashed into document ids as the key, which no rule without group_by has: a rule of the same name has
// other ids.
const builtinKey = "logboom"

// builtinRoom is how much the disk must have free for a built-in alert to be written: a write that fails would stop
// events for the sake of a message.
const builtinRoom = 1 << 20

// builtins decide the built-in alerts. The watcher and those who write dead letters tell what they see, the writer asks
// what has changed. It is safe for concurrent use.
type builtins struct {
	mutex   sync.Mutex
	filling filling
	letters letters
}

// openings are the transitions that began the open episodes of built-in alerts, by RuleID.
type openings map[string]window.Transition

// follow takes note of a transition, if it is one of a built-in alert.
func (o openings) follow(transition window.Transition) {
	switch {
	case transition.RuleID != fillingID && transition.RuleID != lettersID:
	case transition.State == window.Active:
		o[transition.RuleID] = transition
	default:
		delete(o, transition.RuleID)
	}
}

// list returns the transitions, in a fixed order.
func (o openings) list() []window.Transition {
	var list []window.Transition
	for _, id := range []string{fillingID, lettersID} {
		if transition, open := o[id]; open {
			list = append(list, transition)
		}
	}
	return list
}

// has tells whether an episode is open that began with the transition of an id.
func (o openings) has(id string) bool {
	for _, transition := range o {
		if transition.ID == id {
			return true
		}
	}
	return false
}

// begun returns the transition that begins an episode.
func begun(name, id string, now time.Time, lines []string) window.Transition {
	at := now.UnixNano()
	episode := window.TransitionID(name, []byte(builtinKey), at, window.Active)
	return window.Transition{
		ID: episode, Episode: episode, Rule: name, RuleID: id, State: window.Active, Time: at, Start: at, First: lines, Received: at,
	}
}

// ended returns the transition that ends the episode which another began.
func ended(opening window.Transition, now time.Time, reason string, lines []string) window.Transition {
	end := opening
	end.ID = window.TransitionID(opening.Rule, []byte(builtinKey), opening.Start, window.Inactive)
	end.State, end.Reason, end.Last = window.Inactive, reason, lines
	end.Received = now.UnixNano()
	end.Time = max(opening.Start, end.Received) // a clock that was set back ends nothing before it began
	end.End = end.Time
	return end
}

// changes returns what has changed, given what is open.
func (b *builtins) changes(open openings, now time.Time) []window.Transition {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var changes []window.Transition
	for _, judge := range []func(openings, time.Time) (window.Transition, bool){b.filling.judge, b.letters.judge} {
		if change, changed := judge(open, now); changed {
			changes = append(changes, change)
		}
	}
	return changes
}

// look takes note of the room that the journal has, and of the outputs that hold it.
func (b *builtins) look(now time.Time, space journal.Space, holding []Holder) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.filling.look(now, space, holding)
}

// EventsSetAside takes note of events that were written to the dead letters because an output refused them for good:
// the first ones raise a built-in alert.
func (p *Pipeline) EventsSetAside(output, reason string, count int) {
	p.setAsideBy("output "+output, reason, count)
}

// AlertSetAside takes note of an alert that was written to the dead letters because a sink refused it for good. The
// alert about dead letters is not counted itself, so that a sink that refuses that one makes no end of them.
func (p *Pipeline) AlertSetAside(sink, reason, id string) {
	if !p.outbox.isOf(id, lettersID) {
		p.setAsideBy("alerts to "+sink, reason, 1)
	}
}

func (p *Pipeline) setAsideBy(of, reason string, count int) {
	if !p.options.Builtin || count == 0 {
		return
	}
	p.builtins.mutex.Lock()
	p.builtins.letters.add(time.Now(), of, reason, uint64(count))
	p.builtins.mutex.Unlock()
	p.wakeWriter()
}

func (p *Pipeline) wakeWriter() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// judgeBuiltins writes down what has changed in the built-in alerts. Only the writer calls it.
func (p *Pipeline) judgeBuiltins() {
	space := p.status.get().Space
	if !p.options.Builtin || space != (journal.Space{}) && space.Free < builtinRoom {
		return
	}
	changes := p.builtins.changes(p.writer.builtin, time.Now())
	if len(changes) == 0 {
		return
	}
	p.number(changes)
	if err := p.append(commit{}, rules.Outcome{Transitions: changes}); err != nil {
		p.repair(err)
		return
	}
	for _, change := range changes {
		p.writer.builtin.follow(change)
	}
}

// number gives transitions that the engine did not decide the numbers behind those that it did.
func (p *Pipeline) number(transitions []window.Transition) {
	number := p.engine.Number()
	for i := range transitions {
		number++
		transitions[i].Number = number
	}
	p.engine.Continue(number)
}

// endBuiltins ends what is open of the built-in alerts where they were switched off: nobody else would.
func (p *Pipeline) endBuiltins() error {
	if p.options.Builtin || len(p.writer.builtin) == 0 {
		return nil
	}
	now := time.Now()
	var changes []window.Transition
	for _, opening := range p.writer.builtin.list() {
		changes = append(changes, ended(opening, now, window.ReasonRuleChanged, opening.First))
	}
	p.number(changes)
	clear(p.writer.builtin)
	return p.commitNow(rules.Outcome{Transitions: changes})
}
