package resend

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// version is the first byte of sections and checkpoints. Another one is refused rather than guessed at.
const version byte = 1

// ErrDamaged is wrapped by errors about bytes that this package did not write, or a newer version of it.
var ErrDamaged = errors.New("damaged marks")

// Apply adds the marks of a section that [Batch.AppendSection] wrote, as Sift did then. Sections must come in the order of
// their commits, behind the checkpoint. It fails with ErrDamaged, and then nothing was added.
//
// Where marks behind damage are missing, the others still help; so who reads on after a damaged record goes on with Apply.
// A section of another seed, as when the checkpoint was lost and a new seed drawn, drops what was there and sets the seed.
func (m *Marks) Apply(section []byte) error {
	seed, err := checkSection(section)
	if err != nil {
		return err
	}
	if seed != m.seed {
		m.state = newState(seed, m.budget)
	}
	m.batch++
	in := reader{bytes: section[headerSize:]}
	var known agentNumbers
	for len(in.bytes) > 0 {
		id := known.read(&in)
		at := m.agents[id]
		if at != nil {
			at.ring.find()
		}
		for range in.uvarint() {
			at = m.addNew(at, identity{id, Mark(in.word())})
		}
		at.files.forget(&at.ring)
	}
	m.publish()
	return nil
}

// addNew adds a mark unless it is there.
func (m *Marks) addNew(at *agent, e identity) *agent {
	slot := uint32(0)
	if at != nil {
		var found bool
		if slot, found = at.ring.has(e.mark); found {
			return at
		}
	}
	return m.add(at, &e, slot)
}

// headerSize is the length of version and seed.
const headerSize = 1 + 8

// checkSection reads through a section and returns its seed.
func checkSection(section []byte) (Seed, error) {
	in := reader{bytes: section}
	seed := in.header()
	var known agentNumbers
	for !in.failed && len(in.bytes) > 0 {
		agent := known.read(&in)
		count := in.uvarint()
		in.take(count, 8)
		in.failed = in.failed || agent == 0 || count == 0
	}
	if in.failed {
		return 0, fmt.Errorf("%w: section of %d bytes", ErrDamaged, len(section))
	}
	return seed, nil
}

// read reads what append wrote. It returns 0 where that is wrong.
func (n *agentNumbers) read(in *reader) uint64 {
	number := in.uvarint()
	if number > uint64(n.count) {
		return 0
	}
	if number > 0 {
		return n.agents[number-1]
	}
	agent := in.word()
	if n.count < len(n.agents) {
		n.agents[n.count] = agent
		n.count++
	}
	return agent
}

// reader takes numbers off the front of bytes. Once it failed it gives zeros.
type reader struct {
	bytes  []byte
	failed bool
}

func (r *reader) header() Seed {
	if head := r.take(1, 1); r.failed || head[0] != version {
		r.failed = true
		return 0
	}
	return Seed(r.word())
}

func (r *reader) uvarint() uint64 {
	number, size := binary.Uvarint(r.bytes)
	if size <= 0 || r.failed {
		r.failed = true
		return 0
	}
	r.bytes = r.bytes[size:]
	return number
}

func (r *reader) word() uint64 {
	if bytes := r.take(1, 8); !r.failed {
		return binary.LittleEndian.Uint64(bytes)
	}
	return 0
}

// take takes so many times so many bytes.
func (r *reader) take(count, size uint64) []byte {
	if r.failed || count > uint64(len(r.bytes))/size {
		r.failed = true
		return nil
	}
	taken := r.bytes[:count*size]
	r.bytes = r.bytes[count*size:]
	return taken
}
