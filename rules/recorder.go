package rules

import "encoding/binary"

// The record of observations, as Engine.Observe returns it and Engine.Apply reads it:
//
//	varint arrival          nanoseconds since 1970
//	uvarint lines           the lines that the operations refer to by number,
//	  uvarint length, text    each cut to what an alert shows
//	operations until the end
//
// An operation is a byte, its code in the low three bits and an argument in the high five; 31 there says that a uvarint
// follows to which 31 is added.
//
//	observe ms   zigzag of the milliseconds since the last observation behind the rule operation (first: since arrival);
//	             one event of that time for the key at hand
//	observe ns   the same in nanoseconds
//	repeat       so many more events of the same key and time
//	key          makes the key of that id the key at hand
//	new key      length; the key's bytes follow. It gets the rule's next id and is the key at hand
//	rule         makes the rule of that index the rule at hand
//	control      finish (a varint follows: the end), evict, compact, lines (uvarint count, then so many uvarint
//	             numbers of lines), for the key at hand; rules (uvarint length, JSON): the list of rules from here on
const (
	operationObserveMillis byte = iota
	operationObserveNanos
	operationRepeat
	operationKey
	operationNewKey
	operationRule
	operationControl
)

const (
	controlFinish uint64 = iota
	controlEvict
	controlCompact
	controlLines
	controlRules
)

const (
	operationBits = 3
	longArgument  = 31
	millisecond   = int64(1e6)
)

// recorder writes the record of one call of the engine. While it is off, as during Apply, it writes nothing.
type recorder struct {
	off        bool
	record     []byte
	operations []byte
	arrival    int64
	// at and key are the rule and the key that the operations so far select, base the time of the rule's last observation.
	at   *ruleState
	key  *keyState
	base int64
	// pending is an observation that may still repeat.
	pending struct {
		key  *keyState
		time int64
		more uint64
	}
	lineTexts []byte
	lineCount uint64
	// numbers gives the number in the record, plus one, of the line of each event of the batch.
	numbers []uint32
	touched []*keyState
	scratch []byte
}

func (r *recorder) reset() {
	r.operations, r.lineTexts, r.lineCount = r.operations[:0], r.lineTexts[:0], 0
	r.at, r.key = nil, nil
	r.pending.key = nil
	r.touched = r.touched[:0]
}

func (r *recorder) begin(batch *Batch) {
	r.beginAt(batch.arrival)
	if cap(r.numbers) < batch.Len() {
		r.numbers = make([]uint32, batch.Len())
	}
	r.numbers = r.numbers[:batch.Len()]
	clear(r.numbers)
}

func (r *recorder) beginAt(arrival int64) {
	r.arrival = arrival
}

// bytes returns the record, empty where nothing was recorded.
func (r *recorder) bytes() []byte {
	r.flush()
	if len(r.operations) == 0 {
		return nil
	}
	r.record = binary.AppendVarint(r.record[:0], r.arrival)
	r.record = binary.AppendUvarint(r.record, r.lineCount)
	r.record = append(r.record, r.lineTexts...)
	r.record = append(r.record, r.operations...)
	return r.record
}

func (r *recorder) operation(code byte, argument uint64) {
	if argument < longArgument {
		r.operations = append(r.operations, code|byte(argument)<<operationBits)
		return
	}
	r.operations = append(r.operations, code|longArgument<<operationBits)
	r.operations = binary.AppendUvarint(r.operations, argument-longArgument)
}

func (r *recorder) selectRule(rule *ruleState) {
	if r.at != rule {
		r.at, r.key, r.base = rule, nil, r.arrival
		r.operation(operationRule, uint64(rule.index))
	}
}

func (r *recorder) selectKey(key *keyState) {
	r.selectRule(key.rule)
	if r.key != key {
		r.key = key
		r.operation(operationKey, key.id)
	}
}

