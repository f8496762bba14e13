package chaos

import (
	"fmt"
	"time"
)

// rule is a rule of the configuration, in the harness's own words.
type rule struct {
	name      string
	grouped   bool   // by host.name
	host      string // of which alone events count; empty for all
	window    time.Duration
	threshold int
}

// rulesFor returns the rules of a run. Their outcome does not depend on how agents' events interleave: each window has the
// events of one agent, which come in order.
func rulesFor(rate int) []rule {
	return []rule{
		{name: "burst of a host", grouped: true, window: time.Second, threshold: rate * 2},
		{name: "burst of web-1", host: "web-1", window: 2 * time.Second, threshold: rate * 4},
	}
}

// change is a change of state that the model expects. It is a key of maps.
type change struct {
	rule, key string
	active    bool
	start     int64 // nanoseconds since 1970
	end       int64 // the same; 0 where it is active
	count     int
	peak      int
}

func (c change) String() string {
	state := "active"
	if !c.active {
		state = "inactive"
	}
	return fmt.Sprintf("%s %q of %q, start %s, count %d, peak %d", state, c.key, c.rule, clock(time.Unix(0, c.start)), c.count, c.peak)
}

// modelOf returns the changes that rules make of all lines, counting afresh at each line.
func modelOf(rules []rule, streams []*stream) []change {
	var changes []change
	for _, r := range rules {
		for _, s := range streams {
			if r.host == "" || r.host == s.host {
				changes = append(changes, changesOf(r, s)...)
			}
		}
	}
	return changes
}

func changesOf(r rule, s *stream) []change {
	var changes []change
	key := ""
	if r.grouped {
		key = s.host
	}
	open := change{}
	ended := int64(-1)
	for i, now := range s.lines {
		count := countBack(s.lines[:i+1], now.at-int64(r.window))
		on := count >= r.threshold
		switch {
		case on && !open.active:
			open = change{rule: r.name, key: key, active: true, start: max(now.at, ended+1), count: count, peak: count}
			changes = append(changes, open)
		case on:
			open.peak = max(open.peak, count)
		case open.active:
			ended = now.at
			open.active, open.end, open.count = false, ended, count
			changes = append(changes, open)
		}
	}
	return changes
}

// countBack counts the lines from the last one back to an instant, which is included.
func countBack(lines []line, since int64) int {
	count := 0
	for i := len(lines) - 1; i >= 0 && lines[i].at >= since; i-- {
		count++
	}
	return count
}
