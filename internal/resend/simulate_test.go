package resend

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// filebeat is a Filebeat as far as it matters here: a queue of so many lines that are not acknowledged, in windows on so many
// connections. What was lost goes back to the front of the queue and out again in windows of other sizes, mixed with new
// lines.
type filebeat struct {
	random      *rand.Rand
	id          string
	queue       int
	connections [][][]line // windows under way
	waiting     []line     // to be sent again
	alive       int        // lines that are not acknowledged
	path, inode string
	offset      int
	generation  int
	made        []line
}

// next returns the next line of the file that is read, which now and then is rotated or truncated: then lines stand where
// others stood, some with the same text in another file.
func (f *filebeat) next() line {
	switch f.random.IntN(200) {
	case 0:
		f.inode, f.offset = fmt.Sprint(len(f.made)), 0
	case 1:
		f.generation, f.offset = len(f.made), 0
	}
	l := line{f.id, f.path, f.inode, f.offset, fmt.Sprintf("line %d \"/\" of %d", f.offset, f.generation)}
	f.offset += 10
	f.made = append(f.made, l)
	return l
}

// send puts a window on a connection, if the queue has anything, and returns it.
func (f *filebeat) send(connection int) []line {
	size := 1 + f.random.IntN(30)
	if len(f.connections[connection]) > 2 {
		return nil
	}
	again := min(size, len(f.waiting))
	window := slices.Clone(f.waiting[:again])
	f.waiting = f.waiting[again:]
	for len(window) < size && f.alive < f.queue {
		window = append(window, f.next())
		f.alive++
	}
	if len(window) > 0 {
		f.connections[connection] = append(f.connections[connection], window)
	}
	return window
}

// lose breaks a connection. The windows on it were not acknowledged.
func (f *filebeat) lose(connection int) {
	lost := slices.Concat(f.connections[connection]...)
	f.waiting = append(lost, f.waiting...)
	f.connections[connection] = nil
}

// acknowledge takes the oldest window of a connection as delivered.
func (f *filebeat) acknowledge(connection int) {
	f.alive -= len(f.connections[connection][0])
	f.connections[connection] = f.connections[connection][1:]
}

// logboom is what takes the windows: marks, and what it has on disk.
type logboom struct {
	t          *testing.T
	marker     *marker
	marks      *Marks
	checkpoint []byte
	sections   [][]byte // behind the checkpoint
	durable    int      // so many of them
	counted    []map[line]int
	model      map[line]bool // the naive one: the identities of all that was counted
}

// take judges a window and appends its commit.
func (l *logboom) take(window []line, random *rand.Rand) {
	documents := make([][]byte, len(window))
	for i := range window {
		documents[i] = window[i].document(random)
	}
	batch := l.marker.batch(l.t, documents...)
	found := l.marks.Sift(batch)
	counted := map[line]int{}
	for i, one := range window {
		if batch.Duplicate(i) != l.model[one] {
			l.t.Fatalf("duplicate is %v, in the model %v: %+v", batch.Duplicate(i), l.model[one], one)
		}
		if batch.Duplicate(i) {
			found--
			continue
		}
		l.model[one] = true
		counted[one]++
	}
	if found != 0 || batch.Len() != len(window) {
		l.t.Fatalf("the number of duplicates is wrong by %d", found)
	}
	l.sections = append(l.sections, batch.AppendSection(nil))
	l.counted = append(l.counted, counted)
}

// crash loses what is not durable, as a failed commit does too, and builds the marks anew.
func (l *logboom) crash() {
	lost := len(l.sections) - l.durable
	l.sections = l.sections[:l.durable]
	for _, counted := range l.counted[len(l.counted)-lost:] {
		for one := range counted {
			delete(l.model, one)
		}
	}
	l.counted = l.counted[:len(l.counted)-lost]
	l.marks = recovered(l.t, l.checkpoint, l.sections)
	if len(l.checkpoint) == 0 && len(slices.Concat(l.sections...)) == 0 {
		l.marks = NewMarks(Options{Seed: 5}) // nothing was durable: the process still has its seed
	}
}

// recovered returns what is read back.
func recovered(t *testing.T, checkpoint []byte, sections [][]byte) *Marks {
	t.Helper()
	marks := NewMarks(Options{Seed: 999})
	if checkpoint != nil {
		if err := marks.Restore(checkpoint); err != nil {
			t.Fatal(err)
		}
	}
	for _, section := range sections {
		if len(section) > 0 {
			if err := marks.Apply(section); err != nil {
				t.Fatal(err)
			}
		}
	}
	return marks
}

// save stores a checkpoint.
func (l *logboom) save() {
	l.durable = 0
	l.checkpoint, l.sections = l.marks.AppendCheckpoint(nil), nil
}

// TestEachLineCountsOnce lets several Filebeats send over connections that break before the window arrives, before its commit is
// durable, and before the acknowledgement arrives, with crashes in between.
func TestEachLineCountsOnce(t *testing.T) {
	runs := 60
	if testing.Short() {
		runs = 10
	}
	for run := range runs {
		random := rand.New(rand.NewPCG(uint64(run), 5))
		marker := newMarker(t, 5)
		l := &logboom{t: t, marker: marker, marks: NewMarks(Options{Seed: 5}), model: map[line]bool{}}
		agents := make([]*filebeat, 1+random.IntN(4))
		for i := range agents {
			agents[i] = &filebeat{
				random: random, id: fmt.Sprint("agent-", i), path: "/var/log/ü.log", queue: 20 + random.IntN(200),
				connections: make([][][]line, 1+random.IntN(3)),
			}
		}
		for step := range 1200 {
			simulate(l, agents[random.IntN(len(agents))], random, step < 1000)
			if random.IntN(100) == 0 {
				l.crash()
				for _, agent := range agents {
					for connection := range agent.connections {
						agent.lose(connection)
					}
				}
			}
		}
		compareCounts(t, l, agents)
	}
}

