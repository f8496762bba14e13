package chaos

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a run left out, and faults that had nobody to hit, are told, and are no violation.
func TestReportSaysWhatIsNotProved(t *testing.T) {
	r := Report{
		Duration: 10 * time.Minute,
		Events:   []Count{{Receiver: "file"}, {Receiver: "kafka", LeftOut: true}},
		Faults: map[FaultKind]FaultCount{
			{slackLane, "429"}: {Times: 3}, {slackLane, "500"}: {Times: 3, Met: 1}, {Lane: diskLane}: {Times: 1, Met: 1},
		},
	}
	if want := []string{"kafka was left out", "Slack fails: 429 met nothing"}; !slices.Equal(r.Unproved(), want) {
		t.Errorf("got %q", r.Unproved())
	}
	var text strings.Builder
	if err := r.Write(&text); err != nil || len(r.Violations()) != 0 {
		t.Errorf("%v, %v", err, r.Violations())
	}
	for _, want := range []string{
		"10m of faults", "Not proved by this run: kafka was left out; Slack fails: 429 met nothing.", "| Slack fails: 500 | 3 | 1 requests |",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in %s", want, text.String())
		}
	}
}

// A full disk is part of each run: one that logboom did not notice is a violation.
func TestFullDiskMustBeNoticed(t *testing.T) {
	for met, violations := range map[int]int{0: 1, 1: 0} {
		faults := map[FaultKind]FaultCount{{Lane: diskLane}: {Times: 2, Met: met}}
		if got := unnoticed(faults); len(got) != violations {
			t.Errorf("noticed %d times: %q", met, got)
		}
	}
}

// Each kind comes as often as any other.
func TestDeck(t *testing.T) {
	drawn := deck(rand.New(rand.NewPCG(1, 2)), []string{"a", "b", "c"}, 10)
	counts := map[string]int{}
	for _, kind := range drawn {
		counts[kind]++
	}
	if len(drawn) != 10 || counts["a"]+counts["b"]+counts["c"] != 10 || min(counts["a"], counts["b"], counts["c"]) != 3 {
		t.Errorf("drawn %v", drawn)
	}
}
