package resend

// The room of an agent is a power of two of marks.
const (
	leastClass  = 6  // 64 marks
	normalClass = 14 // 16,384: how much an agent may have whatever its windows
	mostClass   = 20 // 1,048,576
	classes     = mostClass + 1
)

// Index entries have 20 bits for a place in the ring and 11 bits of the mark, so that marks, which are seldom in the cache,
// are seldom looked up: 4 upper bits, that tell other marks, and the 7 lowest, that tell how far from its home an entry is.
const (
	indexUsed  = 1 << 31
	placeBits  = mostClass
	placeMask  = 1<<placeBits - 1
	homeBits   = 7
	homeMask   = 1<<homeBits - 1
	tagBits    = 31 - placeBits - homeBits
	bytesAMark = 8 + 2*4 + bytesAReach/marksAReach
)

// ring holds the latest marks in the order of arrival. To find them there is an index: open addressing with linear probing, at
// most half full, in which a mark is removed by moving up what stands behind it. The index has no tombstones, so it
// is as fast after years as on the first day. It is made when something is looked up, and dropped when so many marks were added
// since then that making it again costs no more than keeping it did.
type ring struct {
	marks []Mark
	index []uint32 // nil while there is none
	room  []uint32 // for an index, where there was one before
	// unasked is how many marks were added since one was looked up.
	unasked int
	// added is how many marks were ever put in; the place of the nth is n modulo the room. count is how many are there.
	added uint64
	count int
	// far is set once an entry was put further from its home than its bits can tell. That is rare, one mark in 10^10; from
	// then on marks are looked up instead, which is slower and no less right.
	far bool
}

func newRing(class int) ring {
	return ring{marks: make([]Mark, 1<<class)}
}

// find makes the index, if there is none.
func (r *ring) find() {
	r.unasked = 0
	if r.index != nil {
		return
	}
	if r.room == nil {
		r.room = make([]uint32, 2*len(r.marks))
	}
	r.index, r.room, r.far = r.room, nil, false
	clear(r.index)
	for i := range r.count {
		place := uint32(r.added-uint64(r.count)+uint64(i)) & uint32(len(r.marks)-1)
		slot, _ := r.has(r.marks[place])
		r.enter(r.marks[place], place, slot)
	}
}

// append adds marks that are not there, without looking for them. There must be room.
func (r *ring) append(mark Mark) {
	slot := uint32(0)
	if r.index != nil {
		if r.unasked++; r.unasked > len(r.marks) {
			r.index = nil
		} else {
			slot, _ = r.has(mark)
		}
	}
	r.put(mark, slot)
}

func (r *ring) full() bool { return r.count == len(r.marks) }

// entry returns what the index has for a mark at a place.
func entry(mark Mark, place uint32) uint32 {
	tag := uint32(mark>>(64-tagBits))<<homeBits | uint32(mark)&homeMask
	return indexUsed | tag<<placeBits | place
}

// appendAll adds marks, no more than the ring has, while there is no index. The oldest go where there is no room; it returns how
// many.
func (r *ring) appendAll(events []identity) (gone int) {
	mask := uint64(len(r.marks) - 1)
	for i := range events {
		r.marks[(r.added+uint64(i))&mask] = events[i].mark
	}
	r.added += uint64(len(events))
	r.count += len(events)
	gone = max(0, r.count-len(r.marks))
	r.count -= gone
	return gone
}

// has says whether a mark is there, and if not, where its index entry would go. There must be an index.
func (r *ring) has(mark Mark) (slot uint32, found bool) {
	index, mask := r.index, uint32(len(r.index)-1)
	tag := entry(mark, 0) >> placeBits
	for slot = uint32(mark) & mask; ; slot = (slot + 1) & mask {
		at := index[slot]
		if at == 0 {
			return slot, false
		}
		if at>>placeBits == tag && r.marks[at&placeMask] == mark {
			return slot, true
		}
	}
}

// put adds a mark that is not there, at the slot that has returned, if there is an index. The ring must not be full.
func (r *ring) put(mark Mark, slot uint32) {
	place := uint32(r.added) & uint32(len(r.marks)-1)
	r.marks[place] = mark
	if r.index != nil {
		r.enter(mark, place, slot)
	}
	r.added++
	r.count++
}

func (r *ring) enter(mark Mark, place, slot uint32) {
	r.index[slot] = entry(mark, place)
	r.far = r.far || (slot-uint32(mark))&uint32(len(r.index)-1) > homeMask
}

// dropOldest removes the mark that was put in first.
func (r *ring) dropOldest() {
	place := uint32(r.added-uint64(r.count)) & uint32(len(r.marks)-1)
	mark := r.marks[place]
	r.count--
	if r.index == nil {
		return
	}
	index, mask := r.index, uint32(len(r.index)-1)
	hole := uint32(mark) & mask
	for want := entry(mark, place); index[hole] != want; {
		hole = (hole + 1) & mask
	}
	for slot := (hole + 1) & mask; index[slot] != 0; slot = (slot + 1) & mask {
		if r.fromHome(slot) >= (slot-hole)&mask { // it may stand in the hole, since that is not before its home
			index[hole] = index[slot]
			hole = slot
		}
	}
	index[hole] = 0
}

// fromHome returns how far behind its home the entry in a slot stands.
func (r *ring) fromHome(slot uint32) uint32 {
	entry := r.index[slot]
	if r.far {
		return (slot - uint32(r.marks[entry&placeMask])) & uint32(len(r.index)-1)
	}
	return (slot - entry>>placeBits) & homeMask
}

// fetch reads what will be needed to add marks, those that will go for them as well. All of that is at random places and,
// with megabytes of marks, not in the cache; read at once one waits for it once, and not for one place after the other. The
// sum of what was read means nothing: it keeps the compiler from leaving out the reading.
func (r *ring) fetch(events []identity) (sum uint32) {
	index, mask := r.index, uint32(len(r.index)-1)
	for i := range events {
		sum += index[uint32(events[i].mark)&mask]
	}
	for i := range r.count + len(events) - len(r.marks) {
		sum += index[uint32(r.at(i))&mask]
	}
	return sum
}

// resized returns a ring of another class with the latest of the marks.
func (r *ring) resized(class int) ring {
	other := newRing(class)
	keep := min(r.count, len(other.marks))
	other.added = r.added - uint64(keep)
	for i := range keep {
		other.put(r.at(r.count-keep+i), 0)
	}
	if r.index != nil {
		other.find()
	}
	return other
}

// at returns a mark by its age, the oldest first.
func (r *ring) at(number int) Mark {
	return r.marks[(r.added-uint64(r.count)+uint64(number))&uint64(len(r.marks)-1)]
}
