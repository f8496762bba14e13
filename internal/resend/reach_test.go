package resend

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// file is one that an agent reads, with the lines that it has sent last.
type file struct {
	id         fileID
	offset     int64
	generation uint64
}

func (f *file) mark(offset int64) Mark {
	return scattered(uint64(f.id)<<8|f.generation&0xff, int(offset))
}

// sent is a line of a file on its way.
type sent struct {
	agent  uint64
	file   fileID
	offset int64
	mark   Mark
}

// readers are agents that read files, truncate some, begin others, and send windows of the latest lines again.
type readers struct {
	random *rand.Rand
	agents []uint64
	files  map[uint64][]*file
	latest map[uint64][][]sent
	next   fileID
}

// window returns the next window: most are new lines, some a part of what was sent before, some both.
func (r *readers) window() []sent {
	agent := r.agents[r.random.IntN(len(r.agents))]
	switch r.random.IntN(16) {
	case 0, 1:
		return r.again(agent)
	case 2:
		return append(r.again(agent), r.again(agent)...)
	case 3:
		return append(r.lines(agent), r.again(agent)...)
	}
	return r.lines(agent)
}

// again returns a part of a window of before.
func (r *readers) again(agent uint64) []sent {
	windows := r.latest[agent]
	if len(windows) == 0 {
		return r.lines(agent)
	}
	window := windows[r.random.IntN(len(windows))]
	from := r.random.IntN(len(window))
	return slices.Clone(window[from : from+1+r.random.IntN(len(window)-from)])
}

func (r *readers) lines(agent uint64) []sent {
	files := r.files[agent]
	if len(files) == 0 || r.random.IntN(40) == 0 {
		r.next++
		files = append(files, &file{id: r.next})
		r.files[agent] = files
	}
	if r.random.IntN(60) == 0 { // truncated
		f := files[r.random.IntN(len(files))]
		f.offset, f.generation = 0, f.generation+1
	}
	if r.random.IntN(3) == 0 {
		files = files[:1]
	}
	var window []sent
	for range 1 + r.random.IntN(1<<r.random.IntN(13)) {
		f := files[r.random.IntN(len(files))]
		window = append(window, sent{agent, f.id, f.offset, f.mark(f.offset)})
		f.offset += 1 + r.random.Int64N(200)
	}
	r.latest[agent] = append(r.latest[agent], window)
	if len(r.latest[agent]) > 40 {
		r.latest[agent] = r.latest[agent][1:]
	}
	return slices.Clone(window)
}

// TestEventsAheadAreNotLookedUp compares marks that look up only what may have come before with ones that look up everything: what
// they say and what they hold must be the same, whatever files do, also after a recovery and with more files than are kept account
// of.
func TestEventsAheadAreNotLookedUp(t *testing.T) {
	const steps, restored = 1200, 700
	compared := 1
	if testing.Short() {
		compared = 20 // what differs stays so for many steps, and with the race detector comparing takes longer than all else
	}
	for run := range uint64(8) {
		random := rand.New(rand.NewPCG(run, 7))
		world := &readers{random: random, files: map[uint64][]*file{}, latest: map[uint64][][]sent{}}
		for agent := range 1 + run%3 {
			world.agents = append(world.agents, agent+1)
		}
		if run >= 6 {
			for range 4 * mostStretches {
				world.next++
				world.files[1] = append(world.files[1], &file{id: world.next})
			}
		}
		quick, exact := NewMarks(Options{Seed: 5}), NewMarks(Options{Seed: 5})
		ahead, duplicates := 0, 0
		for step := range steps {
			window := world.window()
			if step == restored+1 {
				window = world.again(world.agents[0])
			}
			told, untold := Hasher{seed: 5}.NewBatch(), Hasher{seed: 5}.NewBatch()
			for _, one := range window {
				event := identity{one.agent, one.mark}
				told.events, untold.events = append(told.events, event), append(untold.events, event)
				told.files.add(&origin{agent: one.agent, file: one.file}, one.offset, 1)
			}
			if quick.isAhead(told) {
				ahead++
			}
			found := quick.Sift(told)
			duplicates += found
			if want := exact.Sift(untold); found != want {
				t.Fatalf("run %d, step %d: %d duplicates, want %d", run, step, found, want)
			}
			for i := range window {
				if told.Duplicate(i) != untold.Duplicate(i) {
					t.Fatalf("run %d, step %d: event %d of %d is a duplicate: %t", run, step, i, len(window), told.Duplicate(i))
				}
			}
			if !bytes.Equal(told.AppendSection(nil), untold.AppendSection(nil)) {
				t.Fatalf("run %d, step %d: other marks are added", run, step)
			}
			if step%compared != 0 && step != restored && step != steps-1 {
				continue
			}
			saved := quick.AppendCheckpoint(nil)
			if !bytes.Equal(saved, exact.AppendCheckpoint(nil)) {
				t.Fatalf("run %d, step %d: other marks are held", run, step)
			}
			if step == restored {
				if err := quick.Restore(saved); err != nil {
					t.Fatal(err)
				}
			}
		}
		verify(t, quick)
		t.Logf("run %d: %d of %d windows were ahead, %d duplicates", run, ahead, steps, duplicates)
		if ahead < 200 && run < 6 || duplicates == 0 {
			t.Errorf("run %d: %d windows were ahead, %d duplicates: this tests nothing", run, ahead, duplicates)
		}
	}
}

