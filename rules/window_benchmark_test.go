package rules

import (
	"fmt"
	"testing"
	"time"
)

// clocked is a batch of events of which only the times matter: 100,000 a second, at full resolution or in milliseconds.
type clocked struct {
	batch *Batch
	at    int64
}

func newClocked(set *Set) *clocked {
	c := &clocked{batch: set.NewBatch(), at: start}
	c.batch.Reset(start)
	c.batch.times = make([]int64, windowSize)
	c.batch.messages = make([][]byte, windowSize)
	c.batch.raw = make([][]byte, windowSize)
	for i := range c.batch.raw {
		c.batch.raw[i] = []byte(`{"message":"a line"}`)
	}
	for range windowSize / blockSize {
		c.batch.matches = append(c.batch.matches, firstRows(blockSize))
	}
	c.batch.matched[0] = windowSize
	return c
}

// next gives the batch its next times, so far apart.
func (c *clocked) next(apart, resolution time.Duration) *Batch {
	for i := range c.batch.times {
		c.at += int64(apart)
		c.batch.times[i] = c.at - c.at%int64(resolution)
	}
	c.batch.arrival = c.at
	return c.batch
}

// BenchmarkWindow is what the engine needs for an event of a rule without keys, once the window is full. It must depend
// neither on the length of the window nor on the threshold.
func BenchmarkWindow(b *testing.B) {
	const apart = 10 * time.Microsecond
	for _, resolution := range []time.Duration{apart, time.Millisecond} {
		for _, length := range []time.Duration{time.Second, time.Minute, time.Hour} {
			for _, threshold := range []uint64{5, 1000, MaxThreshold} {
				b.Run(fmt.Sprintf("times=%v/length=%v/threshold=%d", resolution, length, threshold), func(b *testing.B) {
					bench := newBench(b, Options{}, Rule{Name: "window", Window: length, Threshold: threshold, Idle: DefaultIdle})
					events := newClocked(bench.set)
					observe := func(apart time.Duration) {
						if _, err := bench.engine.Observe(events.next(apart, resolution), 0); err != nil {
							b.Fatal(err)
						}
					}
					for filled := time.Duration(0); filled < length && bench.engine.runs < DefaultRunBudget-windowSize; filled += windowSize * resolution {
						observe(resolution)
					}
					b.ReportAllocs()
					for b.Loop() {
						observe(apart)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/windowSize, "ns/event")
					b.ReportMetric(float64(bench.engine.runs), "runs")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}
