package window

import "slices"

// place is where a run is: the index of its part, and its own in the memory of that.
type place struct{ part, index int }

// memory returns the part of an index with what has gone of it.
func (r *ring) memory(index int) *[]run {
	if chunk := r.gone + index; chunk < len(r.chunks) {
		return &r.chunks[chunk]
	}
	return &r.back
}

// next returns the place of the part behind if the given one is at the end of its own.
func (r *ring) next(at place) place {
	if at.part < r.parts()-1 && at.index == len(*r.memory(at.part)) {
		return place{at.part + 1, 0}
	}
	return at
}

// first returns the place of the oldest run.
func (r *ring) first() place { return place{0, r.head} }

// behind returns the place of the first run that is newer than a time, and how many are older.
func (r *ring) behind(time int64) (at place, older int) {
	at = r.first()
	for at.part < r.parts()-1 {
		part := *r.memory(at.part)
		if part[len(part)-1].time > time {
			break
		}
		older += len(part) - at.index
		at = place{at.part + 1, 0}
	}
	for part := *r.memory(at.part); at.index < len(part) && part[at.index].time <= time; at.index++ {
		older++
	}
	return at, older
}

// before returns the run before a place, nil if there is none.
func (r *ring) before(at place) *run {
	switch {
	case at == r.first():
		return nil
	case at.index == 0:
		part := *r.memory(at.part - 1)
		return &part[len(part)-1]
	}
	return &(*r.memory(at.part))[at.index-1]
}

// merge makes one run of those that share a cell of the grid of 2^shift nanoseconds, at the newest of their times. It looks at so
// many runs from a place on, of which there must be one, and at fewer once it has freed what is wanted. It returns how many it
// freed, and the time of the newest run that it looked at. It takes no memory: it writes into the parts that it has read.
func (r *ring) merge(from place, count int, shift uint, wanted int) (freed int, through int64) {
	read, write, latest := from, from, r.before(from)
	for count > 0 && freed < wanted {
		part := *r.memory(read.part)
		items := part[read.index:min(len(part), read.index+count)]
		for _, item := range items {
			if latest != nil && uint64(latest.time^item.time)>>shift == 0 {
				latest.time = item.time
				latest.count += item.count
				freed++
				continue
			}
			write = r.next(write)
			written := *r.memory(write.part)
			written[write.index] = item
			latest = &written[write.index]
			write.index++
		}
		count -= len(items)
		read.index += len(items)
		read = r.next(read)
	}
	r.size -= freed
	r.cut(r.next(write), read)
	return freed, latest.time
}

// cut takes out what is between two places.
func (r *ring) cut(from, to place) {
	first, last := r.memory(from.part), r.memory(to.part)
	if first == last {
		*first = slices.Delete(*first, from.index, to.index)
		return
	}
	*first = (*first)[:from.index]
	*last = (*last)[:copy(*last, (*last)[to.index:])]
	empty := r.gone + from.part
	if from.index > 0 {
		empty++
	}
	r.chunks = slices.Delete(r.chunks, empty, r.gone+to.part)
}
