package window

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// capacity returns how many runs the ring has memory for.
func (r *ring) capacity() int {
	total := cap(r.back)
	for _, chunk := range r.chunks {
		total += cap(chunk)
	}
	if r.spare != nil {
		total += chunkRuns
	}
	return total
}

// TestRingEqualsSlice drives a ring through chunks, splits and shrinking, and compares it with a plain slice.
func TestRingEqualsSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r ring
		var want []run
		var time int64
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			step, events := rapid.IntRange(0, 5).Draw(t, "step"), rapid.IntRange(1, 3*chunkRuns).Draw(t, "events")
			for range events {
				switch {
				case step == 0 && len(want) > 0:
					if got := r.dropBefore(want[0].time + 1); got != want[0].count {
						t.Fatalf("%d events dropped, want %d", got, want[0].count)
					}
					want = want[1:]
					r.shrink()
				case step == 0:
				case step == 2 && len(want) > 0:
					before := want[0].time + random.Int64N(8)
					got, dropped := r.dropBefore(before), uint64(0)
					for len(want) > 0 && want[0].time < before {
						dropped += want[0].count
						want = want[1:]
					}
					if got != dropped {
						t.Fatalf("%d events dropped, want %d", got, dropped)
					}
					r.shrink()
				case step == 1 && len(want) > 1:
					late := want[0].time + random.Int64N(want[len(want)-1].time-want[0].time)
					r.add(late, 1)
					at, found := slices.BinarySearchFunc(want, late, func(r run, at int64) int { return int(r.time - at) })
					if found {
						want[at].count++
					} else {
						want = slices.Insert(slices.Clip(want), at, run{late, 1})
					}
				default:
					time += 1 + random.Int64N(4)
					r.pushBack(run{time, 2})
					want = append(want, run{time, 2})
				}
			}
			if first := rapid.IntRange(0, len(want)).Draw(t, "first"); step == 3 && first < len(want) {
				count := rapid.IntRange(1, len(want)-first).Draw(t, "count")
				want = checkMerge(t, &r, want, first, count)
			}
			checkRing(t, &r, want)
		}
	})
}

// checkMerge merges some of the runs in both and returns those of the slice.
func checkMerge(t *rapid.T, r *ring, runs []run, first, count int) []run {
	t.Helper()
	shift := rapid.UintRange(0, 6).Draw(t, "shift")
	wanted := rapid.SampledFrom([]int{1, chunkRuns, 1 << 30}).Draw(t, "wanted")
	from, older := r.first(), 0
	if first > 0 {
		from, older = r.behind(runs[first-1].time)
	}
	if older != first {
		t.Fatalf("%d runs are older, want %d", older, first)
	}
	freed, through := r.merge(from, count, shift, wanted)
	if freed < wanted && through != runs[first+count-1].time {
		t.Fatalf("merged through %d, want %d", through, runs[first+count-1].time)
	}
	merged := slices.Clone(runs[:first])
	for i, item := range runs[first:] {
		last := len(merged) - 1
		if i < count && item.time <= through && last >= 0 && merged[last].time>>shift == item.time>>shift {
			merged[last] = run{item.time, merged[last].count + item.count}
		} else {
			merged = append(merged, item)
		}
	}
	if freed != len(runs)-len(merged) {
		t.Fatalf("%d runs freed, want %d", freed, len(runs)-len(merged))
	}
	return merged
}

func checkRing(t *rapid.T, r *ring, want []run) {
	t.Helper()
	if r.size != len(want) {
		t.Fatalf("size %d, want %d", r.size, len(want))
	}
	var forward, backward []run
	for item := range r.all() {
		forward = append(forward, *item)
	}
	for item := range r.backward() {
		backward = append(backward, *item)
	}
	slices.Reverse(backward)
	if !slices.Equal(forward, want) || !slices.Equal(backward, want) {
		t.Fatalf("%d runs forward, %d backward, or others than the %d wanted", len(forward), len(backward), len(want))
	}
	if len(want) > 0 && (*r.oldest() != want[0] || *r.newest() != want[len(want)-1]) {
		t.Fatalf("oldest %v, newest %v", *r.oldest(), *r.newest())
	}
	if limit := 4*len(want) + 4*chunkRuns; r.capacity() > limit {
		t.Fatalf("room for %d runs, there are %d", r.capacity(), len(want))
	}
}

// TestLateEventsMoveOneChunk holds what keeps a late event from stalling the writer: it may not move all there is.
func TestLateEventsMoveOneChunk(t *testing.T) {
	w := New(time.Hour)
	for i := range int64(100_000) {
		w.Add(2*i, 1)
	}
	for i := range int64(50_000) {
		w.Add(1+2*((i*7919)%99_999), 1)
	}
	for i, chunk := range w.runs.chunks {
		if cap(chunk) > chunkRuns {
			t.Fatalf("chunk %d has room for %d runs", i, cap(chunk))
		}
	}
	if w.Runs() != 150_000 || w.Count() != 150_000 {
		t.Errorf("%d runs, %d events; want 150,000", w.Runs(), w.Count())
	}
}

// TestInsertAtEveryPlaceOfAFullChunk splits a chunk at each place, with and without runs that have gone from its front.
func TestInsertAtEveryPlaceOfAFullChunk(t *testing.T) {
	for _, gone := range []int64{0, 2} {
		for place := gone + 1; place < chunkRuns; place++ {
			var r ring
			for i := range int64(2*chunkRuns + 10) {
				r.pushBack(run{2 * i, 1})
			}
			r.dropBefore(2 * gone)
			r.add(2*place-1, 1)
			before := 2*gone - 1
			for item := range r.all() {
				if item.time <= before {
					t.Fatalf("%d behind %d after an insertion at %d", item.time, before, place)
				}
				before = item.time
			}
			if want := 2*chunkRuns + 11 - int(gone); r.size != want {
				t.Fatalf("%d runs, want %d", r.size, want)
			}
		}
	}
}
