package chaos

import (
	"testing"

	"github.com/logboom/logboom/sinks/sinktest"
)

// told is a message as logboom writes it.
func told(ts, thread, id, text string) sinktest.Message {
	return sinktest.Message{
		TS: ts, Thread: thread, Text: text,
		Metadata: &sinktest.Metadata{Type: "logboom_alert", Payload: map[string]any{"id": id}},
	}
}

const (
	begins = "Alert 'x' changed state to ACTIVE"
	ends   = "Alert 'x' changed state to INACTIVE"
)

func TestJudgeSlack(t *testing.T) {
	episodes := map[string]episode{"a": {activeID: "a", inactiveID: "b"}}
	first, over := told("1", "", "a", begins), told("1", "", "a", ends)
	reply := told("2", "1", "b", ends)
	changed := func(messages ...sinktest.Message) (changes []sinktest.Change) {
		for i, m := range messages {
			changes = append(changes, sinktest.Change{Message: m, Update: i > 0})
		}
		return changes
	}
	for _, test := range []struct {
		name                string
		changes             []sinktest.Change
		shown               []sinktest.Message
		lost, double, stale int
	}{
		{"good", changed(first, over), []sinktest.Message{over, reply}, 0, 0, 0},
		{"nothing told", nil, nil, 2, 0, 0},
		{"end not told", changed(first, over), []sinktest.Message{over}, 1, 0, 0},
		{"end told twice", changed(first, over), []sinktest.Message{over, reply, reply}, 0, 1, 0},
		{"stale at last", changed(first), []sinktest.Message{first, reply}, 0, 0, 1},
		{"stale in between", changed(first, over, first, over), []sinktest.Message{over, reply}, 0, 0, 1},
		{
			"in a digest", nil,
			[]sinktest.Message{told("3", "", "digest-1", "Storm over: 1 started, 0 active, 1 ended")},
			0, 0, 0,
		},
		{
			"a digest at last active", nil,
			[]sinktest.Message{told("3", "", "digest-1", "Storm: 1 started, 1 active, 0 ended")},
			1, 0, 1,
		},
	} {
		c := judgeSlack(episodes, test.changes, test.shown)
		if c.Lost != test.lost || c.Double != test.double || c.Stale != test.stale || c.Violated() != (c.Lost+c.Stale > 0) {
			t.Errorf("%s: got %+v", test.name, c)
		}
	}
}
