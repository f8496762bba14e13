package chaos

import (
	"strings"
	"testing"
	"time"
)

var beginOfTest = time.Date(2026, time.November, 24, 2, 0, 0, 0, time.UTC)

func streamsOfTest() []*stream {
	var streams []*stream
	for number := range 3 {
		streams = append(streams, newStream(7, number, 50, beginOfTest, 20*time.Second))
	}
	return streams
}

// received returns what a receiver has of a line that arrived as it was sent.
func received(s *stream, number int, at time.Time) receipt {
	var got receipt
	got.Agent.ID, got.Log.File.Path, got.Log.Offset = s.agentID, s.path, s.lines[number].offset
	got.Message, got.Timestamp, got.at = s.message(number), s.lines[number].timestamp(), at
	return got
}

// whole is a ledger of a receiver that has everything, but for what skip says.
func whole(streams []*stream, skip func(s *stream, number int) bool) *ledger {
	l := newLedger("test", streams)
	for _, s := range streams {
		for number := range s.lines {
			if skip == nil || !skip(s, number) {
				l.add(received(s, number, beginOfTest))
			}
		}
	}
	return l
}

func TestLedgerOfAll(t *testing.T) {
	streams := streamsOfTest()
	c := whole(streams, nil).balance(0, nil)
	if c.Violated() || c.Sent != c.Stored || c.Sent < 3000 {
		t.Errorf("got %+v", c)
	}
}

func TestLedgerFindsLoss(t *testing.T) {
	streams := streamsOfTest()
	c := whole(streams, func(s *stream, number int) bool { return s == streams[1] && number == 17 }).balance(10, nil)
	if !c.Violated() || c.Lost != 1 || c.Stored != c.Sent-1 || c.Double != 0 || len(c.Examples) != 1 {
		t.Errorf("got %+v", c)
	}
	if !strings.Contains(c.Examples[0], "line 17 of /var/log/chaos/web-2.log") {
		t.Errorf("got %q", c.Examples[0])
	}
}

func TestLedgerFindsDouble(t *testing.T) {
	streams := streamsOfTest()
	l := whole(streams, nil)
	l.add(received(streams[2], 40, beginOfTest.Add(10*time.Second)))
	if c := l.balance(0, nil); !c.Violated() || c.Double != 1 || c.Lost != 0 {
		t.Errorf("got %+v", c)
	}
}

// A double is explained by a kill that came while its batch was in flight, and by nothing else.
func TestLedgerExplainsDoubles(t *testing.T) {
	again := beginOfTest.Add(50 * time.Second)
	for _, test := range []struct {
		name        string
		kill        time.Duration
		others      []time.Duration // when other events were received
		unexplained int
	}{
		{"before", -2 * time.Second, nil, 1},
		{"still on its way", -time.Second / 2, nil, 0},
		{"in flight", time.Second, []time.Duration{time.Second / 2}, 0},
		{"in flight, and nothing moves", 49 * time.Second, []time.Duration{time.Second, 50 * time.Second}, 0},
		{"long after", 49 * time.Second, []time.Duration{3 * time.Second}, 1},
		{"behind both", 51 * time.Second, nil, 1},
	} {
		streams := streamsOfTest()
		l := whole(streams, func(s *stream, number int) bool { return number < len(test.others) })
		for number, at := range test.others {
			for _, s := range streams {
				l.add(received(s, number, beginOfTest.Add(at)))
			}
		}
		l.add(received(streams[0], 3, again))
		c := l.balance(10, []time.Time{beginOfTest.Add(test.kill)})
		if c.Double != 1 || c.Unexplained != test.unexplained || c.Violated() != (test.unexplained > 0) {
			t.Errorf("%s: got %+v", test.name, c)
		}
	}
	streams := streamsOfTest()
	l := whole(streams, nil)
	l.add(received(streams[0], 3, again))
	if c := l.balance(10, nil); c.Unexplained != 1 || !c.Violated() {
		t.Errorf("without a kill: got %+v", c)
	}
}

// One kill explains no more doubles than an output has in flight, and each kill its own.
func TestLedgerBoundsDoublesOfAKill(t *testing.T) {
	for count, kills := range map[int][]time.Time{
		10: {beginOfTest},
		11: {beginOfTest},
		20: {beginOfTest, beginOfTest.Add(time.Second)},
	} {
		streams := streamsOfTest()
		l := whole(streams, nil)
		for n := range count {
			l.add(received(streams[0], n%10, beginOfTest.Add(time.Duration(1+n/10)*time.Second/2)))
		}
		c := l.balance(10, kills)
		if c.Double != count || c.Unexplained != 0 || c.Violated() != (count == 11) {
			t.Errorf("%d doubles of %d kills: got %+v", count, len(kills), c)
		}
	}
}

func TestLedgerFindsWhatNobodySent(t *testing.T) {
	streams := streamsOfTest()
	l := whole(streams, nil)
	stranger := received(streams[0], 3, beginOfTest)
	stranger.Agent.ID = "another"
	between := received(streams[0], 3, beginOfTest)
	between.Log.Offset++
	l.add(stranger)
	l.add(between)
	l.add(receipt{})
	if c := l.balance(10, nil); !c.Violated() || c.Foreign != 3 || c.Double != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestLedgerComparesContent(t *testing.T) {
	streams := streamsOfTest()
	for _, alter := range []func(*receipt){
		func(r *receipt) { r.Message += " " },
		func(r *receipt) { r.Timestamp = streams[0].lines[4].timestamp() },
	} {
		l := whole(streams, func(s *stream, number int) bool { return s == streams[0] && number == 3 })
		got := received(streams[0], 3, beginOfTest)
		alter(&got)
		l.add(got)
		if c := l.balance(0, nil); !c.Violated() || c.Altered != 1 || c.Lost != 0 {
			t.Errorf("got %+v", c)
		}
	}
}

// What was never acknowledged is not lost.
func TestLedgerOfWhatWasAcknowledged(t *testing.T) {
	streams := streamsOfTest()
	last := len(streams[0].lines) - 1
	l := whole(streams, func(s *stream, number int) bool { return s == streams[0] && number == last })
	l.acknowledged = map[string]int{streams[0].agentID: last}
	if c := l.balance(0, nil); c.Violated() || c.Sent != c.Stored {
		t.Errorf("got %+v", c)
	}
}
