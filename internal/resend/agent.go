package resend

import "math/bits"

// agent is what is remembered of one Filebeat. It stands in two lists: that of all agents, and that of its class.
type agent struct {
	id    uint64
	class int
	ring  ring
	files reaches
	// batch is the number of the latest batch with new marks, which began when the ring had added so many.
	batch, begun uint64
	// largest is how many new marks one batch had at most.
	largest uint64
	// heard is how many marks had been added to any agent when this one was heard of last.
	heard uint64
	links [2]link
}

// limit returns the largest class that the agent may have: enough for eight of its largest batches.
func (a *agent) limit() int {
	largest := min(max(a.largest, a.inBatch(), 1), 1<<mostClass)
	return min(max(normalClass, bits.Len64(largest*windowsKept-1)), mostClass)
}

// roomAtOnce returns how many marks can be added until there is something to decide: as many as there is room for and, when
// there is none and no more is due, until the batch is so large that more becomes due.
func (a *agent) roomAtOnce() int {
	switch free := len(a.ring.marks) - a.ring.count; {
	case a.ring.index != nil:
		return 1
	case free > 0:
		return free
	case a.class < a.limit():
		return 1
	}
	return len(a.ring.marks)/windowsKept - int(min(a.inBatch(), 1<<mostClass))
}

// windowsKept is how many of its largest batches of an agent are remembered at least: those of two connections at
// Filebeat's default of three windows under way, and two more.
const windowsKept = 8

// inBatch returns how many new marks the batch at hand has brought.
func (a *agent) inBatch() uint64 { return a.ring.added - a.begun }

// bytesOf returns the memory of an agent of a class.
func bytesOf(class int) int64 { return agentBytes + bytesAMark<<class }

// agentBytes is what an agent costs beside its marks: itself and its share of a map.
const agentBytes = 256

// A list of agents is doubly linked through the agents, so that the one heard of last comes to the front at no cost.
type (
	list struct {
		first, last *agent
	}
	link struct {
		before, after *agent
	}
)

// The links of an agent.
const (
	linkAll = iota
	linkClass
)

func (l *list) pushFront(a *agent, which int) {
	a.links[which] = link{after: l.first}
	if l.first != nil {
		l.first.links[which].before = a
	} else {
		l.last = a
	}
	l.first = a
}

func (l *list) remove(a *agent, which int) {
	between := a.links[which]
	if between.before != nil {
		between.before.links[which].after = between.after
	} else {
		l.first = between.after
	}
	if between.after != nil {
		between.after.links[which].before = between.before
	} else {
		l.last = between.before
	}
	a.links[which] = link{}
}
