package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/logboom/logboom/event"
)

// maxKeyField bounds the text of one field in a key, in bytes. A longer one is cut and gets a hash of the whole, so that
// different values stay different keys and memory stays bounded.
const maxKeyField = 256

// Timestamp says where the time of an event came from.
type Timestamp uint8

const (
	// TimestampParsed is the event's own @timestamp.
	TimestampParsed Timestamp = iota
	// TimestampMissing is the arrival time, since the event has no @timestamp.
	TimestampMissing
	// TimestampUnparsable is the arrival time, since @timestamp is no RFC 3339 time or out of range, as Logstash does.
	TimestampUnparsable
)

// Batch is events decoded against a Set: their times, and for each rule which of them match and by what key. It keeps
// its memory over Reset. One goroutine at a time may use it; it refers to the documents given to Add, which must stay as
// they are until the engine has observed it.
type Batch struct {
	set     *Set
	arrival int64
	times   []int64
	lines   []event.Value
	raw     [][]byte
	matches [][]match
	keys    []byte
	failed  []uint64
	// verdicts and groups are what the conditions and groupings of the set make of the event at hand.
	verdicts []verdict
	groups   []group
	// long is where a line is made that has to be cut.
	long []byte
	evaluator
}

// group is a key in Batch.keys, made for the event of that number.
type group struct {
	event  uint64
	from   uint64
	length uint32
}

// match is an event that a rule matches; the key is the length bytes from keys[from].
type match struct {
	from   uint64
	event  uint32
	length uint32
}

// NewBatch returns an empty batch for the set.
func (s *Set) NewBatch() *Batch {
	return &Batch{
		set:       s,
		matches:   make([][]match, len(s.rules)),
		failed:    make([]uint64, len(s.rules)),
		verdicts:  make([]verdict, len(s.conditions)),
		groups:    make([]group, len(s.groupings)),
		evaluator: newEvaluator(s.selector.Len(), s.slots),
	}
}

// Reset empties the batch and sets the arrival time, in nanoseconds since 1970, of the events that will be added.
func (b *Batch) Reset(arrival int64) {
	b.arrival = arrival
	b.times, b.lines, b.raw, b.keys = b.times[:0], b.lines[:0], b.raw[:0], b.keys[:0]
	for i := range b.matches {
		b.matches[i] = b.matches[i][:0]
		b.failed[i] = 0
	}
	b.release()
}

// Len returns how many events were added.
func (b *Batch) Len() int { return len(b.times) }

// Arrival returns the arrival time of the batch, in nanoseconds since 1970.
func (b *Batch) Arrival() int64 { return b.arrival }

// Add decodes one event: it checks the JSON, reads the time, and finds the rules that match. It fails, and adds nothing,
// when the document is not a JSON object; the error is an *event.SyntaxError.
func (b *Batch) Add(document []byte) (Timestamp, error) {
	if err := b.set.selector.Scan(document, b.values); err != nil {
		return 0, err
	}
	at, timestamp := b.time()
	index := uint32(len(b.times))
	b.times = append(b.times, at)
	b.lines = append(b.lines, b.values[b.set.message])
	b.raw = append(b.raw, document)
	b.next()
	for i, condition := range b.set.conditions {
		b.verdicts[i] = b.evaluate(condition)
	}
	for i := range b.set.rules {
		b.match(i, index)
	}
	return timestamp, nil
}

// SetArrival makes the time of the last event the batch's arrival time, as replay wants it.
func (b *Batch) SetArrival() {
	if len(b.times) > 0 {
		b.arrival = b.times[len(b.times)-1]
	}
}

func (b *Batch) time() (int64, Timestamp) {
	value := b.values[b.set.timestamp]
	switch value.Kind() {
	case event.Missing, event.Null:
		return b.arrival, TimestampMissing
	case event.String:
		text, ok := value.Bytes()
		if !ok {
			text = value.AppendText(nil)
		}
		if at, err := event.ParseTime(text); err == nil {
			return at, TimestampParsed
		}
	}
	return b.arrival, TimestampUnparsable
}

func (b *Batch) match(index int, number uint32) {
	rule := &b.set.rules[index]
	if rule.condition != none {
		switch b.verdicts[rule.condition] {
		case differs:
			return
		case fails:
			b.failed[index]++
			return
		}
	}
	matched := match{event: number}
	if rule.grouping != none {
		key := b.group(rule.grouping)
		matched.from, matched.length = key.from, key.length
	}
	b.matches[index] = append(b.matches[index], matched)
}

// group returns the event's key in a grouping, which is made once for all rules that have it.
func (b *Batch) group(index int) *group {
	made := &b.groups[index]
	if made.event != b.event {
		from := len(b.keys)
		for _, field := range b.set.groupings[index] {
			b.keys = b.appendKeyField(b.keys, field)
		}
		*made = group{b.event, uint64(from), uint32(len(b.keys) - from)}
	}
	return made
}

// key returns the key of a match, as the engine knows it.
func (b *Batch) key(m match) []byte { return b.keys[m.from : m.from+uint64(m.length)] }

// line returns what people see of an event: its message, or the whole document where it has none, cut. The text is a part of
// the document, or of the batch's memory until the next call.
func (b *Batch) line(number int32) line {
	message := b.lines[number]
	if message.Kind() != event.String {
		return line{text: cutLine(b.raw[number])}
	}
	raw := message.Raw()
	inside := raw[1 : len(raw)-1]
	if len(inside) <= maxLineLength {
		return line{inside, true} // what it says is not longer
	}
	b.long = appendUnescaped(b.long[:0], inside)
	return line{text: cutLine(b.long)}
}

// appendKeyField appends the length and the text of a field's value. A missing field and null are the empty text: events
// without the field share one window rather than go unwatched.
func (b *Batch) appendKeyField(key []byte, field int) []byte {
	start := len(key)
	key = append(key, 0, 0)
	if value := b.values[field]; value.Kind() == event.String {
		key = append(key, b.field(field).text...)
	} else {
		key = value.AppendText(key)
	}
	if text := key[start+2:]; len(text) > maxKeyField {
		hash := sha256.Sum256(text)
		key = append(key[:start+2+maxKeyField], '~')
		key = append(key, hex.EncodeToString(hash[:8])...)
	}
	binary.BigEndian.PutUint16(key[start:], uint16(len(key)-start-2))
	return key
}

// showKey returns the form of a key that people see: the values, separated by commas, "(none)" for an empty one.
func showKey(key []byte) string {
	var values []string
	for len(key) >= 2 {
		length := int(binary.BigEndian.Uint16(key))
		if length > len(key)-2 {
			break
		}
		value := strings.ToValidUTF8(string(key[2:2+length]), "�")
		if value == "" {
			value = "(none)"
		}
		values = append(values, value)
		key = key[2+length:]
	}
	return strings.Join(values, ", ")
}
