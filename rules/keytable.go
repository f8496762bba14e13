package rules

import "iter"

// keyTable finds the keys of a rule. It is a hash table with open addressing, which is given the hashes: those of a batch are
// made while it is decoded, and many keys can be looked for at once. The zero value is empty.
type keyTable struct {
	// slots are a power of two, of which at most half are taken. A key stands in the slot that its hash says, or behind it
	// with no empty one in between.
	slots []keySlot
	size  int
}

type keySlot struct {
	hash uint64
	key  *keyState
}

const minimumSlots = 4

// get returns the key of a name, nil if there is none.
func (t *keyTable) get(hash uint64, name []byte) *keyState {
	for at := hash; len(t.slots) > 0; at++ {
		slot := &t.slots[at&uint64(len(t.slots)-1)]
		if slot.key == nil || slot.hash == hash && slot.key.key == string(name) {
			return slot.key
		}
	}
	return nil
}

// put adds a key that is not there.
func (t *keyTable) put(key *keyState) {
	if 2*(t.size+1) > len(t.slots) {
		t.grow()
	}
	t.size++
	t.place(keySlot{hashKey([]byte(key.key)), key})
}

func (t *keyTable) grow() {
	slots := t.slots
	t.slots = make([]keySlot, max(minimumSlots, 2*len(slots)))
	for _, slot := range slots {
		if slot.key != nil {
			t.place(slot)
		}
	}
}

func (t *keyTable) place(slot keySlot) {
	for at := slot.hash; ; at++ {
		if free := &t.slots[at&uint64(len(t.slots)-1)]; free.key == nil {
			*free = slot
			return
		}
	}
}

// remove takes out a key that is there.
func (t *keyTable) remove(key *keyState) {
	mask := uint64(len(t.slots) - 1)
	empty := hashKey([]byte(key.key)) & mask
	for t.slots[empty].key != key {
		empty = (empty + 1) & mask
	}
	t.size--
	// Those that stand behind, up to the next empty slot, move up unless they would come before their own.
	for at := (empty + 1) & mask; t.slots[at].key != nil; at = (at + 1) & mask {
		if away := (at - t.slots[at].hash) & mask; away >= (at-empty)&mask {
			t.slots[empty] = t.slots[at]
			empty = at
		}
	}
	t.slots[empty] = keySlot{}
}

// all returns the keys in no order.
func (t *keyTable) all() iter.Seq[*keyState] {
	return func(yield func(*keyState) bool) {
		for _, slot := range t.slots {
			if slot.key != nil && !yield(slot.key) {
				return
			}
		}
	}
}
