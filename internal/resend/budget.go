package resend

// makeRoom lets one more mark into a full ring: by enlarging it where the agent is due more and memory is there or can be
// taken from others, else by dropping its oldest.
func (m *Marks) makeRoom(at *agent) {
	if at.class < at.limit() {
		if m.reserve(bytesOf(at.class+1)-bytesOf(at.class), at) {
			m.resize(at, at.class+1)
			return
		}
		m.stats.squeezed.Add(1)
	}
	at.ring.dropOldest()
	m.held--
}

// reserve makes so many bytes available for an agent to grow, as far as that is fair.
func (m *Marks) reserve(bytes int64, grower *agent) bool {
	for m.used+bytes > m.budget {
		if m.halve(grower.class + 2) {
			continue
		}
		silent := m.all.last
		if silent == grower || m.added-silent.heard < uint64(m.budget/bytesAMark) {
			return false
		}
		m.forget(silent)
	}
	return true
}

// halve takes the older half of the marks of an agent of the largest class, if that is at least this one: of the agent
// that has been in that class, and silent, for the longest time. It returns whether there was any.
func (m *Marks) halve(least int) bool {
	for class := mostClass; class >= max(least, leastClass+1); class-- {
		if largest := m.class[class].last; largest != nil {
			before := largest.ring.count
			m.resize(largest, class-1)
			m.squeeze(before - largest.ring.count)
			return true
		}
	}
	return false
}

// resize gives an agent room of another class.
func (m *Marks) resize(at *agent, class int) {
	m.class[at.class].remove(at, linkClass)
	m.used += bytesOf(class) - bytesOf(at.class)
	at.ring, at.class = at.ring.resized(class), class
	at.files.fit(&at.ring)
	m.class[class].pushFront(at, linkClass)
}

// admit makes room for an agent that is not known. There is always some: others are made smaller, and when all are as
// small as can be, the one silent longest is forgotten and leaves its memory.
func (m *Marks) admit(id uint64) *agent {
	var made *agent
	for m.used+bytesOf(leastClass) > m.budget {
		if m.halve(leastClass + 1) {
			continue
		}
		made = m.all.last
		m.forget(made)
	}
	if made == nil {
		made = &agent{class: leastClass, ring: newRing(leastClass)}
	}
	room := made.ring.index
	if room == nil {
		room = made.ring.room
	}
	*made = agent{
		id: id, class: leastClass, ring: ring{marks: made.ring.marks, room: room}, files: reaches{all: made.files.all[:0]},
	}
	m.enlist(made)
	return made
}

// enlist takes an agent in as the one heard of last.
func (m *state) enlist(a *agent) {
	m.agents[a.id] = a
	m.used += bytesOf(a.class)
	m.all.pushFront(a, linkAll)
	m.class[a.class].pushFront(a, linkClass)
}

// forget drops an agent.
func (m *Marks) forget(a *agent) {
	delete(m.agents, a.id)
	m.used -= bytesOf(a.class)
	m.all.remove(a, linkAll)
	m.class[a.class].remove(a, linkClass)
	m.squeeze(a.ring.count)
}

// squeeze counts marks that went for want of memory.
func (m *Marks) squeeze(count int) {
	m.held -= int64(count)
	m.stats.squeezed.Add(int64(count))
}
