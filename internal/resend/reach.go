package resend

// Filebeat reads a file from the front to the back. So an event that stands in its file behind all that are remembered cannot
// be one of them, and needs not be looked up: that is nearly every event, unless a connection was lost, a file truncated, or
// windows of one agent come on several connections.

// fileID stands for an agent and a file. It is a hash as a Mark is.
type fileID uint64

// stretch is what a batch has of a file: from where to where its events begin.
type stretch struct {
	agent       uint64
	file        fileID
	first, last int64
}

// mostStretches is of how many files a batch keeps account. Windows with more are looked up.
const mostStretches = 64

// stretches are those of a batch.
type stretches struct {
	all []stretch
	// placed is how many events are in one of them, and anonymous how many have no identity.
	placed, anonymous int
	// ascending says that of each file the events come in their order.
	ascending bool
}

func (s *stretches) reset() { *s = stretches{all: s.all[:0], ascending: true} }

// add takes an event of an origin in.
func (s *stretches) add(from *origin, offset int64, batch uint64) {
	if from.batch != batch || from.stretch == none {
		from.batch, from.stretch = batch, s.of(from, offset)
		if from.stretch == none {
			return
		}
	}
	at := &s.all[from.stretch]
	s.placed++
	if offset > at.last {
		at.last = offset
		return
	}
	at.first = min(at.first, offset)
	s.ascending = false
}

// none is the stretch of a file of which no account is kept.
const none = -1

// of returns the number of an origin's stretch, which is begun before its first event if it is new.
func (s *stretches) of(from *origin, first int64) int {
	for i := range s.all {
		if s.all[i].file == from.file && s.all[i].agent == from.agent {
			return i
		}
	}
	if len(s.all) == mostStretches {
		return none
	}
	s.all = append(s.all, stretch{from.agent, from.file, first, first - 1})
	return len(s.all) - 1
}

// reach is how far a file was read, in two periods: those of the marks that are remembered, and more.
type reach struct {
	file          fileID
	latest, older int64
}

// nothing is the reach before the first event. Offsets are never as low.
const nothing = -1 << 63

// reaches are those of an agent's files. Nothing here is stored: after a recovery all events are looked up until the marks that were
// restored have gone.
type reaches struct {
	all []reach
	// turned is how many marks had been put into the ring when the latest period began, and since from how many on all marks
	// are of files that are here.
	turned, since uint64
}

// marksAReach is how many marks there must be for each file of which account is kept, and bytesAReach what that takes, with the
// room that a list has to grow.
const (
	marksAReach = 16
	bytesAReach = 2 * 24
)

// mostReaches returns of how many files of an agent account is kept. More would take long to search.
func mostReaches(in *ring) int { return min(256, len(in.marks)/marksAReach) }

// of returns how far a file was read.
func (r *reaches) of(file fileID) int64 {
	for i := range r.all {
		if r.all[i].file == file {
			return max(r.all[i].latest, r.all[i].older)
		}
	}
	return nothing
}

// extend notes that a file was read up to an offset.
func (r *reaches) extend(file fileID, to int64, in *ring) {
	for i := range r.all {
		if r.all[i].file == file {
			r.all[i].latest = max(r.all[i].latest, to)
			return
		}
	}
	if len(r.all) >= mostReaches(in) {
		r.forget(in)
	}
	r.all = append(r.all, reach{file, to, nothing})
}

// forget begins anew: of the marks that are in the ring it is no longer known of which files they are.
func (r *reaches) forget(in *ring) {
	*r = reaches{all: r.all[:0], turned: in.added, since: in.added}
}

// fit drops what is too much for a ring that became smaller.
func (r *reaches) fit(in *ring) {
	if len(r.all) > mostReaches(in) {
		*r = reaches{}
		r.forget(in)
	}
}

// turn begins a period, once all marks of the one before the latest have gone from the ring.
func (r *reaches) turn(in *ring) {
	if in.added-r.turned < uint64(len(in.marks)) {
		return
	}
	r.turned = in.added
	kept := r.all[:0]
	for _, of := range r.all {
		if of.latest != nothing {
			kept = append(kept, reach{of.file, nothing, of.latest})
		}
	}
	r.all = kept
}

// know tells whether all marks in the ring are of files that are here.
func (r *reaches) know(in *ring) bool { return in.added-uint64(in.count) >= r.since }

// isAhead tells whether all of a batch stands behind what is remembered of its files, so that nothing in it is a duplicate.
func (m *Marks) isAhead(batch *Batch) bool {
	s := &batch.files
	if !s.ascending || s.placed+s.anonymous != len(batch.events) {
		return false
	}
	for i := range s.all {
		of := &s.all[i]
		if at := m.agents[of.agent]; at != nil && (!at.files.know(&at.ring) || of.first <= at.files.of(of.file)) {
			return false
		}
	}
	return true
}

// extend notes how far a batch that was added has brought its files.
func (m *Marks) extend(batch *Batch) {
	s := &batch.files
	if s.placed+s.anonymous != len(batch.events) {
		for i := range batch.events {
			if at := m.agents[batch.events[i].agent]; at != nil {
				at.files.forget(&at.ring)
			}
		}
	}
	for i := range s.all {
		if at := m.agents[s.all[i].agent]; at != nil {
			at.files.turn(&at.ring)
			at.files.extend(s.all[i].file, s.all[i].last, &at.ring)
		}
	}
}
