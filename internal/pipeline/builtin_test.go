package pipeline

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

// newBuiltinHouse is a house with built-in alerts, a slow output and a journal of so many bytes.
func newBuiltinHouse(t *testing.T, budget int64) *house {
	h := newHouse(t, rules.Rule{Name: "rare", Window: time.Hour, Threshold: 1e6})
	h.close()
	h.budget, h.folder = budget, t.TempDir()
	h.options = Options{Builtin: true, Outputs: []string{"slow"}, Sinks: []string{"slack"}}
	h.open()
	return h
}

// fill takes events until the journal is full to so many percent.
func (h *house) fill(percent uint64) {
	h.Helper()
	line := strings.Repeat("x", 50_000)
	for {
		space, err := h.journal.Space()
		if err != nil {
			h.Fatal(err)
		}
		if filledBudget(space) >= percent {
			return
		}
		h.handle(document(time.Now(), line))
	}
}

// release moves the slow output's cursor to the end.
func (h *house) release() {
	h.Helper()
	log := h.pipeline.Events()
	if err := log.StoreCursor("slow", log.Last(), nil); err != nil {
		h.Fatal(err)
	}
}

// The alert comes while events are still taken, lasts over kills and restarts as the one that it is, and ends when the output
// has caught up.
func TestFillingJournalIsToldOverRestarts(t *testing.T) {
	h := newBuiltinHouse(t, 16<<20)
	h.fill(83)
	first := h.next(0)[0]
	if status := h.pipeline.Status(); status.State != StateOK {
		t.Errorf("%s when it is told", status.State)
	}
	if first.Rule != JournalFilling || first.State != window.Active || !strings.Contains(strings.Join(first.First, "\n"), "Output slow holds it") {
		t.Fatalf("%+v", first)
	}
	for _, restart := range []func(){h.crash, h.reopen, h.crash, h.reopen} {
		restart()
		if open, _ := h.pipeline.Alerts(1); len(open) != 1 || open[0].ID != first.ID || !slices.Equal(open[0].First, first.First) {
			t.Fatalf("open after a restart: %+v", open)
		}
	}
	until(t, "a look", func() bool { return h.pipeline.Status().Space.Used > 0 })
	if last := h.pipeline.Status().Last; last != 1 {
		t.Fatalf("%d changes of state; it is told again", last)
	}
	h.handle(document(time.Now(), "still taken"))
	h.release()
	second := h.next(1)[0]
	if second.Rule != JournalFilling || second.State != window.Inactive || second.Start != first.Start || second.Number != 2 {
		t.Fatalf("%+v", second)
	}
	h.crash()
	if open, _ := h.pipeline.Alerts(1); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
}

// A journal that is full all at once still tells, and takes events again.
func TestFullJournalIsTold(t *testing.T) {
	h := newBuiltinHouse(t, 8<<20)
	given := make(chan error, 1)
	go func() {
		line := strings.Repeat("x", 100_000)
		for range 200 {
			if err := h.pipeline.Handle(h.Context(), &Batch{Source: "test", Events: [][]byte{document(time.Now(), line)}}); err != nil {
				given <- err
				return
			}
		}
		given <- nil
	}()
	until(t, "a full journal", func() bool { return h.pipeline.Status().State == StateFull })
	status := h.pipeline.Status()
	if len(status.Holding) != 1 || status.Holding[0].Output != "slow" || status.Holding[0].Behind < 6<<20 {
		t.Errorf("held by %+v", status.Holding)
	}
	if !strings.Contains(status.Reason, "output slow holds it") || time.Since(status.Oldest) > time.Minute {
		t.Errorf("%s; the oldest batch is of %s", status.Reason, status.Oldest)
	}
	if first := h.next(0)[0]; first.State != window.Active || first.Rule != JournalFilling {
		t.Fatalf("%+v", first)
	}
	for ended := false; !ended; {
		select {
		case err := <-given:
			if err != nil {
				t.Fatal(err)
			}
			ended = true
		default:
			h.release()
			time.Sleep(time.Millisecond) // 200 batches pass in the meantime
		}
	}
	h.release()
	eventually(t, "the end", func() bool { open, _ := h.pipeline.Alerts(0); return len(open) == 0 })
	if _, latest := h.pipeline.Alerts(100); len(latest)%2 != 0 || latest[0].State != window.Inactive {
		t.Errorf("%+v", latest)
	}
}

