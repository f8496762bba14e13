package rules

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/logboom/logboom/window"
)

// The lines that an alert shows: the latest ones, cut to a length that people read.
const (
	maxLines      = 5
	maxLineLength = 500
)

// keyState is all that the engine knows of one key of one rule. What every event touches comes first, so that it is in
// few lines of the cache.
type keyState struct {
	key string
	id  uint64
	// forgotten is set when the key was evicted.
	forgotten bool
	// heapIndex is where the key is in the engine's heap of deadlines; -1 outside.
	heapIndex int32
	rule      *ruleState
	// list is where the key stands in the order of the latest match, between older and newer.
	list         *keyList
	older, newer *keyState
	// lastMatch is the idle clock's reading at the latest matching event.
	lastMatch int64
	// lines are nil for a key that never had one that an alert might show.
	lines  *lines
	alert  window.Alert
	window window.Window
	// opened is the transition that began the open episode.
	opened *window.Transition
}

// showable returns how many of the key's latest lines can still be shown. An alert that is active may end at any time and
// shows them all. One that is not has to open first: each event that it needs for that brings a line of its own, so
// only what these leave of maxLines is left for those that are there.
func (k *keyState) showable() int {
	if k.alert.State() == window.Active {
		return maxLines
	}
	needed := uint64(1)
	if count := k.window.Count(); count < k.rule.Threshold {
		needed = k.rule.Threshold - count
	}
	return maxLines - int(min(needed, maxLines))
}

// theLines returns the lines of the key to add some.
func (k *keyState) theLines() *lines {
	if k.lines == nil {
		k.lines = new(lines)
	}
	return k.lines
}

// wantsLines tells whether the latest line may have to be shown, or some to be dropped. A key without lines that needs so many more
// events to become active does without: each of them will bring a line of its own.
func (k *keyState) wantsLines() bool {
	return k.lines.count() > 0 || k.alert.State() == window.Active || k.window.Count()+maxLines > k.rule.Threshold
}

// lines are the latest lines of a key. Those of the batch at hand are only numbers of events until the batch is over or an
// alert needs their text, so that most lines are never copied.
type lines struct {
	// first is the place of the oldest, behind which the others follow around the end.
	first, size uint8
	// fresh is how many of them came with the batch at hand, before how many there were.
	fresh, before uint8
	events        [maxLines]int32
	texts         [maxLines]line
}

// line is the text of a line, as it stands in the event: with the escapes of its JSON string if escaped.
type line struct {
	text    []byte
	escaped bool
}

// stored marks a line whose text was copied.
const stored = -1

// count returns how many lines there are.
func (l *lines) count() int {
	if l == nil {
		return 0
	}
	return int(l.size)
}

// push adds an event's line, in the place of the oldest where there are enough.
func (l *lines) push(event int32) {
	if l.size < maxLines {
		l.size++
	} else {
		l.first = (l.first + 1) % maxLines
	}
	l.events[l.place(int(l.size)-1)] = event
}

// place returns where the line of an index is, counted from the oldest.
func (l *lines) place(index int) int { return (int(l.first) + index) % maxLines }

// keep drops all but the latest lines.
func (l *lines) keep(latest int) {
	if l == nil {
		return
	}
	if dropped := int(l.size) - latest; dropped > 0 {
		l.first, l.size = uint8(l.place(dropped)), uint8(latest)
	}
}

// restore adds a line whose text is known.
func (l *lines) restore(text line) {
	l.push(stored)
	l.texts[l.place(int(l.size)-1)].set(text)
}

// set copies another line.
func (l *line) set(other line) {
	l.text, l.escaped = append(l.text[:0], other.text...), other.escaped
}

// String returns what people read.
func (l line) String() string {
	if l.escaped {
		return string(appendUnescaped(nil, l.text))
	}
	return string(l.text)
}

// appendLine appends a line to a record: the length, doubled, plus one if it is escaped; then the text.
func appendLine(to []byte, l line) []byte {
	length := uint64(len(l.text)) << 1
	if l.escaped {
		length++
	}
	to = binary.AppendUvarint(to, length)
	return append(to, l.text...)
}

// readLine reads what appendLine wrote. The text stays a part of what is read.
func readLine(in *window.Reader) line {
	length := in.Uvarint()
	return line{text: in.Take(length >> 1), escaped: length&1 == 1}
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
