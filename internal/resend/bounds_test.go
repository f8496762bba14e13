package resend

import (
	"errors"
	"testing"
)

// windowOf returns a batch of an agent with marks from..to-1, scattered.
func windowOf(agent uint64, from, to int) *Batch {
	batch := Hasher{}.NewBatch()
	for i := from; i < to; i++ {
		batch.events = append(batch.events, identity{agent, scattered(agent, i)})
	}
	return batch
}

func scattered(agent uint64, number int) Mark {
	word := (agent<<40 + uint64(number) + 1) * 0x9e3779b97f4a7c15
	return Mark((word ^ word>>29) * 0xbf58476d1ce4e5b9)
}

// fill sends so many events of an agent in windows of 2048.
func fill(m *Marks, agent uint64, from, to int) {
	for ; from < to; from += 2048 {
		m.Sift(windowOf(agent, from, min(to, from+2048)))
	}
}

// remembered returns how many of an agent's marks are there.
func remembered(m *Marks, agent uint64, from, to int) (count int) {
	for i := from; i < to; i++ {
		if at := m.agents[agent]; at != nil {
			at.ring.find()
			if _, found := at.ring.has(scattered(agent, i)); found {
				count++
			}
		}
	}
	return count
}

func TestAnAgentKeepsItsLatestMarks(t *testing.T) {
	marks := NewMarks(Options{})
	fill(marks, 1, 0, 200_000)
	const due = 1 << normalClass
	if got := remembered(marks, 1, 200_000-due, 200_000); got != due {
		t.Errorf("%d of the latest %d marks are there", got, due)
	}
	if got := marks.Stats(); got.Marks != due || got.Squeezed != 0 || got.Agents != 1 {
		t.Errorf("%+v", got)
	}
	verify(t, marks)
}

func TestLargeWindowsAreKeptWhole(t *testing.T) {
	marks := NewMarks(Options{})
	const window = 50_000
	for i := range 30 {
		marks.Sift(windowOf(1, i*window, (i+1)*window))
	}
	if got := remembered(marks, 1, 22*window, 30*window); got != 8*window {
		t.Errorf("%d of the latest eight windows' %d marks are there", got, 8*window)
	}
	if found := marks.Sift(windowOf(1, 29*window, 31*window)); found != window {
		t.Errorf("%d duplicates in a window of which half was sent before, want %d", found, window)
	}
	most := NewMarks(Options{})
	most.Sift(windowOf(1, 0, 1<<mostClass+5))
	if got := most.Stats().Marks; got != 1<<mostClass {
		t.Errorf("%d marks of one agent, want at most %d", got, 1<<mostClass)
	}
}

func TestLittleTakesLittle(t *testing.T) {
	marks := NewMarks(Options{})
	marks.Sift(windowOf(1, 0, 50))
	if got := marks.Stats().Bytes; got > 2<<10 {
		t.Errorf("50 marks take %d bytes", got)
	}
}

func TestANoisyAgentPushesOutOnlyItself(t *testing.T) {
	marks := NewMarks(Options{Budget: LeastBudget})
	const quiet = 10
	marks.Sift(windowOf(1, 600_000, 620_000)) // a large window makes it one that may have more
	fill(marks, 1, 0, 500_000)
	for agent := uint64(2); agent < 2+quiet; agent++ {
		fill(marks, agent, 0, 2000)
	}
	fill(marks, 1, 500_000, 510_000)
	verify(t, marks)
	for agent := uint64(2); agent < 2+quiet; agent++ {
		if got := remembered(marks, agent, 0, 2000); got != 2000 {
			t.Errorf("%d of 2000 marks of agent %d are there", got, agent)
		}
	}
	if marks.Stats().Squeezed == 0 || marks.Stats().Bytes > LeastBudget {
		t.Errorf("%+v: the budget was not reached, or not kept", marks.Stats())
	}
}

func TestSilentAgentsMakeRoom(t *testing.T) {
	marks := NewMarks(Options{Budget: LeastBudget})
	for agent := uint64(1); agent <= 5000; agent++ {
		marks.Sift(windowOf(agent, 0, 60))
	}
	if marks.Stats().Bytes > LeastBudget || marks.agents[5000] == nil || marks.agents[1] != nil {
		t.Errorf("%+v: those silent longest must go for new agents", marks.Stats())
	}
	fill(marks, 9999, 0, 300_000)
	if got := remembered(marks, 9999, 300_000-1<<normalClass, 300_000); got != 1<<normalClass {
		t.Errorf("the only agent that sends has %d of its latest marks", got)
	}
	verify(t, marks)
}

