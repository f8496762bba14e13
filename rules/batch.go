package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"slices"
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
	scanner *event.Scanner
	parser  event.TimeParser
	arrival int64
	times   []int64
	// messages are the values of the message field as they are written, nil where there is none.
	messages [][]byte
	raw      [][]byte
	// matches are the events that rules match: for each block of events, one word a rule. matched is how many each has.
	matches []rows
	matched []int
	failed  []uint64
	// skipped are the events that the engine passes over, a word for each block; empty where it takes all.
	skipped []rows
	// repeated are the events that have the time of the one before them in their block, a word for each block.
	repeated []rows
	// keys are all keys, one behind the other, and groups where those of each grouping are.
	keys   []byte
	groups []group
	// judged is how many events of the block at hand were judged, and verdicts what the conditions of the set said of them.
	judged   int
	verdicts []verdicts
	// long is where a line is made that has to be cut.
	long []byte
	evaluator
}

// group is what one grouping makes of the events: the key of each event of which some rule needs it. made are those events of
// the block at hand that have one.
type group struct {
	keys []madeKey
	made rows
}

// madeKey is where a key begins in Batch.keys, and in the low 16 bits its length; and its hash.
type madeKey struct{ place, hash uint64 }

const keyLengthBits = 16

// NewBatch returns an empty batch for the set.
func (s *Set) NewBatch() *Batch {
	return &Batch{
		set:       s,
		scanner:   s.selector.NewScanner(),
		matched:   make([]int, len(s.rules)),
		failed:    make([]uint64, len(s.rules)),
		verdicts:  make([]verdicts, len(s.conditions)),
		groups:    make([]group, len(s.groupings)),
		evaluator: newEvaluator(s, blockSize),
	}
}

// Reset empties the batch and sets the arrival time, in nanoseconds since 1970, of the events that will be added.
func (b *Batch) Reset(arrival int64) {
	b.arrival = arrival
	clear(b.messages)
	clear(b.raw)
	b.times, b.messages, b.raw, b.keys = b.times[:0], b.messages[:0], b.raw[:0], b.keys[:0]
	b.matches, b.repeated = b.matches[:0], b.repeated[:0]
	clear(b.matched)
	clear(b.failed)
	for i := range b.groups {
		b.groups[i].keys, b.groups[i].made = b.groups[i].keys[:0], 0
	}
	b.judged = 0
	b.release()
	b.SkipNone()
}

// Values returns the fields of the event that was added last, by the indices of Set.Selector. They are valid until the
// next Add or Reset, and must not be changed.
func (b *Batch) Values() []event.Value { return b.values[(b.count-1)*b.fields : b.count*b.fields] }

// Len returns how many events were added.
func (b *Batch) Len() int { return len(b.times) }

// Arrival returns the arrival time of the batch, in nanoseconds since 1970.
func (b *Batch) Arrival() int64 { return b.arrival }

// Add decodes one event: it checks the JSON and reads the time. Which rules match is found out for many events at once,
// see Finish. It fails, and adds nothing, when the document is not a JSON object; the error is an *event.SyntaxError.
func (b *Batch) Add(document []byte) (Timestamp, error) {
	if b.count == blockSize {
		b.beginBlock()
	}
	values := b.free()
	if err := b.scanner.Scan(document, values); err != nil {
		return 0, err
	}
	at, timestamp := b.time(&values[b.set.timestamp])
	b.times = append(b.times, at)
	b.messages = append(b.messages, values[b.set.message].Raw())
	b.raw = append(b.raw, document)
	if b.take(); b.count == blockSize {
		b.Finish()
	}
	return timestamp, nil
}

func (b *Batch) beginBlock() {
	b.next()
	b.judged = 0
	for i := range b.groups {
		b.groups[i].made = 0
	}
}

// Finish finds the rules that match, and the keys, for those of the added events for which that was not done yet.
// Engine.Observe does it where it was not called, but the engine has one goroutine and decoding may have many. Events may
// be added afterwards.
func (b *Batch) Finish() {
	of := firstRows(b.count) &^ firstRows(b.judged)
	if of == 0 {
		return
	}
	if b.judged == 0 {
		b.matches = append(b.matches, make([]rows, len(b.set.rules))...)
		b.repeated = append(b.repeated, 0)
	}
	b.noteRepeated()
	b.judged = b.count
	b.judgement++
	for i, condition := range b.set.conditions {
		b.verdicts[i] = b.evaluate(condition, of)
	}
	for i := range b.set.rules {
		b.match(i, of)
	}
}

// Skip makes the engine pass over the events for which skipped returns true, by their place in the batch, as if they had
// not come. It is asked for each event, and takes the place of an earlier call.
func (b *Batch) Skip(skipped func(event int) bool) {
	b.skipped = append(b.skipped[:0], make([]rows, (len(b.times)+blockSize-1)/blockSize)...)
	for i := range b.times {
		if skipped(i) {
			b.skipped[i/blockSize] |= rowBit(i)
		}
	}
}

// SkipNone undoes Skip.
func (b *Batch) SkipNone() { b.skipped = b.skipped[:0] }

// SetArrival makes the time of the last event the batch's arrival time, as replay wants it.
func (b *Batch) SetArrival() {
	if len(b.times) > 0 {
		b.arrival = b.times[len(b.times)-1]
	}
}

