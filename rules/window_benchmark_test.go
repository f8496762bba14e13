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
		c.batch.repeated = append(c.batch.repeated, 0)
	}
	c.batch.matched[0] = windowSize
	return c
}

// next gives the batch its next times, so far apart.
func (c *clocked) next(apart, resolution time.Duration) *Batch {
	for i := range c.batch.times {
		c.at += int64(apart)
		c.batch.times[i] = c.at - c.at%int64(resolution)
		if c.batch.repeated[i/blockSize] &^= rowBit(i); i%blockSize > 0 && c.batch.times[i] == c.batch.times[i-1] {
			c.batch.repeated[i/blockSize] |= rowBit(i)
		}
	}
	c.batch.arrival = c.at
	return c.batch
}

// windowCell is a window that is full and slides, and what it took to observe batches.
type windowCell struct {
	length, resolution time.Duration
	threshold          uint64
	bench              *bench
	events             *clocked
	// plain and merging are nanoseconds an event of batches, those in which runs were merged apart.
	plain, merging []float64
}

// eventsApart is 100,000 events a second.
const eventsApart = 10 * time.Microsecond

func newWindowCell(b *testing.B, length, resolution time.Duration, threshold uint64) *windowCell {
	c := &windowCell{length: length, resolution: resolution, threshold: threshold}
	c.bench = newBench(b, Options{}, Rule{Name: "window", Window: length, Threshold: threshold, Idle: DefaultIdle})
	c.events = newClocked(c.bench.set)
	for filled := time.Duration(0); filled < length+length/50; filled += windowSize * resolution {
		c.observe(b, resolution)
	}
	c.plain, c.merging = nil, nil
	return c
}

func (c *windowCell) observe(b *testing.B, apart time.Duration) {
	batch, counters := c.events.next(apart, c.resolution), c.bench.engine.rules[0].counters
	merged, begin := counters.Compactions.Load(), time.Now()
	if _, err := c.bench.engine.Observe(batch, 0); err != nil {
		b.Fatal(err)
	}
	took := float64(time.Since(begin).Nanoseconds()) / windowSize
	if counters.Compactions.Load() == merged {
		c.plain = append(c.plain, took)
	} else {
		c.merging = append(c.merging, took)
	}
}

// cost returns nanoseconds an event, without and with its share of the merging: of a busy machine's batches, those that were hardly
// disturbed.
func (c *windowCell) cost() (plain, all float64) {
	plain = tenth(c.plain)
	if len(c.merging) == 0 {
		return plain, plain
	}
	share := float64(len(c.merging)) / float64(len(c.merging)+len(c.plain))
	return plain, plain + (tenth(c.merging)-plain)*share
}

// BenchmarkWindow is what the engine needs for an event of a rule without keys at 100,000 events a second, once the window is full
// and slides: all lengths, thresholds and times in turn, so that they can be compared. It must depend neither on the length of the
// window nor on the threshold. At times 10 us apart an hour has more of them than the budget of runs, so that older ones are merged,
// once in a million events. It takes two minutes, most of them to fill windows of an hour, and a gigabyte; -benchtime has no part in it.
func BenchmarkWindow(b *testing.B) {
	const turns, batches = 100, 64
	var cells []*windowCell
	for _, resolution := range []time.Duration{eventsApart, time.Millisecond} {
		for _, length := range []time.Duration{time.Second, time.Minute, time.Hour} {
			for _, threshold := range []uint64{5, 1000, MaxThreshold} {
				cells = append(cells, newWindowCell(b, length, resolution, threshold))
			}
		}
	}
	for range turns {
		for _, c := range cells {
			for range batches {
				c.observe(b, eventsApart)
			}
		}
	}
	for _, c := range cells {
		b.Run(fmt.Sprintf("times=%v/length=%v/threshold=%d", c.resolution, c.length, c.threshold), func(b *testing.B) {
			plain, all := c.cost()
			b.ReportMetric(all, "ns/event")
			b.ReportMetric(all-plain, "merging-ns/event")
			b.ReportMetric(float64(c.bench.engine.runs), "runs")
			b.ReportMetric(0, "ns/op")
		})
	}
}
