package rules

import "encoding/binary"

// The record of observations, as Engine.Observe returns it and Engine.Apply reads it:
//
//	varint arrival          nanoseconds since 1970
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
//	control      for the key at hand: finish (a varint follows: the end), evict, compact, and lines: uvarint count, then
//	             so many new lines of the key, after which it keeps those that an alert can still show. Each is a
//	             uvarint, the number of a line that came before in the record, counted from 1, or 0, and then a line
//	             follows: uvarint twice the length, plus 1 if it has the escapes of a JSON string; the text.
//	             rules (uvarint length, JSON): the list of rules from here on
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
	off     bool
	record  []byte
	header  int
	arrival int64
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
	// numbers gives the number in the record, or 0, of the line of each event of the batch; lineCount is the last one.
	numbers   []uint32
	lineCount uint32
	touched   []*keyState
	recent    recentLines
}

// recentLines are the latest events of the key of a rule without groups, whose lines its key does not have yet: most will be
// followed by so many others that nobody needs them.
type recentLines struct {
	key *keyState
	// pieces are the latest, a ring in which the next one goes to the place next. maxLines of them are enough.
	pieces [8]piece
	next   uint
}

// piece is events of a block.
type piece struct {
	block  int32
	events rows
}

// reset begins the record of a call that has no arrival time, and so records nothing.
func (r *recorder) reset() {
	r.record, r.header, r.lineCount = r.record[:0], 0, 0
	r.at, r.key = nil, nil
	r.pending.key = nil
	r.touched = r.touched[:0]
	r.recent.key = nil
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
	r.record = binary.AppendVarint(r.record[:0], arrival)
	r.header = len(r.record)
}

// bytes returns the record, empty where nothing was recorded.
func (r *recorder) bytes() []byte {
	r.flush()
	if len(r.record) == r.header {
		return nil
	}
	return r.record
}

func (r *recorder) operation(code byte, argument uint64) {
	r.record = appendOperation(r.record, code, argument)
}

func appendOperation(to []byte, code byte, argument uint64) []byte {
	if argument < longArgument {
		return append(to, code|byte(argument)<<operationBits)
	}
	return binary.AppendUvarint(append(to, code|longArgument<<operationBits), argument-longArgument)
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
	r.record = append(r.record, key.key...)
}

// observe records events of one time that counted.
func (r *recorder) observe(key *keyState, at int64, events uint64) {
	if r.off {
		return
	}
	if r.pending.key == key && r.pending.time == at {
		r.pending.more += events
		return
	}
	r.flush()
	r.pending.key, r.pending.time, r.pending.more = key, at, events-1
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
	record := r.record
	if milliseconds := delta / millisecond; milliseconds*millisecond == delta {
		record = appendOperation(record, operationObserveMillis, zigzag(milliseconds))
	} else {
		record = appendOperation(record, operationObserveNanos, zigzag(delta))
	}
	if r.pending.more > 0 {
		record = appendOperation(record, operationRepeat, r.pending.more)
	}
	r.record = record
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
	r.record = binary.AppendVarint(r.record, at)
}

func (r *recorder) rules(definitions []byte) {
	if r.off {
		return
	}
	r.flush()
	r.at, r.key = nil, nil
	r.operation(operationControl, controlRules)
	r.record = binary.AppendUvarint(r.record, uint64(len(definitions)))
	r.record = append(r.record, definitions...)
}

// lines notes that the lines of some events of a block are now the latest of their key, the only one of its rule.
func (r *recorder) lines(key *keyState, block int32, events rows) {
	if r.off {
		return
	}
	if r.recent.key != key {
		r.bringLines()
		r.recent = recentLines{key: key}
	}
	r.recent.pieces[r.recent.next%uint(len(r.recent.pieces))] = piece{block, events}
	r.recent.next++
}

// bringLines gives a key the lines that it does not have yet.
func (r *recorder) bringLines() {
	recent := &r.recent
	if recent.key == nil {
		return
	}
	for next := recent.next - min(recent.next, maxLines); next < recent.next; next++ {
		piece := &recent.pieces[next%uint(len(recent.pieces))]
		for events := piece.events.latest(maxLines); events != 0; events &= events - 1 {
			r.line(recent.key, piece.block*blockSize+int32(events.first()))
		}
	}
	recent.key = nil
}

// line notes that an event's line is now the latest of its key.
func (r *recorder) line(key *keyState, number int32) {
	if r.off || !key.wantsLines() { // freshLines would drop it
		return
	}
	lines := key.theLines()
	if lines.fresh == 0 {
		lines.before = lines.size
		r.touched = append(r.touched, key)
	}
	lines.fresh = min(lines.fresh+1, maxLines)
	lines.push(number)
}

// freshLines copies the lines that the batch left with the rule's keys, as far as an alert can still show them, and
// records them.
func (r *recorder) freshLines(batch *Batch) {
	r.bringLines()
	for _, key := range r.touched {
		lines := key.lines
		fresh, before := int(lines.fresh), lines.before
		lines.fresh = 0
		if key.forgotten {
			continue
		}
		lines.keep(key.showable())
		if lines.size == 0 && before == 0 {
			continue // as it was
		}
		fresh = min(fresh, int(lines.size))
		r.control(key, controlLines)
		r.record = binary.AppendUvarint(r.record, uint64(fresh))
		for i := int(lines.size) - fresh; i < int(lines.size); i++ {
			place := lines.place(i)
			text := batch.line(lines.events[place])
			r.recordLine(lines.events[place], text)
			lines.texts[place].set(text)
			lines.events[place] = stored
		}
	}
	r.touched = r.touched[:0]
}

// recordLine records an event's line, or where it stands already.
func (r *recorder) recordLine(event int32, text line) {
	number := r.numbers[event]
	r.record = binary.AppendUvarint(r.record, uint64(number))
	if number == 0 {
		r.record = appendLine(r.record, text)
		r.lineCount++
		r.numbers[event] = r.lineCount
	}
}

// texts returns the key's lines as they are at this moment.
func (r *recorder) texts(key *keyState, batch *Batch) []string {
	r.bringLines()
	list := make([]string, 0, key.lines.count())
	for i := range key.lines.count() {
		place := key.lines.place(i)
		text := key.lines.texts[place]
		if event := key.lines.events[place]; event != stored {
			text = batch.line(event)
		}
		list = append(list, text.String())
	}
	return list
}

func zigzag(value int64) uint64 { return uint64(value)<<1 ^ uint64(value>>63) }

func unzigzag(value uint64) int64 { return int64(value>>1) ^ -int64(value&1) }