func (b *Batch) time(value *event.Value) (int64, Timestamp) {
	switch value.Kind() {
	case event.Missing, event.Null:
		return b.arrival, TimestampMissing
	case event.String:
		text, ok := value.Bytes()
		if !ok {
			text = value.AppendText(nil)
		}
		if at, err := b.parser.Parse(text); err == nil {
			return at, TimestampParsed
		}
	}
	return b.arrival, TimestampUnparsable
}

// match notes which events of the block at hand a rule matches.
func (b *Batch) match(index int, of rows) {
	rule := &b.set.rules[index]
	if rule.condition != none {
		result := &b.verdicts[rule.condition]
		b.failed[index] += uint64(result.fails.count())
		of = result.matches
	}
	if of == 0 {
		return
	}
	b.matched[index] += of.count()
	b.matches[len(b.matches)-len(b.set.rules)+index] |= of
	if rule.grouping != none {
		b.group(rule.grouping, of)
	}
}

// noteRepeated notes which events of the block at hand have the time of the one before.
func (b *Batch) noteRepeated() {
	times, repeated := b.times[len(b.times)-b.count:], rows(0)
	for row := 1; row < len(times); row++ {
		if times[row] == times[row-1] {
			repeated |= rowBit(row)
		}
	}
	b.repeated[len(b.repeated)-1] = repeated
}

// blocks returns how many blocks of events there are that were judged.
func (b *Batch) blocks() int { return len(b.repeated) }

// sameTime returns the events of a block from a given one on, up to the first that has another time.
func (b *Batch) sameTime(number int32) rows {
	row := number % blockSize
	repeated := b.repeated[number/blockSize] >> row >> 1
	return firstRows(1+bits.TrailingZeros64(^uint64(repeated))) << row
}

// matchesOf returns the events of a block that a rule matches, without those to be skipped.
func (b *Batch) matchesOf(index, block int) rows {
	matches := b.matches[block*len(b.set.rules)+index]
	if block < len(b.skipped) {
		matches &^= b.skipped[block]
	}
	return matches
}

// appendMatches appends the numbers of the events that a rule matches, without those to be skipped.
func (b *Batch) appendMatches(numbers []int32, index int) []int32 {
	for block := range b.blocks() {
		for left := b.matchesOf(index, block); left != 0; left &= left - 1 {
			numbers = append(numbers, int32(block*blockSize+left.first()))
		}
	}
	return numbers
}

// group makes the keys of events in a grouping, once for all rules that have it.
func (b *Batch) group(index int, of rows) {
	made := &b.groups[index]
	of &^= made.made
	made.made |= of
	made.keys = slices.Grow(made.keys, len(b.times)-len(made.keys))[:len(b.times)]
	keys, fields := made.keys[len(b.times)-b.count:], b.set.groupings[index]
	for _, index := range fields {
		b.plainOf(field(index), of&b.column(field(index)).text)
	}
	for ; of != 0; of &= of - 1 {
		row, from := of.first(), len(b.keys)
		for _, index := range fields {
			b.keys = b.appendKeyField(b.keys, row, field(index))
		}
		keys[row] = madeKey{uint64(from)<<keyLengthBits | uint64(len(b.keys)-from), hashKey(b.keys[from:])}
	}
}

// key returns the key of an event in the grouping of a rule that it matches, and its hash; the key is empty where the rule has none.
func (b *Batch) key(rule int, number int32) (name []byte, hash uint64) {
	index := b.set.rules[rule].grouping
	if index == none {
		return nil, hashKey(nil)
	}
	made := &b.groups[index].keys[number]
	from := made.place >> keyLengthBits
	return b.keys[from : from+made.place&(1<<keyLengthBits-1)], made.hash
}

// line returns what people see of an event: its message, or the whole document where it has none, cut. The text is a part of
// the document, or of the batch's memory until the next call.
func (b *Batch) line(number int32) line {
	raw := b.messages[number]
	if len(raw) == 0 || raw[0] != '"' {
		return line{text: cutLine(b.raw[number])}
	}
	inside := raw[1 : len(raw)-1]
	if len(inside) <= maxLineLength {
		return line{inside, true} // what it says is not longer
	}
	b.long = appendUnescaped(b.long[:0], inside)
	return line{text: cutLine(b.long)}
}

// appendKeyField appends the length and the text of a field's value. A missing field and null are the empty text: events
// without the field share one window rather than go unwatched.
func (b *Batch) appendKeyField(key []byte, row int, field field) []byte {
	column := b.column(field)
	if column.plain.yes.has(row) {
		if text := b.inside(row, field); len(text) <= maxKeyField {
			key = append(key, byte(len(text)>>8), byte(len(text)))
			return append(key, text...)
		}
	}
	start := len(key)
	key = append(key, 0, 0)
	switch {
	case column.text.has(row):
		b.at(row)
		key = append(key, field.operand(&b.evaluator).text...)
	default:
		b.at(row)
		key = b.value(int(field)).AppendText(key)
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
	values := keyValues(key)
	for i, value := range values {
		if value == "" {
			values[i] = "(none)"
		}
	}
	return strings.Join(values, ", ")
}

// keyValues returns what a key is made of: a value for each field, as valid UTF-8.
func keyValues(key []byte) []string {
	var values []string
	for len(key) >= 2 {
		length := int(binary.BigEndian.Uint16(key))
		if length > len(key)-2 {
			break
		}
		values = append(values, strings.ToValidUTF8(string(key[2:2+length]), "�"))
		key = key[2+length:]
	}
	return values
}
