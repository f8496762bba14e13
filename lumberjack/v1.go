package lumberjack

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// mostPairs is how many pairs an event of version 1 may have. One with more is rejected like one that is too large.
// logstash-forwarder sends four, and those that people configured.
const mostPairs = 1024

// pairsCost is what the lists of one event's pairs count for in the budget.
const pairsCost = 64 << 10

// Names of the line in version 1 and in version 2. Logstash's beats input makes the first into the second.
var (
	nameLine    = []byte("line")
	nameMessage = []byte("message")
)

// pairs are the fields of one event of version 1, and what is needed to make a JSON object of them. It is used again for
// the next event.
type pairs struct {
	fields [][]byte // key, value, key, value, ...
	length int64    // of all fields
	order  []int    // the pairs, sorted by key
	hidden []bool   // pairs whose key comes again

	message  bool // whether there is a message, so that a line stays a line
	reserved bool // whether pairsCost was taken for this window
}

// readPairs reads what follows the type of a frame of pairs and adds the event to the window.
func (r *windowReader) readPairs(source frameSource) error {
	sequence, count, err := readNumbers(source)
	if err != nil {
		return err
	}
	if err := r.beginPairs(); err != nil {
		return err
	}
	left := 2 * int64(count)
	if count > mostPairs {
		return r.rejectPairs(source, sequence, left, fmt.Sprintf("event of %d pairs, at most %d are taken", count, mostPairs))
	}
	for ; left > 0; left-- {
		size, err := readNumber(source)
		if err != nil {
			return err
		}
		if r.pairs.length+int64(size) > r.limits.Event {
			return r.rejectPairsFrom(source, sequence, left, int64(size))
		}
		if err := r.keepField(source, int(size)); err != nil {
			return err
		}
	}
	return r.addPairs(sequence)
}

// beginPairs makes room for an event. Its memory is reserved once a window.
func (r *windowReader) beginPairs() error {
	r.pairs.fields, r.pairs.length = r.pairs.fields[:0], 0
	if r.pairs.reserved {
		return nil
	}
	r.pairs.reserved = true
	return r.reservation.take(pairsCost)
}

// keepField reads one key or value.
func (r *windowReader) keepField(source frameSource, size int) error {
	field, err := source.keep(size)
	if err != nil {
		return err
	}
	r.pairs.fields = append(r.pairs.fields, field)
	r.pairs.length += int64(size)
	return nil
}

// addPairs adds the event to the window, as a JSON object.
func (r *windowReader) addPairs(sequence uint32) error {
	r.pairs.arrange()
	size := r.pairs.objectLength()
	if int64(size) > r.limits.Event {
		return r.rejectPairs(nil, sequence, 0, r.tooLarge(int64(size)))
	}
	if err := r.window.mayKeep(int64(size)); err != nil {
		return err
	}
	object, err := r.window.made.allocate(size)
	if err != nil {
		return err
	}
	return r.window.add(sequence, r.pairs.appendObject(object[:0]))
}

func (r *windowReader) tooLarge(size int64) string {
	return fmt.Sprintf("event of %d bytes or more is larger than the limit of %d", size, r.limits.Event)
}

// rejectPairsFrom rejects an event of which a field, whose size was read already, is beyond the limit.
func (r *windowReader) rejectPairsFrom(source frameSource, sequence uint32, left, size int64) error {
	reason := r.tooLarge(r.pairs.length + size)
	if err := r.passField(source, size); err != nil {
		return err
	}
	return r.rejectPairs(source, sequence, left-1, reason)
}

// rejectPairs reads past the fields that are left and rejects the event.
func (r *windowReader) rejectPairs(source frameSource, sequence uint32, left int64, reason string) error {
	for ; left > 0; left-- {
		size, err := readNumber(source)
		if err != nil {
			return err
		}
		if err := r.passField(source, int64(size)); err != nil {
			return err
		}
	}
	prefix, err := r.pairsPrefix()
	if err != nil {
		return err
	}
	return r.window.reject(sequence, Rejected{Prefix: prefix, Length: r.pairs.length, Reason: reason})
}

// passField reads past a field and keeps its beginning while the beginning of the event is not full, nor the list of its fields,
// which pairsCost stands for: an event can have four billion of one byte.
func (r *windowReader) passField(source frameSource, size int64) error {
	kept := min(size, max(rejectedPrefix-r.pairs.length, 0))
	if len(r.pairs.fields) >= 2*mostPairs {
		kept = 0
	}
	if kept > 0 {
		field, err := source.keep(int(kept))
		if err != nil {
			return err
		}
		r.pairs.fields = append(r.pairs.fields, field)
	}
	r.pairs.length += size
	return source.skip(size - kept)
}

// pairsPrefix returns the first 64 KiB of the fields that were kept in one piece.
func (r *windowReader) pairsPrefix() ([]byte, error) {
	size := int64(0)
	for _, field := range r.pairs.fields {
		size += int64(len(field))
	}
	size = min(size, rejectedPrefix)
	if err := r.window.mayKeep(size); err != nil {
		return nil, err
	}
	prefix, err := r.window.made.allocate(int(size))
	if err != nil {
		return nil, err
	}
	filled := 0
	for _, field := range r.pairs.fields {
		filled += copy(prefix[filled:], field)
	}
	return prefix, nil
}

// count returns the number of pairs.
func (p *pairs) count() int { return len(p.fields) / 2 }

// key returns the key of a pair, as it is in the object.
func (p *pairs) key(pair int) []byte {
	key := p.fields[2*pair]
	if !p.message && bytes.Equal(key, nameLine) {
		return nameMessage
	}
	return key
}

// value returns the value of a pair.
func (p *pairs) value(pair int) []byte { return p.fields[2*pair+1] }

// hasKey says whether there is a pair of that key.
func (p *pairs) hasKey(key []byte) bool {
	for pair := range p.count() {
		if bytes.Equal(p.fields[2*pair], key) {
			return true
		}
	}
	return false
}

// arrange finds out which pairs become members of the object, and under which key: a line is the message, unless there is
// a message already, and each key has its last value only.
func (p *pairs) arrange() {
	p.message = p.hasKey(nameMessage)
	p.order, p.hidden = p.order[:0], p.hidden[:0]
	for pair := range p.count() {
		p.order = append(p.order, pair)
		p.hidden = append(p.hidden, false)
	}
	slices.SortFunc(p.order, func(a, b int) int {
		return cmp.Or(bytes.Compare(p.key(a), p.key(b)), a-b)
	})
	for i := 1; i < len(p.order); i++ {
		p.hidden[p.order[i-1]] = bytes.Equal(p.key(p.order[i-1]), p.key(p.order[i]))
	}
}

// objectLength returns the length of what appendObject appends.
func (p *pairs) objectLength() int {
	length, members := len("{}"), 0
	for pair := range p.count() {
		if !p.hidden[pair] {
			length += jsonStringLength(p.key(pair)) + len(":") + jsonStringLength(p.value(pair))
			members++
		}
	}
	return length + max(members-1, 0)*len(",")
}

// appendObject appends the pairs as a JSON object of strings, in the order they came. Keys stay as they are, also those
// with dots.
func (p *pairs) appendObject(object []byte) []byte {
	object = append(object, '{')
	for pair := range p.count() {
		if p.hidden[pair] {
			continue
		}
		if object[len(object)-1] != '{' {
			object = append(object, ',')
		}
		object = append(appendJSONString(object, p.key(pair)), ':')
		object = appendJSONString(object, p.value(pair))
	}
	return append(object, '}')
}