// Without a holder the room is given back by a checkpoint, early enough.
func TestCheckpointComesBeforeTheAlert(t *testing.T) {
	h := newBuiltinHouse(t, 6<<20)
	h.options.Outputs = nil
	h.reopen()
	offset := int64(0)
	record := func() int64 {
		offset++
		long := Position{Topic: strings.Repeat("x", 50_000), Offset: offset} // makes large records and small checkpoints
		if err := h.pipeline.Handle(t.Context(), &Batch{Source: "test", Positions: []Position{long}}); err != nil {
			t.Fatal(err)
		}
		space, err := h.journal.Space()
		if err != nil {
			t.Fatal(err)
		}
		return space.Used
	}
	for record() < 4<<20 {
	}
	checkpoints := func() uint64 { return h.pipeline.Stats().Checkpoints }
	for size := int64(0); checkpoints() == 0; {
		if used := record(); used > size+100<<10 {
			size = used
			until(t, "a look", func() bool { return h.pipeline.Status().Space.Used >= size-10<<10 || checkpoints() > 0 })
		}
	}
	if status := h.pipeline.Status(); status.Last != 0 || status.State != StateOK {
		t.Errorf("%+v, %+v", status, h.next(0))
	}
}

func TestDeadLettersAreTold(t *testing.T) {
	h := newBuiltinHouse(t, 64<<20)
	h.handle([]byte("no JSON"), []byte("{}"))
	first := h.next(0)[0]
	if first.Rule != DeadLetters || first.State != window.Active || first.Count != 1 ||
		!strings.Contains(strings.Join(first.First, "\n"), "input test: ") {
		t.Fatalf("%+v", first)
	}
	h.pipeline.EventsSetAside("kafka", "too large", 2)
	h.pipeline.AlertSetAside("elasticsearch", "mapper_parsing_exception", "of a rule")
	h.pipeline.AlertSetAside("elasticsearch", "mapper_parsing_exception", first.ID)
	h.pipeline.builtins.mutex.Lock()
	count := h.pipeline.builtins.letters.count
	h.pipeline.builtins.mutex.Unlock()
	if count != 4 {
		t.Errorf("%d letters, want 4: that of the alert itself does not count", count)
	}
	for _, restart := range []func(){h.crash, h.reopen} {
		restart()
		h.pipeline.EventsSetAside("kafka", "too large", 2)
		if open, _ := h.pipeline.Alerts(1); len(open) != 1 || open[0].ID != first.ID {
			t.Fatalf("open after a restart: %+v", open)
		}
	}
	if last := h.pipeline.Status().Last; last != 1 {
		t.Errorf("%d changes of state", last)
	}
}

// A dead letter that comes while the pipeline stops is told after the next start.
func TestDeadLetterAtTheEnd(t *testing.T) {
	h := newBuiltinHouse(t, 64<<20)
	h.pipeline.builtins.mutex.Lock()
	h.pipeline.builtins.letters.add(time.Now(), "output kafka", "too large", 1) // and the writer does not hear of it
	h.pipeline.builtins.mutex.Unlock()
	h.reopen()
	if first := h.next(0)[0]; first.Rule != DeadLetters {
		t.Errorf("%+v", first)
	}
}

// A change of the rules leaves them alone; switching them off ends them.
func TestBuiltinAlertsAndChangesOfTheConfiguration(t *testing.T) {
	h := newBuiltinHouse(t, 64<<20)
	h.pipeline.EventsSetAside("kafka", "too large", 1)
	first := h.next(0)[0]
	h.close()
	h.rules(fiveInASecond())
	h.open()
	if open, _ := h.pipeline.Alerts(0); len(open) != 1 || open[0].ID != first.ID {
		t.Fatalf("%+v", open)
	}
	h.handle(burst(time.Now(), 5)...)
	h.close()
	h.options.Builtin = false
	h.open()
	list := h.next(2)
	if len(list) != 1 || list[0].Number != 3 || list[0].State != window.Inactive || list[0].Reason != window.ReasonRuleChanged ||
		list[0].Rule != DeadLetters || list[0].Start != first.Start || list[0].Decided == 0 {
		t.Fatalf("%+v", list)
	}
	h.pipeline.EventsSetAside("kafka", "too large", 1)
	h.reopen()
	if open, _ := h.pipeline.Alerts(0); len(open) != 1 || open[0].Rule != "too many lines" {
		t.Errorf("%+v", open)
	}
	if last := h.pipeline.Status().Last; last != 3 {
		t.Errorf("%d changes of state", last)
	}
}

