package window

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// rate is how many events a second the benchmarks have, budget how many runs a window may keep before it is compacted, as
// rules.DefaultRunBudget says.
const (
	rate   = 100_000
	budget = 16 << 20
)

// stream is events in the order of their times, 10 us apart, as they are or at the milliseconds that Filebeat writes.
type stream struct {
	window     Window
	threshold  uint64
	resolution int64
	at         int64
}

func newStream(length time.Duration, threshold uint64, resolution time.Duration) *stream {
	return &stream{window: New(length), threshold: threshold, resolution: int64(resolution)}
}

func (s *stream) next() {
	s.at += int64(time.Second / rate)
	s.window.Add(s.at-s.at%s.resolution, 1)
	if s.window.Runs() >= budget {
		s.window.Compact(s.threshold)
	}
}

// fill brings the window to the state in which it is for good, or into the budget.
func (s *stream) fill() {
	for range min(int(s.window.length/int64(time.Second/rate)), budget*s.perRun()) + 1 {
		s.next()
	}
}

func (s *stream) perRun() int { return max(1, int(s.resolution/int64(time.Second/rate))) }

var resolutions = []time.Duration{time.Second / rate, time.Millisecond}

// BenchmarkAdd is the cost of an event in a window that is full: it must not depend on its length, nor on the threshold,
// which only matters when the budget is reached.
func BenchmarkAdd(b *testing.B) {
	for _, resolution := range resolutions {
		for _, length := range []time.Duration{time.Second, time.Minute, time.Hour} {
			for _, threshold := range []uint64{5, 1_000_000} {
				b.Run(fmt.Sprintf("times=%v/length=%v/threshold=%d", resolution, length, threshold), func(b *testing.B) {
					s := newStream(length, threshold, resolution)
					s.fill()
					b.ReportAllocs()
					for b.Loop() {
						s.next()
					}
					b.ReportMetric(float64(s.window.Runs()), "runs")
				})
			}
		}
	}
}

// BenchmarkAddStall is the time of the slowest events while a window grows from nothing, which the writer has to wait for.
func BenchmarkAddStall(b *testing.B) {
	const events = 4 << 20
	for b.Loop() {
		s := newStream(time.Hour, 5, time.Second/rate)
		took := make([]time.Duration, events)
		for i := range took {
			begin := time.Now()
			s.next()
			took[i] = time.Since(begin)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[events*99/100]), "p99-ns")
		b.ReportMetric(float64(took[events-1-events/10_000]), "p99.99-ns")
		b.ReportMetric(float64(took[events-1]), "max-ns")
	}
}

// BenchmarkAddLate has every event a few milliseconds late, and in its own run.
func BenchmarkAddLate(b *testing.B) {
	for _, length := range []time.Duration{time.Second, time.Minute, time.Hour} {
		b.Run(fmt.Sprintf("length=%v", length), func(b *testing.B) {
			s := newStream(length, 5, time.Millisecond)
			s.fill()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.next()
				s.window.Add(s.at-int64(i%7)*int64(3*time.Millisecond)-int64(i%1000), 1)
			}
		})
	}
}
