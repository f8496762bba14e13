package window

import (
	"iter"
	"math"
	"time"
)

// run is a number of events that share one time. Sixteen bytes, so that an hour of distinct milliseconds takes 58 MB
// and no more, however many events there are.
type run struct {
	time  int64
	count uint64
}

// Window counts the events of the last length of event time. The zero value is not usable; New makes one. Adding events
// in the order of their times is O(1) amortised; a late one costs a binary search, and a shift of the shorter side where
// its time was not seen before.
type Window struct {
	length int64
	max    int64
	// latest is how many events have the time max. Their run is not in runs, so that events in order touch no other memory, or
	// only write to it.
	latest uint64
	count  uint64
	// since is a time before which there is no run, so that most events need not look at the oldest.
	since int64
	// mergedThrough is the time of the newest run that Compact looked at, and nothingMerged where no run was made of several.
	mergedThrough int64
	runs          ring
}

// nothingMerged is older than any run that was made of several.
const nothingMerged = math.MinInt64

// New returns an empty window of the given length, which must be positive.
func New(length time.Duration) Window {
	return Window{length: int64(length), mergedThrough: nothingMerged}
}

// Add counts the given number of events, at least 1, of one time. It returns false, and changes nothing, when the time is
// older than M - D: such events are late and are ignored.
func (w *Window) Add(at int64, events uint64) bool {
	switch {
	case !w.Seen():
		w.max, w.since, w.latest = at, at, events
	case at == w.max:
		w.latest += events
	case at > w.max:
		w.runs.pushBack(run{w.max, w.latest})
		w.max, w.latest = at, events
		w.expire()
	case at < w.Horizon():
		return false
	default:
		w.since = min(w.since, at)
		w.runs.add(at, events)
	}
	w.count += events
	return true
}

// expire drops what is older than the horizon.
func (w *Window) expire() {
	horizon := w.Horizon()
	if horizon <= w.since {
		return
	}
	w.count -= w.runs.dropBefore(horizon)
	if w.since = w.max; w.runs.size > 0 {
		w.since = w.runs.oldest().time
	}
	if w.mergedThrough < horizon {
		w.mergedThrough = nothingMerged
	}
	w.runs.shrink()
}

// Horizon returns M - D, the oldest time that still counts, or the least int64 while there is no event.
func (w *Window) Horizon() int64 {
	if !w.Seen() {
		return math.MinInt64
	}
	return subtract(w.max, w.length)
}

// Seen tells whether any event was ever added, hence whether Max means anything.
func (w *Window) Seen() bool { return w.count > 0 }

// Max returns M, the greatest time that was added, in nanoseconds since 1970.
func (w *Window) Max() int64 { return w.max }

// Count returns the number of events in the window as of M.
func (w *Window) Count() uint64 { return w.count }

// Approximate tells whether Count may be too high, because older runs in the window were merged by Compact. Whether a
// threshold that Compact was given is reached remains exact.
func (w *Window) Approximate() bool { return w.mergedThrough > nothingMerged }

// Runs returns how many distinct times the window holds; each takes 16 bytes.
func (w *Window) Runs() int {
	if !w.Seen() {
		return 0
	}
	return w.runs.size + 1
}

// CountAt returns the number of events that a window ending at now would hold. It changes nothing: the clock judges a
// window but never moves it. A now before M counts as M.
func (w *Window) CountAt(now int64) uint64 {
	if now <= w.max {
		return w.count
	}
	horizon, count := subtract(now, w.length), w.count
	for oldest := range w.all() {
		if oldest.time >= horizon {
			break
		}
		count -= oldest.count
	}
	return count
}

// FallsBelow returns the first instant at which CountAt is less than the threshold: M, or the least int64 without events,
// if it already is.
func (w *Window) FallsBelow(threshold uint64) int64 {
	if !w.Seen() {
		return math.MinInt64
	}
	if w.count < threshold {
		return w.max
	}
	spare := w.count - threshold
	for oldest := range w.all() {
		if oldest.count > spare {
			return add(add(oldest.time, w.length), 1)
		}
		spare -= oldest.count
	}
	return w.max // not reached: the threshold is at least 1, and the runs hold count
}

// mostFreed is how many runs one Compact frees at most as a rule, so that a window of millions of runs is not merged all at once.
const mostFreed = 1 << 20

// Compact merges old runs to give memory back, and returns how many it freed: half of the old ones at least, or mostFreed. It
// leaves the latest threshold events alone, and a merged run takes the newest time of those that it is made of. So whenever a
// merged run is in the window, all of the latest threshold events are too, and whether the threshold is reached stays exact, now
// and later; only the count above it becomes approximate.
//
// Runs are merged that share a cell of a grid, the finest that will do for all that is old. So what was merged once stays as it is
// until the window holds twice the time, and the count is wrong by no more than the events of a cell.
func (w *Window) Compact(threshold uint64) int {
	old := w.olderThanLatest(threshold)
	if old < 2 {
		return 0
	}
	shift := gridFor(w.span(w.max), old/2)
	freed := w.mergeBehind(old, shift)
	if freed == 0 {
		freed = w.merge(w.runs.first(), old, shift, old)
	}
	return freed
}

// mergeBehind merges runs behind those that were merged before, as long as these need not be merged again.
func (w *Window) mergeBehind(old int, shift uint) (freed int) {
	if !w.Approximate() {
		return w.merge(w.runs.first(), old, shift, mostFreed)
	}
	from, merged := w.runs.behind(w.mergedThrough)
	if merged >= old || uint64(merged) > cells(w.span(w.mergedThrough), shift) {
		return 0
	}
	return w.merge(from, old-merged, shift, mostFreed)
}

func (w *Window) merge(from place, count int, shift uint, wanted int) (freed int) {
	freed, w.mergedThrough = w.runs.merge(from, count, shift, wanted)
	return freed
}

// span returns how much time there is from the oldest run, which there must be, to a time behind it.
func (w *Window) span(to int64) uint64 { return uint64(to) - uint64(w.runs.oldest().time) }

// gridFor returns the finest grid, as a power of two of nanoseconds, of which a span of time touches no more than so many cells; if
// there is none, the one that has all times in one cell.
func gridFor(span uint64, most int) (shift uint) {
	for shift < 64 && cells(span, shift) > uint64(most) {
		shift++
	}
	return shift
}

// cells returns how many cells of a grid a span touches at most.
func cells(span uint64, shift uint) uint64 { return span>>shift + 2 }

// olderThanLatest returns how many runs hold none of the latest events.
func (w *Window) olderThanLatest(events uint64) int {
	newer, older := w.latest, w.runs.size
	if newer >= events {
		return older
	}
	for latest := range w.runs.backward() {
		older--
		if newer += latest.count; newer >= events {
			return older
		}
	}
	return 0
}

// all returns the runs, oldest first.
func (w *Window) all() iter.Seq[run] {
	return func(yield func(run) bool) {
		for older := range w.runs.all() {
			if !yield(*older) {
				return
			}
		}
		if w.Seen() {
			yield(run{w.max, w.latest})
		}
	}
}

// add and subtract saturate, so that times at the ends of the range stay in order.
func add(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func subtract(a, b int64) int64 {
	if b > 0 && a < math.MinInt64+b {
		return math.MinInt64
	}
	return a - b
}
