package window

import (
	"iter"
	"slices"
	"sort"
)

const (
	// minimumRing is the least capacity of a ring: most keys of a grouped rule hold only a few runs.
	minimumRing = 4
	// chunkRuns is how many runs a chunk holds, 4 KiB of them. A ring grows by chunks rather than by moving all it has, so
	// that no single event has to wait for millions of runs to be moved, neither when a window grows nor when a late event
	// goes in between.
	chunkRuns = 256
)

// ring is a double-ended queue of runs in the order of their times. The newest are in back, which grows up to a chunk;
// older ones are in chunks, oldest first. The zero value is empty.
type ring struct {
	back []run
	size int
	// head is how many runs at the front of the oldest chunk, or of back where there is none, have gone.
	head int
	// chunks[gone:] are in use, each of them with runs.
	chunks [][]run
	gone   int
	// spare is the memory of a chunk that has gone, kept so that a window which slides on takes no memory; or nil.
	spare *[chunkRuns]run
}

// oldest returns the first run. It is good until the next change of the ring, as newest's is; there must be one.
func (r *ring) oldest() *run {
	if r.gone < len(r.chunks) {
		return &r.chunks[r.gone][r.head]
	}
	return &r.back[r.head]
}

// newest returns the last run.
func (r *ring) newest() *run {
	if len(r.back) > 0 {
		return &r.back[len(r.back)-1]
	}
	last := r.chunks[len(r.chunks)-1]
	return &last[len(last)-1]
}

func (r *ring) pushBack(item run) {
	if len(r.back) == cap(r.back) {
		r.makeRoom()
	}
	r.back = append(r.back, item)
	r.size++
}

// makeRoom gives back room for one more.
func (r *ring) makeRoom() {
	alone := r.gone == len(r.chunks)
	switch {
	case alone && r.head > 0 && r.head >= len(r.back)/2:
		r.back = r.back[:copy(r.back, r.back[r.head:])]
		r.head = 0
	case cap(r.back) < chunkRuns:
		r.resize(max(minimumRing, 2*cap(r.back)))
	default:
		r.addChunk(r.back)
		r.back = r.chunk()
	}
}

func (r *ring) addChunk(chunk []run) {
	if r.gone > 0 && len(r.chunks) == cap(r.chunks) && r.gone >= len(r.chunks)/2 {
		r.chunks = slices.Delete(r.chunks, 0, r.gone)
		r.gone = 0
	}
	r.chunks = append(r.chunks, chunk)
}

// chunk returns an empty chunk.
func (r *ring) chunk() []run {
	if spare := r.spare; spare != nil {
		r.spare = nil
		return spare[:0]
	}
	return make([]run, 0, chunkRuns)
}

// resize moves back, which holds all there is or nothing that has gone, to another capacity.
func (r *ring) resize(capacity int) {
	first := 0
	if r.gone == len(r.chunks) {
		first, r.head = r.head, 0
	}
	r.back = append(make([]run, 0, capacity), r.back[first:]...)
}

// dropBefore takes out the runs before a time and returns how many events they held.
func (r *ring) dropBefore(time int64) (events uint64) {
	for r.size > 0 {
		part, at := *r.memory(0), r.head
		for at < len(part) && part[at].time < time {
			events += part[at].count
			at++
		}
		r.size -= at - r.head
		if r.head = at; at < len(part) {
			break
		}
		r.dropPart()
	}
	return events
}

// dropPart takes out the first part, all of which has gone.
func (r *ring) dropPart() {
	r.head = 0
	if r.gone == len(r.chunks) {
		r.back = r.back[:0]
		return
	}
	r.keep(r.chunks[r.gone])
	r.chunks[r.gone] = nil
	r.gone++
}

// keep makes a chunk the spare one.
func (r *ring) keep(chunk []run) {
	if cap(chunk) >= chunkRuns {
		r.spare = (*[chunkRuns]run)(chunk[:chunkRuns])
	}
}

// all returns the runs, oldest first.
func (r *ring) all() iter.Seq[*run] {
	return func(yield func(*run) bool) {
		for i := range r.parts() {
			part := r.part(i)
			for j := range part {
				if !yield(&part[j]) {
					return
				}
			}
		}
	}
}

// backward returns the runs, newest first.
func (r *ring) backward() iter.Seq[*run] {
	return func(yield func(*run) bool) {
		for i := r.parts() - 1; i >= 0; i-- {
			part := r.part(i)
			for j := len(part) - 1; j >= 0; j-- {
				if !yield(&part[j]) {
					return
				}
			}
		}
	}
}

