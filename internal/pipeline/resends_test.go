package pipeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/rules"
)

// line returns an event of a Filebeat, whose keys stand in one of two orders.
func line(agent string, offset int, at time.Time, other bool) []byte {
	log := fmt.Sprintf(`"log":{"offset":%d,"file":{"path":"/var/log/x"}}`, offset)
	rest := fmt.Sprintf(`"message":"line %d","agent":{"type":"filebeat","id":%q}`, offset, agent)
	if other {
		log, rest = rest, log
	}
	return fmt.Appendf(nil, `{"@timestamp":%q,%s,%s}`, event.AppendTime(nil, at.UnixNano()), log, rest)
}

// lines returns events from one offset to another.
func lines(agent string, from, to int, at time.Time, other bool) (list [][]byte) {
	for offset := from; offset < to; offset++ {
		list = append(list, line(agent, offset, at, other))
	}
	return list
}

func (h *house) resendable(documents ...[]byte) {
	h.Helper()
	if err := h.pipeline.Handle(h.Context(), &Batch{Source: "test", Events: documents, MayComeAgain: true}); err != nil {
		h.Fatal(err)
	}
}

func newResendHouse(t *testing.T) *house {
	h := newHouse(t, rules.Rule{Name: "r", Window: time.Hour, Threshold: 10, Idle: rules.DefaultIdle})
	h.options.Resends, h.options.Outputs = true, []string{"file"}
	h.reopen()
	return h
}

func (h *house) matched() uint64 {
	_, counters := h.pipeline.Rules()
	return counters["r"].Matched.Load()
}

// What a Filebeat sends again is acknowledged, and neither counted nor passed on, in windows of whatever size, before and
// after a restart.
func TestResendsCountOnce(t *testing.T) {
	h := newResendHouse(t)
	after, _, _ := h.pipeline.Events().LoadCursor("file")
	now := time.Now()
	h.resendable(lines("a", 0, 5, now, false)...)
	h.resendable(lines("a", 0, 5, now, true)...)
	if h.matched() != 5 || h.pipeline.Stats().Duplicates != 5 {
		t.Errorf("%d matched, %d duplicates", h.matched(), h.pipeline.Stats().Duplicates)
	}
	h.resendable(lines("b", 0, 2, now, true)...)
	h.reopen()
	h.resendable(append(append(lines("a", 3, 5, now, true), []byte("no JSON")), lines("a", 5, 7, now, false)...)...)
	if h.matched() != 2 || h.pipeline.Stats().Duplicates != 2 {
		t.Errorf("%d matched, %d duplicates after a restart", h.matched(), h.pipeline.Stats().Duplicates)
	}
	if got := countEvents(t, h.pipeline.Events(), after); got != 9 {
		t.Errorf("%d events are passed on, want 9", got)
	}
	h.resendable(line("a", 7, now, false))
	if list := h.next(0); len(list) != 1 || list[0].Count != 10 {
		t.Errorf("%+v", list)
	}
}

// A source that can be read again at will is taken at its word.
func TestOtherSourcesMayRepeat(t *testing.T) {
	h := newResendHouse(t)
	for range 2 {
		h.handle(lines("a", 0, 5, time.Now(), false)...)
	}
	if list := h.next(0); len(list) != 1 || h.pipeline.Stats().Duplicates != 0 {
		t.Errorf("%+v, %d duplicates", list, h.pipeline.Stats().Duplicates)
	}
}
