package window

import (
	"math"
	"testing"
)

func TestEpisode(t *testing.T) {
	var a Alert
	if a.Judge(10, 4, 5, false) || a.State() != Inactive {
		t.Fatal("active below the threshold")
	}
	if !a.Judge(11, 5, 5, false) || a.State() != Active || a.Start() != 11 {
		t.Fatalf("at the threshold: %v since %d", a.State(), a.Start())
	}
	for i, count := range []uint64{9, 7} {
		if a.Judge(int64(12+i), count, 5, false) {
			t.Fatal("a second change while active")
		}
	}
	if !a.Judge(20, 4, 5, false) {
		t.Fatal("no end below the threshold")
	}
	if end, ok := a.End(); !ok || end != 20 {
		t.Fatalf("end %d %v", end, ok)
	}
	if peak, _ := a.Peak(); peak != 9 {
		t.Fatalf("peak %d", peak)
	}
}

// TestEpisodesNeverShareAStart is the case in which late events open an episode before the end of the last one.
func TestEpisodesNeverShareAStart(t *testing.T) {
	var a Alert
	a.Judge(100, 5, 5, false)
	a.Finish(160)
	a.Judge(100, 5, 5, false)
	if a.Start() != 161 {
		t.Errorf("second start %d, want 161: one after the end of the first", a.Start())
	}
	a.Judge(120, 1, 5, false)
	if end, _ := a.End(); end != 161 {
		t.Errorf("second end %d, want 161: never before its start", end)
	}
	a.Judge(161, 6, 5, false)
	if a.Start() != 162 {
		t.Errorf("third start %d, want 162", a.Start())
	}
}

func TestRestoredEndMovesTheNextStart(t *testing.T) {
	var a Alert
	a.RestoreEnd(500)
	a.Judge(400, 1, 1, false)
	if a.Start() != 501 {
		t.Errorf("start %d, want 501", a.Start())
	}
}

func TestPeakIsApproximateOnlyWhereItsCountWas(t *testing.T) {
	var a Alert
	a.Judge(1, 5, 5, false)
	a.Judge(2, 5, 5, true)
	if _, approximate := a.Peak(); approximate {
		t.Error("a count that did not raise the peak made it approximate")
	}
	a.Judge(3, 6, 5, true)
	if peak, approximate := a.Peak(); peak != 6 || !approximate {
		t.Errorf("peak %d, approximate %v", peak, approximate)
	}
}

func TestAlertAtTheEndOfTime(t *testing.T) {
	var a Alert
	a.RestoreEnd(math.MaxInt64)
	a.Judge(0, 1, 1, false)
	if a.Start() != math.MaxInt64 {
		t.Errorf("start %d", a.Start())
	}
}

func TestFinishWithoutEpisodePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var a Alert
	a.Finish(1)
}

func TestTransitionIDHashesEachPartWithItsLength(t *testing.T) {
	seen := map[string]string{}
	for name, id := range map[string]string{
		"plain":         TransitionID("ab", []byte("c"), 1, Active),
		"moved border":  TransitionID("a", []byte("bc"), 1, Active),
		"other start":   TransitionID("ab", []byte("c"), 2, Active),
		"other state":   TransitionID("ab", []byte("c"), 1, Inactive),
		"no key":        TransitionID("abc", nil, 1, Active),
		"start in name": TransitionID("ab\x00", []byte("c"), 1, Active),
	} {
		if len(id) != 40 {
			t.Errorf("%s: %q has %d characters", name, id, len(id))
		}
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s share %s", name, other, id)
		}
		seen[id] = name
	}
	if got, want := TransitionID("ab", []byte("c"), 1, Active), TransitionID("ab", []byte("c"), 1, Active); got != want {
		t.Error("not deterministic")
	}
}
