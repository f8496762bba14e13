package load

import (
	"bytes"
	"strconv"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
)

// What is stamped on each event of a window when it is sent.
const (
	// stampTime is @timestamp. A window that is large has its events spread over 10 ms: the last digit is fixed. Those of a
	// small one have one time.
	stampTime = iota
	// stampOffset is the beginning of log.offset, another one for each window, so that no event seems to be one that was
	// sent before. The rest of it grows within the window.
	stampOffset
	// stampAgent is the beginning of agent.id, another one for each connection of each run.
	stampAgent
	stampKinds
)

const (
	spreadDigits = len("2006-01-02T15:04:05.00")
	wholeDigits  = len("2006-01-02T15:04:05.000")
	spreadFrom   = 512 // events

	offsetDigits = 6             // and
	offsetUnit   = 1_000_000_000 // below them; together less than 2^53, so that nobody's numbers are too small
	leastOffset  = 100_000
	mostOffset   = 999_999

	agentDigits = 8
)

func timeDigits(events int) int {
	if events >= spreadFrom {
		return spreadDigits
	}
	return wholeDigits
}

// values are what a window is stamped with.
type values [stampKinds][]byte

// set makes the values those of a connection's next window at a time.
func (v *values) set(at time.Time, window int, agent uint32) {
	v[stampTime] = at.UTC().AppendFormat(v[stampTime][:0], "2006-01-02T15:04:05.000")
	v[stampOffset] = strconv.AppendInt(v[stampOffset][:0], int64(leastOffset+window%(mostOffset-leastOffset+1)), 10)
	// 2^32 and more has nine digits in hexadecimal, of which the first goes.
	v[stampAgent] = append(v[stampAgent][:0], strconv.FormatUint(1<<32|uint64(agent), 16)[1:]...)
}

// field is one kind of stamp in a window: where it stands, and how much of the value it takes.
type field struct {
	kind, size int
	places     []int
}

// find returns where the stamps of an event are, which begins at a position; of what it lacks, -1.
func find(event []byte, begin int, agent string) (at [stampKinds]int) {
	at = [stampKinds]int{begin + events.TimestampOffset, -1, -1}
	const name = `"offset":` // a string has \" in the place of "
	if i := bytes.Index(event, []byte(name)); i >= 0 {
		at[stampOffset] = begin + i + len(name)
	}
	if i := bytes.Index(event, []byte(`"id":"`+agent)); i >= 0 {
		at[stampAgent] = begin + i + len(`"id":"`)
	}
	return at
}
