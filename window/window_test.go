package window

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is a window as the definition says it: all events ever seen, counted afresh each time.
type model struct {
	length int64
	times  []int64
	max    int64
}

func (m *model) add(at int64) bool {
	if len(m.times) == 0 || at > m.max {
		m.max = at
	}
	m.times = append(m.times, at)
	return at >= m.max-m.length
}

// forget drops times that are out of the window, so that counting takes less time.
func (m *model) forget() {
	if len(m.times) > 100_000 {
		m.times = slices.DeleteFunc(m.times, func(at int64) bool { return at < m.max-m.length })
	}
}

func (m *model) countAt(now int64) uint64 {
	var count uint64
	for _, at := range m.times {
		if at >= max(now, m.max)-m.length {
			count++
		}
	}
	return count
}

func drawEvents(t *rapid.T) []int64 {
	step := rapid.SampledFrom([]int64{1, 7, 40, 300}).Draw(t, "step")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) int64 {
		return rapid.Int64Range(0, 40).Draw(t, "at") * step
	}), 1, 120).Draw(t, "events")
}

func TestWindowEqualsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(1, 400).Draw(t, "length")
		threshold := rapid.Uint64Range(1, 30).Draw(t, "threshold")
		w, m := New(time.Duration(length)), &model{length: length}
		drift := rapid.Int64Range(0, 50).Draw(t, "drift")
		for i, at := range drawEvents(t) {
			at += int64(i) * drift
			before := w.Count()
			counted := w.Add(at, 1)
			if want := m.add(at); counted != want {
				t.Fatalf("event %d at %d: counted %v, want %v", i, at, counted, want)
			}
			if !counted && w.Count() != before {
				t.Fatalf("a late event changed the count")
			}
			if got, want := w.Count(), m.countAt(m.max); got != want {
				t.Fatalf("event %d at %d: count %d, want %d", i, at, got, want)
			}
			now := m.max + rapid.Int64Range(0, 500).Draw(t, "later")
			if got, want := w.CountAt(now), m.countAt(now); got != want {
				t.Fatalf("count at %d: %d, want %d", now, got, want)
			}
			falls := w.FallsBelow(threshold)
			if m.countAt(falls) >= threshold {
				t.Fatalf("at %d the count is %d, not below %d", falls, m.countAt(falls), threshold)
			}
			if falls > m.max && m.countAt(falls-1) < threshold {
				t.Fatalf("the count was below %d before %d", threshold, falls)
			}
		}
	})
}

// TestCompactKeepsDecisions compacts at random and compares on and off, by event and by clock, with the model.
func TestCompactKeepsDecisions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(1, 2000).Draw(t, "length")
		threshold := rapid.Uint64Range(1, 20).Draw(t, "threshold")
		w, m := New(time.Duration(length)), &model{length: length}
		for i, at := range drawEvents(t) {
			at += int64(i) * 3
			if got, want := w.Add(at, 1), m.add(at); got != want {
				t.Fatalf("event %d: counted %v, want %v", i, got, want)
			}
			if rapid.Bool().Draw(t, "compact") {
				runs := w.Runs()
				if freed := w.Compact(threshold); w.Runs() != runs-freed {
					t.Fatalf("%d runs, %d freed, now %d", runs, freed, w.Runs())
				}
			}
			exact := m.countAt(m.max)
			if got, want := w.Count() >= threshold, exact >= threshold; got != want {
				t.Fatalf("event %d: on %v, want %v", i, got, want)
			}
			if !w.Approximate() && w.Count() != exact {
				t.Fatalf("event %d: count %d is called exact, want %d", i, w.Count(), exact)
			}
			now := m.max + rapid.Int64Range(0, 2500).Draw(t, "later")
			if got, want := w.CountAt(now) >= threshold, m.countAt(now) >= threshold; got != want {
				t.Fatalf("at %d: on %v, want %v", now, got, want)
			}
		}
	})
}

