package rules

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/logboom/logboom/event"
)

// TestRepeatedTimesAreTakenAsOneByOne compares events of one time that are taken at once with the same taken one by one, as an
// engine does that is watched: the record, the transitions and the lines in both.
func TestRepeatedTimesAreTakenAsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, err := Compile([]Rule{
			{Name: "all", Window: 3 * time.Millisecond, Threshold: uint64(rapid.IntRange(1, 12).Draw(t, "threshold"))},
			{Name: "some", Where: "n > 2", Window: 2 * time.Millisecond, Threshold: uint64(rapid.IntRange(1, 6).Draw(t, "threshold"))},
		})
		if err != nil {
			t.Fatal(err)
		}
		budget := rapid.SampledFrom([]int{2, 3, 100}).Draw(t, "budget")
		quick, watched := NewEngine(Options{RunBudget: budget}), NewEngine(Options{RunBudget: budget, Watch: func(Observed) {}})
		for _, engine := range []*Engine{quick, watched} {
			if _, err := engine.Change(set, start); err != nil {
				t.Fatal(err)
			}
		}
		batch, line := set.NewBatch(), 0
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			batch.Reset(start)
			for range rapid.IntRange(0, 5).Draw(t, "times") {
				at := start + int64(rapid.SampledFrom([]int{-9, 0, 1, 2, 3, 5, 8, 1e6}).Draw(t, "ms"))*millisecond
				for range rapid.IntRange(1, 15).Draw(t, "events") {
					line++
					document := fmt.Appendf(nil, `{"@timestamp":"%s","message":"%d","n":%d}`, event.AppendTime(nil, at), line, line%7)
					if _, err := batch.Add(document); err != nil {
						t.Fatal(err)
					}
				}
			}
			got, err := quick.Observe(batch, 0)
			want, wantErr := watched.Observe(batch, 0)
			if err != nil || wantErr != nil {
				t.Fatal(err, wantErr)
			}
			if !bytes.Equal(got.Observations, want.Observations) || !reflect.DeepEqual(got.Transitions, want.Transitions) {
				t.Fatalf("at once:\n%x\n%+v\none by one:\n%x\n%+v", got.Observations, got.Transitions, want.Observations, want.Transitions)
			}
		}
		for _, name := range []string{"all", "some"} {
			got, want := quick.Counters()[name], watched.Counters()[name]
			if got.Matched.Load() != want.Matched.Load() || got.Late.Load() != want.Late.Load() || got.Clamped.Load() != want.Clamped.Load() {
				t.Fatalf("%s: counters differ", name)
			}
		}
	})
}

// TestFinishInBetweenCountsOnce has a batch judged several times while events come.
func TestFinishInBetweenCountsOnce(t *testing.T) {
	set, err := Compile([]Rule{{Name: "r", Where: "n < 5", GroupBy: []string{"n"}, Window: time.Second, Threshold: 3}})
	if err != nil {
		t.Fatal(err)
	}
	batch, matched, failed := set.NewBatch(), 0, uint64(0)
	batch.Reset(start)
	for i := range 3*blockSize + 7 {
		document := fmt.Sprintf(`{"n":%d}`, i%8)
		switch {
		case i%11 == 0:
			document, failed = `{"n":"text"}`, failed+1
		case i%8 < 5:
			matched++
		}
		if _, err := batch.Add([]byte(document)); err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			batch.Finish()
		}
	}
	batch.Finish()
	if batch.matched[0] != matched || batch.failed[0] != failed {
		t.Errorf("%d matched, %d failed; want %d and %d", batch.matched[0], batch.failed[0], matched, failed)
	}
	numbers := batch.appendMatches(nil, 0)
	if len(numbers) != matched {
		t.Fatalf("%d numbers, want %d", len(numbers), matched)
	}
	for _, number := range numbers {
		name, _ := batch.key(0, number)
		if got, want := showKey(name), fmt.Sprint(number%8); got != want {
			t.Fatalf("event %d has key %q, want %q", number, got, want)
		}
	}
}