func TestANewAgentInEachEventDoesNotAllocateForEver(t *testing.T) {
	marks := NewMarks(Options{Budget: LeastBudget})
	next := uint64(1)
	batch := Hasher{}.NewBatch()
	flood := func() {
		batch.Reset()
		for range 2048 {
			next++
			batch.events = append(batch.events, identity{next, Mark(next)})
		}
		marks.Sift(batch)
	}
	for range 20 {
		flood()
	}
	if allocations := testing.AllocsPerRun(20, flood); allocations > 20 {
		t.Errorf("%v allocations a batch", allocations)
	}
	verify(t, marks)
}

func TestAnotherSeedIsTakenWhole(t *testing.T) {
	marks := NewMarks(Options{Seed: 5})
	batch := windowOf(1, 0, 10)
	for range 2 {
		if marks.Sift(batch) != 0 || batch.Duplicate(0) || batch.AppendSection(nil) != nil {
			t.Error("a batch of another seed was judged")
		}
	}
}

func TestApplySetsTheSeed(t *testing.T) {
	batch := windowOf(1, 0, 10)
	NewMarks(Options{}).Sift(batch)
	marks := NewMarks(Options{Seed: 5})
	if err := marks.Apply(batch.AppendSection(nil)); err != nil || marks.Seed() != 0 || marks.Stats().Marks != 10 {
		t.Errorf("error %v, seed %d, %+v", err, marks.Seed(), marks.Stats())
	}
}

func TestRestoreFitsASmallerBudget(t *testing.T) {
	large := NewMarks(Options{})
	for agent := uint64(1); agent <= 2000; agent++ {
		fill(large, agent, 0, 200)
	}
	fill(large, 3000, 0, 100_000)
	small := NewMarks(Options{Budget: LeastBudget})
	if err := small.Restore(large.AppendCheckpoint(nil)); err != nil {
		t.Fatal(err)
	}
	verify(t, small)
	if small.agents[3000] == nil || small.agents[1] != nil || small.agents[2000] == nil {
		t.Error("not the agents silent longest were left out")
	}
	if got := remembered(small, 3000, 100_000-64, 100_000); got != 64 {
		t.Errorf("%d of the latest marks are there", got)
	}
}

func TestDamageIsAnError(t *testing.T) {
	marks := NewMarks(Options{})
	batch := windowOf(1, 0, 100)
	marks.Sift(batch)
	section, checkpoint := batch.AppendSection(nil), marks.AppendCheckpoint(nil)
	for cut := range section {
		if err := NewMarks(Options{}).Apply(section[:cut]); !errors.Is(err, ErrDamaged) && cut != headerSize {
			t.Errorf("section cut at %d: error %v", cut, err)
		}
	}
	for cut := range checkpoint {
		if err := marks.Restore(checkpoint[:cut]); !errors.Is(err, ErrDamaged) {
			t.Errorf("checkpoint cut at %d: error %v", cut, err)
		}
	}
	section[0], checkpoint[0] = 2, 2
	if !errors.Is(marks.Apply(section), ErrDamaged) || !errors.Is(marks.Restore(checkpoint), ErrDamaged) {
		t.Error("another version was read")
	}
	if got := marks.Stats().Marks; got != 100 {
		t.Errorf("%d marks after damaged input, want the 100 from before", got)
	}
}

func FuzzApply(f *testing.F) {
	batch := windowOf(1, 0, 10)
	batch.events = append(batch.events, windowOf(2, 0, 3).events...)
	batch.events = append(batch.events, windowOf(1, 20, 30).events...)
	marks := NewMarks(Options{})
	marks.Sift(batch)
	f.Add(batch.AppendSection(nil))
	f.Fuzz(func(t *testing.T, section []byte) {
		marks := NewMarks(Options{Budget: LeastBudget})
		if err := marks.Apply(section); err != nil {
			if !errors.Is(err, ErrDamaged) || marks.Stats().Marks != 0 {
				t.Errorf("error %v, %+v", err, marks.Stats())
			}
			return
		}
		verify(t, marks)
	})
}

func FuzzRestore(f *testing.F) {
	marks := NewMarks(Options{})
	fill(marks, 1, 0, 200)
	fill(marks, 2, 0, 30)
	f.Add(marks.AppendCheckpoint(nil))
	f.Add(NewMarks(Options{}).AppendCheckpoint(nil))
	f.Fuzz(func(t *testing.T, checkpoint []byte) {
		marks := NewMarks(Options{Budget: LeastBudget})
		if err := marks.Restore(checkpoint); err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		verify(t, marks)
		again := NewMarks(Options{Budget: LeastBudget})
		if err := again.Restore(marks.AppendCheckpoint(nil)); err != nil {
			t.Errorf("what was restored and written cannot be read: %v", err)
		}
		marks.Sift(windowOf(1, 0, 500))
		verify(t, marks)
	})
}