func TestCompactFreesMemory(t *testing.T) {
	w := New(time.Hour)
	for i := range int64(1000) {
		w.Add(i, 1)
	}
	if freed := w.Compact(10); freed < 495 {
		t.Errorf("freed %d runs, want 495 or more: half of all but the latest ten", freed)
	}
	if w.Count() != 1000 || !w.Approximate() {
		t.Errorf("count %d, approximate %v; want 1000, true", w.Count(), w.Approximate())
	}
	if freed := w.Compact(2000); freed != 0 {
		t.Errorf("freed %d runs that the threshold needs", freed)
	}
	w.Add(int64(2*time.Hour), 1)
	if w.Approximate() {
		t.Error("still approximate after the merged part left the window")
	}
}

// TestCountStaysNearWhileMerged slides a window that is merged all the time over three times its length. What was merged has to
// leave it, and may be in it for too long by no more than a cell.
func TestCountStaysNearWhileMerged(t *testing.T) {
	const most, threshold = 2000, 10
	length := int64(time.Minute)
	for _, late := range []int64{0, int64(20 * time.Second)} {
		w, m := New(time.Duration(length)), &model{length: length}
		for at := int64(0); at < 3*length; at += int64(5 * time.Millisecond) {
			for _, at := range []int64{at, at - late + 1} {
				w.Add(at, 1)
				m.add(at)
			}
			if w.Runs() > most {
				if freed := w.Compact(threshold); freed < most/3 {
					t.Fatalf("only %d of %d runs freed", freed, most)
				}
			}
			m.forget()
		}
		got, exact := w.Count(), m.countAt(m.max)
		if got < exact || got > exact+exact/100 || !w.Approximate() {
			t.Errorf("late by %d: count %d, approximate %v; want %d and a hundredth more at most", late, got, w.Approximate(), exact)
		}
		if w.Runs() > most {
			t.Errorf("%d runs, want no more than %d", w.Runs(), most)
		}
	}
}

// TestCompactGoesOnWhereItStopped keeps a window at more runs than one call merges: later calls leave alone what earlier ones have
// merged, until that has to be coarser.
func TestCompactGoesOnWhereItStopped(t *testing.T) {
	const runs, threshold, apart = 5 * mostFreed, 1000, 10_000
	w, at := New(time.Hour), int64(0)
	for call := range 4 {
		for w.Runs() < runs {
			at += apart
			w.Add(at, 1)
		}
		if freed := w.Compact(threshold); freed < mostFreed || freed > mostFreed+chunkRuns {
			t.Errorf("call %d freed %d runs, want %d and some", call, freed, mostFreed)
		}
		if w.Count() != uint64(at/apart) {
			t.Fatalf("count %d, want %d", w.Count(), at/apart)
		}
	}
	before := int64(-1)
	for item := range w.all() {
		if item.time <= before {
			t.Fatalf("%d behind %d", item.time, before)
		}
		before = item.time
	}
}

// TestLateEventsLeaveNoHalfEmptyChunks has each event a little late, as those of several connections are: a chunk that was just
// filled gets more, and may not be split for that.
func TestLateEventsLeaveNoHalfEmptyChunks(t *testing.T) {
	w := New(time.Hour)
	for i := range int64(100 * chunkRuns) {
		w.Add(4*(i+i%7), 1)
		w.Add(4*(i-i%11)+1, 1)
	}
	if capacity := w.runs.capacity(); capacity > w.Runs()*10/9 {
		t.Errorf("room for %d runs, there are %d", capacity, w.Runs())
	}
}

func TestWindowAtTheEndsOfTime(t *testing.T) {
	w := New(time.Second)
	for _, at := range []int64{math.MinInt64, math.MinInt64 + 1, math.MinInt64} {
		if !w.Add(at, 1) {
			t.Errorf("%d was late", at)
		}
	}
	if w.Count() != 3 {
		t.Errorf("count %d, want 3", w.Count())
	}
	w.Add(math.MaxInt64, 1)
	if got := w.CountAt(math.MaxInt64); got != 1 {
		t.Errorf("count at the end %d, want 1", got)
	}
	if got := w.FallsBelow(1); got != math.MaxInt64 {
		t.Errorf("falls below at %d, want the last instant", got)
	}
}

