package outputs

import (
	"encoding/json"
	"fmt"
)

// place is how far something has come: to the end of a record, and so many events into the next one.
//
// The journal keeps the record as the cursor, and the events as its state, in JSON: {"events": 123}, or nothing for none. A
// Stateful output has a state of its own there, and comes to the ends of records alone.
type place struct {
	record uint64
	events uint32
}

// isBehind tells whether the place comes after another one.
func (p place) isBehind(other place) bool {
	if p.record != other.record {
		return p.record > other.record
	}
	return p.events > other.events
}

// state returns what is stored beside the record.
func (p place) state() []byte {
	if p.events == 0 {
		return nil
	}
	return fmt.Appendf(nil, `{"events":%d}`, p.events)
}

// placeOf returns the place that a cursor and its state stand for. The state may be that of another type of output which had the
// name before: it says nothing of events then.
func placeOf(record uint64, state []byte) place {
	var stored struct{ Events uint32 }
	if json.Unmarshal(state, &stored) != nil {
		return place{record: record}
	}
	return place{record, stored.Events}
}
