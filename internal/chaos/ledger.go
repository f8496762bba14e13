package chaos

import (
	"fmt"
	"time"
)

// ledger holds what was sent against what one receiver has.
type ledger struct {
	name    string
	streams map[string]*stream // by agent id
	// times are, for each line of each agent, when it was received; counts how often.
	counts map[string][]uint8
	times  map[string]map[int][]time.Time // of lines received more than once, from the second on
	first  map[string][]int64             // nanoseconds, of receivers that know it
	// heard are the instants at which anything was received, in nanoseconds, each once where they follow each other.
	heard []int64

	// acknowledged is how many lines of each agent were, where that is not all of them: the others are not lost.
	acknowledged map[string]int

	altered, foreign int
	examples         []string
}

// mostExamples is how many violations of a receiver are told one by one.
const mostExamples = 10

func newLedger(name string, streams []*stream) *ledger {
	l := &ledger{
		name: name, streams: map[string]*stream{}, counts: map[string][]uint8{},
		times: map[string]map[int][]time.Time{}, first: map[string][]int64{},
	}
	for _, s := range streams {
		l.streams[s.agentID] = s
		l.counts[s.agentID] = make([]uint8, len(s.lines))
		l.first[s.agentID] = make([]int64, len(s.lines))
		l.times[s.agentID] = map[int][]time.Time{}
	}
	return l
}

// add notes what a receiver has.
func (l *ledger) add(got receipt) {
	s := l.streams[got.Agent.ID]
	if s == nil || s.path != got.Log.File.Path {
		l.foreign++
		l.example("nobody sent agent %q file %q offset %d", got.Agent.ID, got.Log.File.Path, got.Log.Offset)
		return
	}
	number, found := s.find(got.Log.Offset)
	if !found {
		l.foreign++
		l.example("no line of %s begins at offset %d", s.path, got.Log.Offset)
		return
	}
	if got.Message != s.message(number) || got.Timestamp != s.lines[number].timestamp() {
		l.altered++
		l.example("line %d of %s is %q at %s, want %q at %s", number, s.path, got.Message, got.Timestamp,
			s.message(number), s.lines[number].timestamp())
	}
	l.count(s.agentID, number, got.at)
}

func (l *ledger) count(agent string, number int, at time.Time) {
	if now := at.UnixNano(); len(l.heard) == 0 || l.heard[len(l.heard)-1] != now {
		l.heard = append(l.heard, now)
	}
	counts := l.counts[agent]
	if counts[number] == 0 {
		l.first[agent][number] = at.UnixNano()
	} else {
		l.times[agent][number] = append(l.times[agent][number], at)
	}
	if counts[number] < 255 {
		counts[number]++
	}
}

func (l *ledger) example(format string, values ...any) {
	if len(l.examples) < mostExamples {
		l.examples = append(l.examples, fmt.Sprintf(format, values...))
	}
}

// Count is what one receiver of events has.
type Count struct {
	// Receiver is its name in the configuration. LeftOut says that it was not there at all; the rest is zero then.
	Receiver string
	LeftOut  bool
	// Sent is how many events shippers had acknowledged, Stored how many of them the receiver has.
	Sent, Stored int
	// Lost is how many it does not have, Double how many it has more of than one each, counted by the surplus.
	Lost, Double int
	// Unexplained is how many of the doubles do not stem from a batch that was in flight at a kill.
	Unexplained int
	// MostOfAKill is how many stem from one kill at the most, InFlight how many may: what an output has in flight.
	MostOfAKill, InFlight int
	// Longest is the longest time for which the receiver went on to receive after a double and before the kill that explains it.
	Longest time.Duration
	// Altered is how many are not what was sent, Foreign how many nobody sent.
	Altered, Foreign int
	// Examples tell the first violations one by one.
	Examples []string
}

// Violated tells whether a promise was broken.
func (c Count) Violated() bool {
	return c.Lost > 0 || c.Altered > 0 || c.Foreign > 0 || c.Unexplained > 0 || c.MostOfAKill > c.InFlight
}

// balance counts. inFlight is how many events may come twice because of one of the kills, 0 for a receiver that promises each
// event exactly once.
func (l *ledger) balance(inFlight int, kills []time.Time) Count {
	c := Count{Receiver: l.name, InFlight: inFlight, Altered: l.altered, Foreign: l.foreign}
	if inFlight == 0 {
		kills = nil
	}
	explaining := newExplanation(kills, l.heard)
	for id, s := range l.streams {
		acknowledged, known := l.acknowledged[id]
		for number, times := range l.counts[id] {
			if known && times == 0 && number >= acknowledged {
				continue
			}
			c.Sent++
			if times > 0 {
				c.Stored++
			} else {
				c.Lost++
				l.example("lost: line %d of %s, offset %d, of %s", number, s.path, s.lines[number].offset,
					s.lines[number].timestamp())
			}
			if times > 1 {
				l.balanceDouble(&c, s, number, explaining)
			}
		}
	}
	if c.MostOfAKill = explaining.most(); c.MostOfAKill > inFlight {
		l.example("double: %d events because of one kill, and only %d can have been in flight", c.MostOfAKill, inFlight)
	}
	c.Examples = l.examples
	return c
}

func (l *ledger) balanceDouble(c *Count, s *stream, number int, explaining *explanation) {
	before := time.Unix(0, l.first[s.agentID][number])
	for _, again := range l.times[s.agentID][number] {
		c.Double++
		after, found := explaining.explain(before, again)
		c.Longest = max(c.Longest, after)
		if !found {
			c.Unexplained++
			l.example("double: line %d of %s, received at %s and %s", number, s.path, clock(before), clock(again))
		}
		before = again
	}
}

func clock(at time.Time) string { return at.UTC().Format("15:04:05.000") }