// Damage that costs rules their windows leaves the built-in alerts open, which have none.
func TestBuiltinAlertsOutliveDamage(t *testing.T) {
	for _, checkpointed := range []bool{false, true} {
		h := newBuiltinHouse(t, 64<<20)
		h.close()
		h.rules(fiveInASecond())
		h.open()
		h.pipeline.EventsSetAside("kafka", "too large", 1)
		first := h.next(0)[0]
		if checkpointed {
			h.reopen()
		}
		h.handle(burst(time.Now(), 5)...)
		h.handle(document(time.Now(), strings.Repeat("to be damaged", 1000)))
		h.handle(document(time.Now(), "behind"))
		h.snapshot()
		damage(t, h.folder, "to be damagedto be damaged", 0)
		h.open()
		open, latest := h.pipeline.Alerts(1)
		if len(latest) != 1 || latest[0].Reason != window.ReasonStateLost || latest[0].Rule != "too many lines" {
			t.Fatalf("the damage did nothing: %+v", latest)
		}
		if len(open) != 1 || open[0].ID != first.ID {
			t.Errorf("checkpoint %v: %+v", checkpointed, open)
		}
	}
}

// An alert that could not be committed is told once it can, under the numbers that follow.
func TestBuiltinAlertsOverAFailedCommit(t *testing.T) {
	h := newBuiltinHouse(t, 64<<20)
	h.pipeline.EventsSetAside("kafka", "too large", 1)
	first := h.next(0)[0]
	h.pipeline.failures <- errors.New("a commit that failed")
	until(t, "a repair", func() bool { return h.pipeline.Stats().CommitFailures == 1 && h.pipeline.Status().State == StateOK })
	h.pipeline.builtins.mutex.Lock()
	h.pipeline.builtins.letters.last = time.Now().Add(-2 * quietLetters)
	h.pipeline.builtins.letters.since = time.Now().Add(-2 * quietLetters)
	h.pipeline.builtins.mutex.Unlock()
	if last := h.next(1)[0]; last.Start != first.Start || last.Number != 2 || last.State != window.Inactive {
		t.Errorf("%+v", last)
	}
}

func TestCheckpointsKeepBuiltinEpisodes(t *testing.T) {
	opening := begun(JournalFilling, fillingID, time.Now(), []string{"line"})
	bytes, err := appendJSON([]byte{recordVersion}, sectionBuiltin, openings{fillingID: opening}.list())
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decodeRecord(bytes)
	if err != nil || len(decoded.builtin) != 1 || decoded.builtin[0].ID != opening.ID {
		t.Errorf("%+v, %v", decoded.builtin, err)
	}
}

func TestFilledByEitherLimit(t *testing.T) {
	tests := []struct {
		space journal.Space
		want  uint64
	}{
		{journal.Space{}, 0},
		{journal.Space{Used: 50, Budget: 100, Free: 1000, Reserve: 10}, 50},
		{journal.Space{Used: 50, Budget: 100, Free: 20, Reserve: 10}, 83},
		{journal.Space{Used: 50, Budget: 100, Free: 5, Reserve: 10}, 100},
		{journal.Space{Used: 200, Budget: 100, Free: 1000, Reserve: 10}, 200},
		{journal.Space{Used: 1, Budget: 100, Free: 150, Reserve: 100}, 80},
		{journal.Space{Used: 1, Budget: 100, Free: 180, Reserve: 100}, 68},
	}
	for _, test := range tests {
		if got := filled(test.space); got != test.want {
			t.Errorf("%+v: %d, want %d", test.space, got, test.want)
		}
	}
}
