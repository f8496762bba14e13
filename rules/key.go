package rules

import (
	"unicode/utf8"

	"github.com/logboom/logboom/window"
)

// The lines that an alert shows: the latest ones, cut to a length that people read.
const (
	maxLines      = 5
	maxLineLength = 500
)

// keyState is all that the engine knows of one key of one rule.
type keyState struct {
	rule   *ruleState
	key    string
	id     uint64
	window window.Window
	alert  window.Alert
	lines  lines
	// opened is the transition that began the open episode.
	opened *window.Transition
	// lastMatch is the idle clock's reading at the latest matching event.
	lastMatch int64
	// deadline and heapIndex belong to the engine's heap of deadlines; heapIndex is -1 outside.
	deadline  int64
	heapIndex int
	// list is where the key stands in the order of the latest match, between older and newer.
	list         *keyList
	older, newer *keyState
	// fresh is how many of the lines came with the batch at hand.
	fresh int
	// forgotten is set when the key was evicted.
	forgotten bool
}

// lines are the latest lines of a key, oldest first. Those of the batch at hand are only numbers of events until the
// batch is over or an alert needs their text, so that most lines are never copied.
type lines struct {
	list [maxLines]line
	size int
}

type line struct {
	event int32
	text  []byte
}

// stored marks a line whose text was copied.
const stored = -1

// push adds an event's line, in the place of the oldest where there are enough.
func (l *lines) push(event int32) {
	if l.size < maxLines {
		l.list[l.size].event = event
		l.size++
		return
	}
	oldest := l.list[0]
	copy(l.list[:], l.list[1:])
	oldest.event = event
	l.list[maxLines-1] = oldest
}

// restore adds a line whose text is known.
func (l *lines) restore(text []byte) {
	l.push(stored)
	last := &l.list[l.size-1]
	last.text = append(last.text[:0], text...)
}

// cutLine returns at most maxLineLength characters of a text, without its copy.
func cutLine(text []byte) []byte {
	if len(text) <= maxLineLength {
		return text
	}
	end := 0
	for range maxLineLength {
		if end >= len(text) {
			return text
		}
		_, size := utf8.DecodeRune(text[end:])
		end += size
	}
	return text[:end]
}