func TestRingGivesMemoryBack(t *testing.T) {
	w := New(time.Second)
	for i := range int64(100_000) {
		w.Add(i, 1)
	}
	for i := range int64(100) {
		w.Add(int64(time.Hour)+i*int64(time.Hour), 1)
	}
	if capacity := w.runs.capacity(); capacity > 8 {
		t.Errorf("%d runs are kept for %d", capacity, w.Runs())
	}
}

func TestAddInOrderAllocatesNothing(t *testing.T) {
	w := New(time.Second)
	at := int64(0)
	step := func() {
		at += int64(time.Millisecond)
		w.Add(at, 1)
	}
	for range 5000 {
		step()
	}
	if allocations := testing.AllocsPerRun(5000, step); allocations != 0 {
		t.Errorf("%v allocations an event", allocations)
	}
}

func TestWindowBinary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := New(time.Duration(rapid.Int64Range(1, 4000).Draw(t, "length")))
		if rapid.Bool().Draw(t, "any") {
			scale := rapid.SampledFrom([]int64{1, unit, 10 * unit}).Draw(t, "scale")
			w = New(time.Duration(w.length * scale))
			for _, at := range drawEvents(t) {
				w.Add((at-2000)*scale, 1)
			}
			if rapid.Bool().Draw(t, "compact") {
				w.Compact(3)
			}
		}
		tail := []byte("tail")
		restored, rest, err := DecodeWindow(append(w.AppendBinary(nil), tail...))
		if err != nil || !slices.Equal(rest, tail) {
			t.Fatalf("rest %q, error %v", rest, err)
		}
		if got, want := restored.AppendBinary(nil), w.AppendBinary(nil); !slices.Equal(got, want) {
			t.Fatalf("%x, want %x", got, want)
		}
		if restored.Count() != w.Count() || restored.Approximate() != w.Approximate() {
			t.Fatal("count or its quality differ")
		}
	})
}

func TestDecodeWindowRefusesWhatIsNoWindow(t *testing.T) {
	state := func(flags byte, numbers ...int64) []byte {
		bytes := []byte{flags}
		for i, number := range numbers {
			if i == 3 || i > 3 && i%2 == 1 {
				bytes = binary.AppendUvarint(bytes, uint64(number))
			} else {
				bytes = binary.AppendVarint(bytes, number)
			}
		}
		return bytes
	}
	if _, _, err := DecodeWindow(state(flagSeen, 1000, 5, 0, 2, 3, 1, 2, 1)); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	for name, bytes := range map[string][]byte{
		"no run at M":                  state(flagSeen, 1000, 6, 0, 2, 3, 1, 2, 1),
		"runs out of order":            state(flagSeen, 1000, 2, 0, 2, 3, 1, -1, 1),
		"an empty run":                 state(flagSeen, 1000, 5, 0, 2, 3, 0, 2, 1),
		"more events than are counted": state(flagSeen, 1000, 5, 0, 2, 3, -1, 2, 1),
		"nothing seen but runs":        state(0, 1000, 5, 0, 2, 3, 1, 2, 1),
		"M and no run":                 state(flagSeen, 1000, 5, 0, 0),
		"no length":                    state(flagSeen, 0, 5, 0, 2, 3, 1, 2, 1),
	} {
		if _, _, err := DecodeWindow(bytes); !errors.Is(err, ErrState) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzDecodeWindow(f *testing.F) {
	w := New(time.Second)
	for i := range int64(9) {
		w.Add(i, uint64(i+1))
	}
	f.Add(w.AppendBinary(nil))
	a := Alert{}
	a.Judge(1, 5, 5, true)
	f.Add(a.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if w, _, err := DecodeWindow(bytes); err == nil {
			again, rest, err := DecodeWindow(w.AppendBinary(nil))
			if err != nil || len(rest) != 0 || again.Count() != w.Count() {
				t.Fatalf("no round trip: %v", err)
			}
			w.Add(math.MaxInt64, 1)
		}
		if a, _, err := DecodeAlert(bytes); err == nil {
			if again, _, err := DecodeAlert(a.AppendBinary(nil)); err != nil || again != a {
				t.Fatalf("no round trip: %v", err)
			}
		}
	})
}
