package window

import "sort"

// minimumRing is the least capacity of a ring: most keys of a grouped rule hold only a few runs.
const minimumRing = 4

// ring is a double-ended queue of runs in the order of their times. Its capacity is a power of two.
type ring struct {
	items []run
	head  int
	size  int
}

// at returns the run at the index, counted from the oldest. The pointer is good until the next change of the ring.
func (r *ring) at(index int) *run {
	return &r.items[(r.head+index)&(len(r.items)-1)]
}

func (r *ring) pushBack(item run) {
	if r.size == len(r.items) {
		r.resize(max(minimumRing, 2*len(r.items)))
	}
	r.size++
	*r.at(r.size - 1) = item
}

func (r *ring) popFront() {
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.size--
}

// search returns the index of the first run whose time is not before the given one.
func (r *ring) search(time int64) int {
	return sort.Search(r.size, func(i int) bool { return r.at(i).time >= time })
}

// insert puts the item at the index by moving the shorter side.
func (r *ring) insert(index int, item run) {
	if r.size == len(r.items) {
		r.resize(max(minimumRing, 2*len(r.items)))
	}
	if index < r.size/2 {
		r.head = (r.head - 1 + len(r.items)) & (len(r.items) - 1)
		r.size++
		for i := range index {
			*r.at(i) = *r.at(i + 1)
		}
	} else {
		r.size++
		for i := r.size - 1; i > index; i-- {
			*r.at(i) = *r.at(i - 1)
		}
	}
	*r.at(index) = item
}

// remove takes out the runs from the first index up to, not including, the second, by moving the newer ones.
func (r *ring) remove(from, to int) {
	for i := to; i < r.size; i++ {
		*r.at(from + i - to) = *r.at(i)
	}
	r.size -= to - from
}

// shrink halves a ring that is mostly empty, so that a burst does not hold its memory for ever. A quarter leaves room
// to grow again before the next move, so the cost stays amortised.
func (r *ring) shrink() {
	if len(r.items) > minimumRing && r.size <= len(r.items)/8 {
		r.resize(max(minimumRing, len(r.items)/4))
	}
}

func (r *ring) resize(capacity int) {
	items := make([]run, capacity)
	for i := range r.size {
		items[i] = *r.at(i)
	}
	r.items, r.head = items, 0
}