func (r *recorder) newKey(key *keyState) {
	if r.off {
		return
	}
	r.flush()
	r.selectRule(key.rule)
	r.key = key
	r.operation(operationNewKey, uint64(len(key.key)))
	r.operations = append(r.operations, key.key...)
}

// observe records one event that counted.
func (r *recorder) observe(key *keyState, at int64) {
	if r.off {
		return
	}
	if r.pending.key == key && r.pending.time == at {
		r.pending.more++
		return
	}
	r.flush()
	r.pending.key, r.pending.time, r.pending.more = key, at, 0
}

func (r *recorder) flush() {
	key := r.pending.key
	if key == nil {
		return
	}
	r.pending.key = nil
	r.selectKey(key)
	delta := r.pending.time - r.base
	r.base = r.pending.time
	if delta%millisecond == 0 {
		r.operation(operationObserveMillis, zigzag(delta/millisecond))
	} else {
		r.operation(operationObserveNanos, zigzag(delta))
	}
	if r.pending.more > 0 {
		r.operation(operationRepeat, r.pending.more)
	}
}

func (r *recorder) control(key *keyState, argument uint64) {
	if r.off {
		return
	}
	r.flush()
	r.selectKey(key)
	r.operation(operationControl, argument)
}

func (r *recorder) finish(key *keyState, at int64) {
	if r.off {
		return
	}
	r.control(key, controlFinish)
	r.operations = binary.AppendVarint(r.operations, at)
}

func (r *recorder) rules(definitions []byte) {
	if r.off {
		return
	}
	r.flush()
	r.at, r.key = nil, nil
	r.operation(operationControl, controlRules)
	r.operations = binary.AppendUvarint(r.operations, uint64(len(definitions)))
	r.operations = append(r.operations, definitions...)
}

// line notes that an event's line is now the latest of its key.
func (r *recorder) line(key *keyState, number int32) {
	if r.off {
		return
	}
	if key.fresh == 0 {
		r.touched = append(r.touched, key)
	}
	key.fresh = min(key.fresh+1, maxLines)
	key.lines.push(number)
}

// freshLines copies the lines that the batch left with the rule's keys, and records them.
func (r *recorder) freshLines(batch *Batch) {
	for _, key := range r.touched {
		fresh := key.fresh
		key.fresh = 0
		if key.forgotten {
			continue
		}
		r.control(key, controlLines)
		r.operations = binary.AppendUvarint(r.operations, uint64(fresh))
		for i := key.lines.size - fresh; i < key.lines.size; i++ {
			line := &key.lines.list[i]
			r.operations = binary.AppendUvarint(r.operations, r.lineNumber(batch, line.event))
			line.text = batch.appendLine(line.text[:0], line.event)
			line.event = stored
		}
	}
	r.touched = r.touched[:0]
}

func (r *recorder) lineNumber(batch *Batch, event int32) uint64 {
	if number := r.numbers[event]; number > 0 {
		return uint64(number - 1)
	}
	r.scratch = batch.appendLine(r.scratch[:0], event)
	r.lineTexts = binary.AppendUvarint(r.lineTexts, uint64(len(r.scratch)))
	r.lineTexts = append(r.lineTexts, r.scratch...)
	number := r.lineCount
	r.lineCount++
	r.numbers[event] = uint32(r.lineCount)
	return number
}

// texts returns the key's lines as they are at this moment.
func (r *recorder) texts(key *keyState, batch *Batch) []string {
	list := make([]string, 0, key.lines.size)
	for i := range key.lines.size {
		line := &key.lines.list[i]
		if line.event == stored {
			list = append(list, string(line.text))
			continue
		}
		r.scratch = batch.appendLine(r.scratch[:0], line.event)
		list = append(list, string(r.scratch))
	}
	return list
}

func zigzag(value int64) uint64 { return uint64(value)<<1 ^ uint64(value>>63) }

func unzigzag(value uint64) int64 { return int64(value>>1) ^ -int64(value&1) }
