package resend

import "sync/atomic"

// DefaultBudget is the memory for marks in bytes: 64 MiB, some three and a half million of them.
const DefaultBudget = 64 << 20

// LeastBudget is the smallest budget that is kept; what is asked for below is raised to it.
const LeastBudget = 1 << 20

// Options say how Marks work. Zero values stand for the defaults.
type Options struct {
	// Seed is what marks are hashed with, until Restore or Apply bring the one of the journal. Draw it once a process, and
	// pass the one of before where Marks are built anew after a failed commit: there may be batches that were hashed
	// with it, and nothing in the journal yet.
	Seed Seed
	// Budget is the most bytes that the marks of all agents take: 64 MiB. While room for an agent is enlarged, both the
	// old and the new are there, up to 24 MiB more.
	Budget int64
}

// Marks is what was committed and may come again. Only one goroutine, the writer, may use it, except for Stats.
type Marks struct {
	state
	fetched uint32 // see ring.fetch
	stats   struct{ marks, agents, bytes, squeezed atomic.Int64 }
}

// state is what the writer alone sees.
type state struct {
	seed Seed
	// budget is the memory there may be, used that of all agents, held how many marks they have.
	budget, used, held int64
	agents             map[uint64]*agent
	all                list // of agents, those heard of last first
	class              [classes]list
	// added is how many marks were ever added, batch the number of the batch at hand.
	added, batch uint64
}

// Stats is a snapshot of what Marks hold.
type Stats struct {
	// Agents is how many agents are remembered, Marks how many events of theirs, and Bytes the memory that takes.
	Agents, Marks, Bytes int64
	// Squeezed counts the marks that had to go for want of memory, before their agent had its due. It should stay 0;
	// where it grows, a larger budget is needed.
	Squeezed int64
}

// NewMarks returns Marks that hold nothing.
func NewMarks(options Options) *Marks {
	if options.Budget <= 0 {
		options.Budget = DefaultBudget
	}
	return &Marks{state: newState(options.Seed, max(options.Budget, LeastBudget))}
}

func newState(seed Seed, budget int64) state {
	return state{seed: seed, budget: budget, agents: make(map[uint64]*agent)}
}

// Seed returns what marks are hashed with. Batches must be made by a [Hasher] of this seed.
func (m *Marks) Seed() Seed { return m.seed }

// Stats returns what is held, as of the last batch. It is safe for concurrent use.
func (m *Marks) Stats() Stats {
	return Stats{
		Agents: m.stats.agents.Load(), Marks: m.stats.marks.Load(), Bytes: m.stats.bytes.Load(),
		Squeezed: m.stats.squeezed.Load(),
	}
}

// Sift tells which events of a batch are duplicates, see [Batch.Duplicate], of earlier ones or of each other, and adds the
// marks of the others. It returns the number of duplicates. The batch's section must be part of its commit; if that fails,
// the Marks must be thrown away and built anew from what is durable.
//
// A batch that was hashed with another seed, as when the journal was replaced meanwhile, is taken whole and not
// remembered, so that it has no section either.
func (m *Marks) Sift(batch *Batch) int {
	batch.prepare()
	if batch.hasher.seed != m.seed {
		return 0
	}
	m.batch++
	if m.isAhead(batch) {
		m.addAll(batch)
	} else {
		m.lookUp(batch)
	}
	m.extend(batch)
	m.publish()
	return batch.duplicates
}

// addAll adds the marks of a batch without duplicates.
func (m *Marks) addAll(batch *Batch) {
	for from := 0; from < len(batch.events); {
		agent, end := batch.events[from].agent, from+1
		for end < len(batch.events) && batch.events[end].agent == agent {
			end++
		}
		if agent != 0 {
			m.addRun(m.hear(agent), batch.events[from:end])
			batch.marked += end - from
		}
		from = end
	}
}

// addRun adds marks that an agent does not have, many at once where nothing has to be thought of between them.
func (m *Marks) addRun(at *agent, run []identity) {
	for len(run) > 0 {
		count := min(len(run), at.roomAtOnce())
		if count > 1 {
			m.held += int64(count - at.ring.appendAll(run[:count]))
		} else {
			if count = 1; at.ring.full() {
				m.makeRoom(at)
			}
			at.ring.append(run[0].mark)
			m.held++
		}
		m.added += uint64(count)
		at.heard = m.added
		run = run[count:]
	}
}

// hear returns an agent of which new marks have come, known or not.
func (m *Marks) hear(id uint64) *agent {
	at := m.agents[id]
	if at == nil {
		at = m.admit(id)
	}
	m.touch(at)
	return at
}

// lookUp finds the duplicates in a batch, and adds the marks of the others.
func (m *Marks) lookUp(batch *Batch) {
	var at *agent
	for i := range batch.events {
		e := &batch.events[i]
		if at == nil || at.id != e.agent {
			if at = m.agents[e.agent]; at != nil {
				at.ring.find()
			}
		}
		if i%fetchAhead == 0 && at != nil {
			m.fetched += at.ring.fetch(batch.events[i:min(i+fetchAhead, len(batch.events))])
		}
		if e.agent == 0 {
			continue
		}
		slot, found := uint32(0), false
		if at != nil {
			slot, found = at.ring.has(e.mark)
		}
		if found {
			batch.duplicate[i] = true
			batch.duplicates++
			continue
		}
		at = m.add(at, e, slot)
		batch.marked++
	}
}

// fetchAhead is for how many events at a time memory is fetched: enough to wait for all of it together, and few enough for
// the smallest ring.
const fetchAhead = 64

// prepare makes room for what is said of the batch's events.
func (b *Batch) prepare() {
	b.duplicates, b.marked = 0, 0
	if cap(b.duplicate) < len(b.events) {
		b.duplicate = make([]bool, len(b.events), cap(b.events))
	}
	b.duplicate = b.duplicate[:len(b.events)]
	clear(b.duplicate)
}

// add takes a mark that its agent, nil where it is new, was found not to have, and returns the agent.
func (m *Marks) add(at *agent, e *identity, slot uint32) *agent {
	if at == nil {
		at = m.admit(e.agent)
		at.ring.find()
		slot, _ = at.ring.has(e.mark)
	}
	if m.added++; at.batch != m.batch || at != m.all.first {
		m.touch(at)
	}
	at.heard = m.added
	if at.ring.full() {
		m.makeRoom(at)
		slot, _ = at.ring.has(e.mark)
	}
	at.ring.put(e.mark, slot)
	m.held++
	return at
}

// touch notes that an agent was heard of.
func (m *Marks) touch(at *agent) {
	if at.batch != m.batch {
		at.largest = max(at.largest, at.inBatch())
		at.batch, at.begun = m.batch, at.ring.added
	}
	m.all.remove(at, linkAll)
	m.all.pushFront(at, linkAll)
	m.class[at.class].remove(at, linkClass)
	m.class[at.class].pushFront(at, linkClass)
}

// publish makes the counters visible.
func (m *Marks) publish() {
	m.stats.marks.Store(m.held)
	m.stats.agents.Store(int64(len(m.agents)))
	m.stats.bytes.Store(m.used)
}