// simulate is one step of one agent.
func simulate(l *logboom, agent *filebeat, random *rand.Rand, more bool) {
	connection := random.IntN(len(agent.connections))
	if !more {
		agent.queue = 0
	}
	window := agent.send(connection)
	if len(window) > 0 && random.IntN(10) == 0 {
		agent.lose(connection) // before the window arrived
		return
	}
	if len(window) > 0 {
		l.take(window, random)
	}
	switch random.IntN(5) {
	case 0:
		agent.lose(connection) // before the commit is durable, or the answer arrived
	case 1:
		l.durable = len(l.sections)
	case 2:
		if l.durable = len(l.sections); random.IntN(5) == 0 {
			l.save()
		}
		for len(agent.connections[connection]) > 0 {
			agent.acknowledge(connection)
		}
	}
}

// compareCounts sends what is left, and looks whether each line was counted once.
func compareCounts(t *testing.T, l *logboom, agents []*filebeat) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	total := map[line]int{}
	for _, agent := range agents {
		for connection := range agent.connections {
			agent.lose(connection)
		}
		if len(agent.waiting) > 0 {
			l.take(agent.waiting, random)
		}
	}
	for _, counted := range l.counted {
		for one, times := range counted {
			total[one] += times
		}
	}
	made := 0
	for _, agent := range agents {
		made += len(agent.made)
		for _, one := range agent.made {
			if total[one] != 1 {
				t.Fatalf("counted %d times: %+v", total[one], one)
			}
		}
	}
	if made == 0 || len(total) != made {
		t.Fatalf("%d lines made, %d counted", made, len(total))
	}
}

// TestRecoveryIsExact crashes behind each record and compares all state with what it was there, under a budget that is fought for.
func TestRecoveryIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	const budget = LeastBudget
	live := NewMarks(Options{Seed: 8, Budget: budget})
	batch := Hasher{seed: 8}.NewBatch()
	checkpoint, sections := []byte(nil), [][]byte(nil)
	for step := range 400 {
		batch.Reset()
		for range 1 + random.IntN(8) {
			agent := 1 + random.Uint64N(1+random.Uint64N(1200))
			for range random.IntN(1 << random.IntN(13)) {
				batch.events = append(batch.events, identity{agent, Mark(random.Uint64N(1 << 22))})
			}
		}
		live.Sift(batch)
		if section := batch.AppendSection(nil); section != nil {
			sections = append(sections, section)
		}
		again := NewMarks(Options{Seed: 1, Budget: budget})
		if checkpoint != nil {
			if err := again.Restore(checkpoint); err != nil {
				t.Fatal(err)
			}
		} else {
			again.seed = 8
		}
		for _, section := range sections {
			if err := again.Apply(section); err != nil {
				t.Fatal(err)
			}
		}
		want := live.AppendCheckpoint(nil)
		if got := again.AppendCheckpoint(nil); !bytes.Equal(got, want) {
			t.Fatalf("step %d: what is recovered is not what was there", step)
		}
		verify(t, live)
		if step%20 == 19 {
			checkpoint, sections = want, nil
		}
	}
	if live.Stats().Squeezed == 0 {
		t.Error("the budget was never reached")
	}
}

// verify checks what must always hold of marks.
func verify(t *testing.T, m *Marks) {
	t.Helper()
	held, used := int64(0), int64(0)
	for id, a := range m.agents {
		if a.id != id || a.ring.count > len(a.ring.marks) || len(a.ring.marks) != 1<<a.class {
			t.Fatalf("agent %d: class %d, %d marks", a.id, a.class, a.ring.count)
		}
		if len(a.files.all) > mostReaches(&a.ring) {
			t.Fatalf("agent %d: account is kept of %d files", id, len(a.files.all))
		}
		held += int64(a.ring.count)
		used += bytesOf(a.class)
		if a.ring.index == nil {
			unasked := a.ring.unasked
			a.ring.find()
			defer func() { a.ring.index, a.ring.unasked = nil, unasked }()
		}
		for i := range a.ring.count {
			if _, found := a.ring.has(a.ring.at(i)); !found {
				t.Fatalf("agent %d: mark %d of %d is not found", id, i, a.ring.count)
			}
		}
		entries := 0
		for _, entry := range a.ring.index {
			if entry != 0 {
				entries++
			}
		}
		if entries != a.ring.count {
			t.Fatalf("agent %d: %d index entries for %d marks", id, entries, a.ring.count)
		}
	}
	listed := 0
	for a := m.all.first; a != nil; a = a.links[linkAll].after {
		if listed++; a.links[linkAll].after != nil && a.heard < a.links[linkAll].after.heard {
			t.Fatal("agents are not in the order in which they were heard of")
		}
	}
	if held != m.held || used != m.used || used > m.budget || listed != len(m.agents) {
		t.Fatalf("%d marks, %d counted; %d bytes, %d counted, budget %d; %d agents, %d listed",
			held, m.held, used, m.used, m.budget, len(m.agents), listed)
	}
}