// reading sends lines of one file, one an offset, and returns how many were duplicates.
func reading(marks *Marks, of fileID, generation uint64, first, last int64) (duplicates int) {
	from, at := &origin{agent: 1, file: of}, file{id: of, generation: generation}
	for first < last {
		batch := Hasher{seed: 5}.NewBatch()
		from.batch = 0
		for range min(2000, last-first) {
			batch.events = append(batch.events, identity{1, at.mark(first)})
			batch.files.add(from, first, 1)
			first++
		}
		duplicates += marks.Sift(batch)
	}
	return duplicates
}

// TestATruncatedFileIsRemembered: what stood high in a file before it was truncated is recognised as long as its marks are there.
func TestATruncatedFileIsRemembered(t *testing.T) {
	const room = 1 << normalClass
	for since := int64(0); since < room+3000; since += 1000 {
		marks := NewMarks(Options{Seed: 5})
		reading(marks, 1, 1, 0, 20_000)
		reading(marks, 1, 2, 0, since)
		want := 2000
		if since > room-2000 {
			want = 0 // the first are new, and each new one drives out the one that comes next
		}
		if got := reading(marks, 1, 1, 18_000, 20_000); got != want {
			t.Errorf("%d lines later, %d of 2000 are duplicates, want %d", since, got, want)
		}
	}
}

// TestManyFiles: account is kept of so many files of an agent. With more, nothing is forgotten.
func TestManyFiles(t *testing.T) {
	marks := NewMarks(Options{Seed: 5})
	const files = 600
	for of := range fileID(files) {
		if reading(marks, of, 1, 0, 20); of%100 == 99 {
			verify(t, marks)
		}
	}
	for of := range fileID(files) {
		if got := reading(marks, of, 1, 0, 20); got != 20 {
			t.Fatalf("%d of 20 lines of file %d are duplicates", got, of)
		}
	}
}

// TestAnIndexIsThereWhileItIsNeeded: it costs memory and time only while something is looked up.
func TestAnIndexIsThereWhileItIsNeeded(t *testing.T) {
	marks := NewMarks(Options{Seed: 5})
	reading(marks, 1, 1, 0, 40_000)
	if marks.agents[1].ring.index != nil {
		t.Error("an index was made although nothing came again")
	}
	if found := reading(marks, 1, 1, 38_000, 42_000); found != 2000 {
		t.Errorf("%d duplicates, want 2000", found)
	}
	if marks.agents[1].ring.index == nil {
		t.Error("the index is gone at once")
	}
	reading(marks, 1, 1, 42_000, 62_000)
	if marks.agents[1].ring.index != nil {
		t.Error("the index is still there although nothing has come again for long")
	}
	verify(t, marks)
}

// TestAheadDoesNotAllocate: what is new of a known file costs no allocation.
func TestAheadDoesNotAllocate(t *testing.T) {
	marks := NewMarks(Options{Seed: 5})
	batch, from, offset := Hasher{seed: 5}.NewBatch(), &origin{agent: 1, file: 1}, int64(0)
	send := func() {
		batch.Reset()
		for range 2048 {
			batch.events = append(batch.events, identity{1, scattered(1, int(offset))})
			batch.files.add(from, offset, batch.number)
			offset++
		}
		if !marks.isAhead(batch) || marks.Sift(batch) != 0 {
			t.Fatal("not ahead")
		}
	}
	for range 20 {
		send()
	}
	if allocations := testing.AllocsPerRun(20, send); allocations != 0 {
		t.Errorf("%v allocations a batch", allocations)
	}
}
