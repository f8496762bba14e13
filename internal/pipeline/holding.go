package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/logboom/logboom/internal/journal"
)

// Holder is an output that the journal is as long as it is for: no checkpoint could give back what it has not had.
type Holder struct {
	Output string
	// Behind is about how many bytes of the journal are behind it.
	Behind int64
}

// An output holds the log from so many bytes and such a part of the log on: those that keep up are always a little
// behind.
const (
	holderBytes = 1 << 20
	holderShare = 10
)

// holders returns who holds the log, the furthest behind first.
func (o *outputs) holders() []Holder {
	o.mutex.Lock()
	cursors := maps.Clone(o.cursors)
	o.mutex.Unlock()
	least := max(holderBytes, o.journal.Behind(0)/holderShare)
	var list []Holder
	for _, name := range slices.Sorted(maps.Keys(cursors)) {
		if behind := o.journal.Behind(cursors[name]); behind >= least {
			list = append(list, Holder{name, behind})
		}
	}
	slices.SortStableFunc(list, func(a, b Holder) int { return cmp.Compare(b.Behind, a.Behind) })
	return list
}

// fullReason says why a journal is full.
func fullReason(space journal.Space, holding []Holder) string {
	if len(holding) == 0 || space.LeavesNoLog() {
		return space.Reason
	}
	return space.Reason + "; " + cause(space, holding)
}

// cause says who holds the journal, and what can be done about it.
func cause(space journal.Space, holding []Holder) string {
	if space.LeavesNoLog() {
		return "the windows of the rules alone fill it; raise journal.budget, or shorten the windows"
	}
	if len(holding) == 0 {
		if filledDisk(space) > filledBudget(space) {
			return "no output holds it; make room on its filesystem"
		}
		return "no output holds it; raise journal.budget"
	}
	var behind []string
	for _, holder := range holding[:min(len(holding), 3)] {
		behind = append(behind, fmt.Sprintf("output %s holds it, %s behind", holder.Output, sizeText(holder.Behind)))
	}
	if rest := len(holding) - len(behind); rest > 0 {
		behind = append(behind, fmt.Sprintf("and %d more", rest))
	}
	return fmt.Sprintf("%s; get it going again, give the journal more room (journal.budget), or let the output "+
		"miss events (outputs.%s.required: false, and max_behind how far it may be behind)", strings.Join(behind, ", "), holding[0].Output)
}

// oldest is the oldest record that holds events. It belongs to the watcher.
type oldest struct {
	// sequence is the record's, or that of the last one in which events were looked for in vain.
	sequence uint64
	// arrival is when its batch arrived, the zero time where none is found yet.
	arrival time.Time
}

// mostRead is how many records are read at a look to find the oldest with events.
const mostRead = 100

// look finds out when the oldest batch arrived whose events are kept, and reads no record twice for that.
func (o *oldest) look(log *EventLog, first uint64) time.Time {
	if o.sequence >= first && !o.arrival.IsZero() {
		return o.arrival
	}
	o.sequence, o.arrival = max(o.sequence, first-1), time.Time{}
	read := 0
	for record, err := range log.Read(o.sequence) {
		if read++; err != nil || read > mostRead {
			break
		}
		o.sequence = record.Sequence
		if record.Arrival != 0 {
			o.arrival = time.Unix(0, record.Arrival)
			break
		}
	}
	return o.arrival
}