// parts returns how many slices the runs are in, part one of them, without what has gone.
func (r *ring) parts() int { return len(r.chunks) - r.gone + 1 }

func (r *ring) part(index int) []run {
	part := r.back
	if index < len(r.chunks)-r.gone {
		part = r.chunks[r.gone+index]
	}
	if index == 0 {
		return part[r.head:]
	}
	return part
}

// add counts events of a time: in the run of that time, or in a new one.
func (r *ring) add(time int64, events uint64) {
	if r.size == 0 || r.newest().time < time {
		r.pushBack(run{time, events})
		return
	}
	if r.addNearEnd(time, events) {
		return
	}
	// The first part that ends at the time or later has its place.
	index := sort.Search(r.parts()-1, func(i int) bool {
		part := r.part(i)
		return part[len(part)-1].time >= time
	})
	part := r.part(index)
	at := sort.Search(len(part), func(i int) bool { return part[i].time >= time })
	if at < len(part) && part[at].time == time {
		part[at].count += events
		return
	}
	r.insert(index, at, run{time, events})
}

// nearEnd is how many runs a late event is looked for among, from the newest on, before it is searched for. Most are late by
// little.
const nearEnd = 8

// addNearEnd does what add does where the place is among the latest runs and there is room for one more.
func (r *ring) addNearEnd(time int64, events uint64) bool {
	first := 0
	if r.gone == len(r.chunks) {
		first = r.head
	}
	for at := len(r.back) - 1; at >= max(first, len(r.back)-nearEnd); at-- {
		switch newer := &r.back[at]; {
		case newer.time == time:
			newer.count += events
			return true
		case newer.time > time:
			continue
		case len(r.back) == cap(r.back):
			return false
		}
		r.back = slices.Insert(r.back, at+1, run{time, events})
		r.size++
		return true
	}
	return false
}

// insert puts an item into a part by moving some of what is there.
func (r *ring) insert(index, at int, item run) {
	if index == r.parts()-1 && len(r.back) == cap(r.back) {
		r.makeRoom() // it may make a chunk of back, which then is the part of this index
	}
	r.size++
	if index == 0 {
		at += r.head
	}
	if place := r.gone + index; place < len(r.chunks) {
		r.insertInChunk(place, at, item)
		return
	}
	r.back = slices.Insert(r.back, at, item)
}

// insertInChunk makes room in a chunk that is full: it gives its newest run to the next part, or is split into two halves. Late
// events mostly come behind a chunk that has just become full, and would leave all chunks half empty by splitting them.
func (r *ring) insertInChunk(place, at int, item run) {
	chunk := r.chunks[place]
	switch {
	case len(chunk) < cap(chunk):
		r.chunks[place] = slices.Insert(chunk, at, item)
	case place == r.gone && r.head > 0:
		copy(chunk[r.head-1:], chunk[r.head:at])
		chunk[at-1] = item
		r.head--
	case r.pushFront(place+1, chunk[len(chunk)-1]):
		copy(chunk[at+1:], chunk[at:])
		chunk[at] = item
	default:
		half := len(chunk) / 2
		newer := append(r.chunk(), chunk[half:]...)
		r.chunks = slices.Insert(r.chunks, place+1, newer)
		r.chunks[place] = chunk[:half]
		if at > half {
			place, at = place+1, at-half
		}
		r.chunks[place] = slices.Insert(r.chunks[place], at, item)
	}
}

// pushFront puts a run in front of the part at a place if that has room for it, and tells whether.
func (r *ring) pushFront(place int, item run) bool {
	part := &r.back
	if place < len(r.chunks) {
		part = &r.chunks[place]
	}
	if len(*part) == cap(*part) {
		return false
	}
	*part = slices.Insert(*part, 0, item)
	return true
}

// shrink gives memory back after a burst. What it keeps leaves room to grow again before the next move, so the cost stays
// amortised.
func (r *ring) shrink() {
	if r.gone < len(r.chunks) {
		return
	}
	if r.size <= chunkRuns/8 {
		r.chunks, r.gone, r.spare = nil, 0, nil
	}
	if cap(r.back) > minimumRing && r.size <= cap(r.back)/8 {
		r.resize(max(minimumRing, cap(r.back)/4))
	}
}
