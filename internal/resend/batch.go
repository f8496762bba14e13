package resend

import (
	"encoding/binary"
	"slices"

	"github.com/logboom/logboom/event"
)

// Batch holds the marks of a batch's events, in their order. It is filled on the connection's goroutine, then handed to
// the writer, who gives it to [Marks.Sift]. It keeps its memory over Reset, 17 bytes an event. One goroutine at a time
// may use it. It keeps nothing of the events.
type Batch struct {
	hasher Hasher
	origins
	buffer []byte // for values that are not written as Beats write them
	events []identity
	number uint64 // of the batch, counted by Reset
	files  stretches
	sifted
}

// identity is an event's mark and agent; the agent is 0 where it has none.
type identity struct {
	agent uint64
	mark  Mark
}

// sifted is what Marks.Sift said of a batch.
type sifted struct {
	duplicate  []bool
	duplicates int
	marked     int
}

// keptBytes is the most bytes of a buffer for values that a batch keeps, and keptOrigin of an origin.
const (
	keptBytes  = 64 << 10
	keptOrigin = 4 << 10
)

// NewBatch returns an empty batch.
func (h Hasher) NewBatch() *Batch {
	b := &Batch{hasher: h}
	b.latest = &b.kept[0]
	b.Reset()
	return b
}

// Reset empties the batch.
func (b *Batch) Reset() {
	b.events = b.events[:0]
	b.number++
	b.files.reset()
	b.duplicate, b.duplicates, b.marked = b.duplicate[:0], 0, 0
	if cap(b.buffer) > keptBytes {
		b.buffer = nil
	}
	b.release()
}

// Add takes the next event: the values of [event.Selector.Scan] and the document that they are of, which is read once more if
// it has no object log.file. It does not allocate once there is room.
func (b *Batch) Add(values []event.Value, document []byte) {
	b.events = append(b.events, b.identify(values, document))
}

// Len returns how many events were added.
func (b *Batch) Len() int { return len(b.events) }

// Duplicate says whether an event, counted from 0, is a resend. It is false before [Marks.Sift].
func (b *Batch) Duplicate(number int) bool { return number < len(b.duplicate) && b.duplicate[number] }

// Duplicates returns how many events are resends. It is 0 before [Marks.Sift].
func (b *Batch) Duplicates() int { return b.duplicates }

// AppendSection appends what the batch's commit has to keep for [Marks.Apply], once it was sifted: the marks that are new.
// Where there are none it appends nothing, and the commit needs no section.
func (b *Batch) AppendSection(to []byte) []byte {
	if b.marked == 0 {
		return to
	}
	to = append(to, version)
	to = binary.LittleEndian.AppendUint64(to, uint64(b.hasher.seed))
	var known agentNumbers
	for from := 0; from < len(b.events); {
		agent, count, end := b.run(from)
		if count > 0 {
			to = known.append(to, agent)
			to = binary.AppendUvarint(to, uint64(count))
			to = b.appendMarks(to, from, end)
		}
		from = end
	}
	return to
}

// run returns the agent of an event, how many new marks it has from there on before another one's, and where that is.
func (b *Batch) run(from int) (agent uint64, count, end int) {
	for end = from; end < len(b.events); end++ {
		if !b.isNew(end) {
			continue
		}
		if agent == 0 {
			agent = b.events[end].agent
		}
		if b.events[end].agent != agent {
			break
		}
		count++
	}
	return agent, count, end
}

// isNew says whether an event has a mark that was not there before.
func (b *Batch) isNew(number int) bool { return b.events[number].agent != 0 && !b.duplicate[number] }

func (b *Batch) appendMarks(to []byte, from, end int) []byte {
	to = slices.Grow(to, 8*(end-from))
	if b.duplicates+b.files.anonymous == 0 && b.files.placed == len(b.events) {
		begin := len(to)
		to = to[:begin+8*(end-from)]
		for i := range b.events[from:end] {
			binary.LittleEndian.PutUint64(to[begin+8*i:], uint64(b.events[from+i].mark))
		}
		return to
	}
	for number := from; number < end; number++ {
		if b.isNew(number) {
			to = binary.LittleEndian.AppendUint64(to, uint64(b.events[number].mark))
		}
	}
	return to
}

// agentNumbers counts the agents of a section. Few are searched in a row, so that the one agent of a Filebeat's window
// costs nothing; of batches with very many only the first are numbered.
type agentNumbers struct {
	agents [16]uint64
	count  int
}

// append appends an agent, as its number where it has one.
func (n *agentNumbers) append(to []byte, agent uint64) []byte {
	for i, known := range n.agents[:n.count] {
		if known == agent {
			return append(to, byte(i+1))
		}
	}
	if n.count < len(n.agents) {
		n.agents[n.count] = agent
		n.count++
	}
	return binary.LittleEndian.AppendUint64(append(to, 0), agent)
}
