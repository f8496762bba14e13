package window

// merge is the work of mergePairs: it reads the parts of a ring in turn and writes into those that it has read.
type merge struct {
	ring *ring
	// done are the chunks that are written, out the one at hand, free those that are read and not written.
	done [][]run
	out  []run
	free [][]run
	// odd is the older run of a pair whose newer one is in the next part.
	odd   run
	isOdd bool
	pairs int
}

// mergePairs makes one run of each of so many pairs of the oldest runs, at the newer time of the two, and returns the time
// of the newest that it made. There must be twice as many runs, and at least one pair. It takes no memory but for the
// list of chunks.
func (r *ring) mergePairs(pairs int) int64 {
	m := merge{ring: r, out: r.memory(0)[:0], pairs: pairs}
	part, rest := 0, r.part(0)
	for {
		rest = m.read(rest)
		if m.pairs == 0 {
			break
		}
		m.release(part)
		part++
		rest = r.part(part)
	}
	through := m.out[len(m.out)-1].time
	m.join(part, rest)
	r.size -= pairs
	r.head = 0
	return through
}

// memory returns the part of that index with what has gone of it.
func (r *ring) memory(index int) []run {
	if place := r.gone + index; place < len(r.chunks) {
		return r.chunks[place]
	}
	return r.back
}

// read merges what it can of a part and returns what it has not read.
func (m *merge) read(part []run) []run {
	if m.isOdd && len(part) > 0 {
		m.write(m.odd.count, part[0])
		m.isOdd = false
		part = part[1:]
	}
	for m.pairs > 0 && len(part) >= 2 {
		part = m.readPairs(part)
	}
	if m.pairs > 0 && len(part) == 1 {
		m.odd, m.isOdd = part[0], true
		part = part[1:]
	}
	return part
}

// readPairs merges as many pairs of a part as there is room for, one at least, and returns the rest of the part.
func (m *merge) readPairs(part []run) []run {
	m.makeRoom()
	size := len(m.out)
	pairs := min(m.pairs, len(part)/2, cap(m.out)-size)
	m.out = m.out[:size+pairs]
	out, in := m.out[size:], part[:2*pairs]
	for i := range out {
		out[i] = run{in[2*i+1].time, in[2*i].count + in[2*i+1].count}
	}
	m.pairs -= pairs
	return part[2*pairs:]
}

// write never overtakes the reading: it writes one run for two.
func (m *merge) write(older uint64, newer run) {
	m.makeRoom()
	newer.count += older
	m.out = append(m.out, newer)
	m.pairs--
}

func (m *merge) makeRoom() {
	if len(m.out) == cap(m.out) {
		last := len(m.free) - 1
		m.done = append(m.done, m.out)
		m.out, m.free = m.free[last][:0], m.free[:last]
	}
}

// release keeps the memory of a part that was read, other than the first one, which is written first.
func (m *merge) release(part int) {
	if part > 0 {
		m.free = append(m.free, m.ring.memory(part))
	}
}

// join puts behind what was written the rest of the part at which the reading ended, and all parts after it.
func (m *merge) join(part int, rest []run) {
	r := m.ring
	memory := r.memory(part)
	if part == 0 {
		memory = append(m.out, rest...)
	} else {
		m.done = append(m.done, m.out)
		memory = memory[:copy(memory, rest)]
	}
	if place := r.gone + part; place == len(r.chunks) {
		r.back = memory
	} else {
		if len(memory) > 0 {
			m.done = append(m.done, memory)
		}
		m.done = append(m.done, r.chunks[place+1:]...)
	}
	r.chunks, r.gone = m.done, 0
	r.spares = append(r.spares, m.free...)
	for i := range r.spares {
		r.spares[i] = r.spares[i][:0]
	}
	r.dropSpares()
}
