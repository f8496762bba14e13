package statistics

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, count := range []int{1, 2, 3, 100, 1001} {
		var all []time.Duration
		var halves [2]Histogram
		for i := range count {
			d := time.Duration(random.ExpFloat64() * float64(10*time.Millisecond))
			all = append(all, d)
			halves[i%2].Record(d)
		}
		slices.Sort(all)
		h := &halves[0]
		h.Add(&halves[1])
		if h.Count() != uint64(count) || h.Max() != all[count-1] {
			t.Errorf("%d, at most %s; want %d, %s", h.Count(), h.Max(), count, all[count-1])
		}
		for _, share := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
			rank := max(1, int(share*float64(count)+0.999999))
			want := all[rank-1]
			if got := h.Quantile(share); got < want || float64(got) > float64(want)*1.01 {
				t.Errorf("quantile %v of %d: %s, want %s", share, count, got, want)
			}
		}
	}
}

func TestBuckets(t *testing.T) {
	for _, value := range []uint64{0, 1, 127, 128, 129, 255, 256, 257, 1 << 40, 1<<63 - 1} {
		bucket := bucketOf(value)
		if upper := upperEnd(bucket); upper < value || upper-value > value>>precision {
			t.Errorf("%d: bucket %d ends at %d", value, bucket, upper)
		}
		if bucket >= len(Histogram{}.counts) {
			t.Errorf("%d: no bucket %d", value, bucket)
		}
	}
	for bucket := range len(Histogram{}.counts) - 1 {
		if upper := upperEnd(bucket); bucketOf(upper) != bucket || bucketOf(upper+1) != bucket+1 {
			t.Fatalf("bucket %d ends at %d, which is in %d", bucket, upper, bucketOf(upper))
		}
	}
}

func TestEmptyHistogram(t *testing.T) {
	var h Histogram
	h.Record(-time.Second)
	if h.Quantile(0.99) != 0 || h.Max() != 0 || new(Histogram).Quantile(0.5) != 0 {
		t.Error("not 0")
	}
}

func TestSample(t *testing.T) {
	for _, c := range []struct {
		sample           Sample
		median, min, max float64
	}{
		{nil, 0, 0, 0}, {Sample{4}, 4, 4, 4}, {Sample{9, 1, 5}, 5, 1, 9}, {Sample{8, 1, 2, 4}, 3, 1, 8},
	} {
		before := slices.Clone(c.sample)
		if s := c.sample; s.Median() != c.median || s.Min() != c.min || s.Max() != c.max {
			t.Errorf("%v: %v, %v to %v", s, s.Median(), s.Min(), s.Max())
		}
		if !slices.Equal(before, c.sample) {
			t.Errorf("%v became %v", before, c.sample)
		}
	}
}
