package resend

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// AppendCheckpoint appends all that is held, 8 bytes a mark.
func (m *Marks) AppendCheckpoint(to []byte) []byte {
	to = slices.Grow(to, int(8*m.held)+len(m.agents)*32+32)
	to = binary.LittleEndian.AppendUint64(append(to, version), uint64(m.seed))
	to = binary.AppendUvarint(to, m.added)
	to = binary.AppendUvarint(to, uint64(len(m.agents)))
	for class := mostClass; class >= leastClass; class-- {
		for a := m.class[class].last; a != nil; a = a.links[linkClass].before {
			to = a.append(to, m.added)
		}
	}
	return to
}

func (a *agent) append(to []byte, added uint64) []byte {
	to = binary.LittleEndian.AppendUint64(to, a.id)
	to = binary.AppendUvarint(to, max(a.largest, a.inBatch()))
	to = binary.AppendUvarint(to, added-a.heard)
	to = binary.AppendUvarint(to, uint64(a.ring.count))
	for i := range a.ring.count {
		to = binary.LittleEndian.AppendUint64(to, uint64(a.ring.at(i)))
	}
	return to
}

// saved is an agent in a checkpoint; its marks are a part of that.
type saved struct {
	id, largest, heard uint64
	class              int
	marks              []byte
}

// Restore brings back what AppendCheckpoint wrote, with its seed, in place of what is held. It fails with ErrDamaged, and
// then nothing was changed. Where the budget is smaller than it was, the oldest marks of the agents with the most are left
// out, and then the agents silent longest.
func (m *Marks) Restore(checkpoint []byte) error {
	in := reader{bytes: checkpoint}
	restored := newState(in.header(), m.budget)
	restored.added = in.uvarint()
	count := in.uvarint()
	agents := make([]saved, 0, min(count, uint64(len(in.bytes)/leastSaved)))
	for !in.failed && len(in.bytes) > 0 {
		agents = append(agents, readSaved(&in, restored.added))
	}
	if in.failed || count != uint64(len(agents)) || !slices.IsSortedFunc(agents, func(a, b saved) int { return b.class - a.class }) {
		return fmt.Errorf("%w: checkpoint of %d bytes", ErrDamaged, len(checkpoint))
	}
	if err := restored.rebuild(fit(agents, m.budget)); err != nil {
		return err
	}
	m.state = restored
	m.publish()
	return nil
}

// leastSaved is the least length of an agent in a checkpoint, one with a mark.
const leastSaved = 8 + 3 + 8

func readSaved(in *reader, added uint64) saved {
	s := saved{id: in.word(), largest: in.uvarint()}
	silent := in.uvarint()
	count := in.uvarint()
	s.marks = in.take(count, 8)
	s.heard = added - silent
	s.class = max(leastClass, bits.Len64(max(count, 1)-1))
	in.failed = in.failed || s.id == 0 || count == 0 || silent > added || s.class > mostClass
	return s
}

// bytes returns the memory that the agent will take.
func (s *saved) bytes() int64 { return bytesOf(s.class) }

// fit leaves out what is beyond the budget.
func fit(agents []saved, budget int64) []saved {
	total := int64(0)
	for i := range agents {
		total += agents[i].bytes()
	}
	for class := mostClass - 1; class >= leastClass && total > budget; class-- {
		for i := range agents {
			if s := &agents[i]; s.class > class && total > budget {
				total += bytesOf(class) - bytesOf(s.class)
				s.class = class
				s.marks = s.marks[max(0, len(s.marks)-8<<class):]
			}
		}
	}
	if total <= budget {
		return agents
	}
	bySilence := slices.Clone(agents)
	slices.SortFunc(bySilence, func(a, b saved) int { return cmp.Compare(b.heard, a.heard) })
	return bySilence[:budget/bytesOf(leastClass)]
}

// rebuild fills a new state.
func (m *state) rebuild(agents []saved) error {
	order := make([]*agent, len(agents))
	for i := range agents {
		made, err := agents[i].agent()
		if err != nil {
			return err
		}
		if m.agents[made.id] != nil {
			return fmt.Errorf("%w: an agent is in a checkpoint twice", ErrDamaged)
		}
		m.enlist(made)
		m.held += int64(made.ring.count)
		order[i] = made
	}
	slices.SortStableFunc(order, func(a, b *agent) int { return cmp.Compare(a.heard, b.heard) })
	for _, a := range order {
		m.all.remove(a, linkAll)
		m.all.pushFront(a, linkAll)
	}
	return nil
}

func (s *saved) agent() (*agent, error) {
	a := &agent{id: s.id, class: s.class, ring: newRing(s.class), largest: s.largest, heard: s.heard}
	a.ring.find()
	for marks := s.marks; len(marks) > 0; marks = marks[8:] {
		mark := Mark(binary.LittleEndian.Uint64(marks))
		slot, found := a.ring.has(mark)
		if found {
			return nil, fmt.Errorf("%w: a mark is in a checkpoint twice", ErrDamaged)
		}
		a.ring.put(mark, slot)
	}
	a.begun = a.ring.added
	a.files.forget(&a.ring)
	return a, nil
}
