package resend

import (
	"fmt"
	"math"

	"github.com/logboom/logboom/event"
)

// Mark stands for the identity of an event. Marks of different seeds say nothing of each other.
type Mark uint64

// The fields of an event that an identity is made of, by their place in paths.
const (
	fieldOffset = iota
	fieldMessage
	fieldAgent
	fieldFile
	fields
)

// paths are where they stand. The file is selected as a whole, which is much cheaper than what is in it, and seldom another
// one than that of the events before.
var paths = [fields]string{"log.offset", "message", "agent.id", "log.file"}

// Paths returns the paths of the fields that a selector must have for NewHasher, in a slice of the caller's own.
func Paths() []string { return append([]string(nil), paths[:]...) }

// Hasher knows how to make marks of events; a [Batch] makes them. It never changes and is safe for concurrent use. It is small: pass it by value.
type Hasher struct {
	seed   Seed
	key    *key
	places [fields]uint16
	files  *fileReader
}

// NewHasher returns a hasher for the values that the selector finds. It fails if one of Paths is not selected.
func NewHasher(seed Seed, selector *event.Selector) (Hasher, error) {
	h := Hasher{seed: seed, key: newKey(seed), files: newFileReader()}
	for i, path := range paths {
		place, selected := selector.Index(path)
		if !selected {
			return Hasher{}, fmt.Errorf("recognise resends: field %s is not selected", path)
		}
		h.places[i] = uint16(place)
	}
	return h, nil
}

// identify returns the mark of an event and a hash of its agent, never 0, from the values of [event.Selector.Scan]. Both are
// 0 for an event without an identity: one without an origin, or whose offset is no whole number.
func (b *Batch) identify(values []event.Value, document []byte) identity {
	places := &b.hasher.places
	offset, whole := values[places[fieldOffset]].Int()
	if !whole {
		b.files.anonymous++
		return identity{}
	}
	from := b.latest
	agent, file := &values[places[fieldAgent]], &values[places[fieldFile]]
	if !from.is(agent.Raw(), file.Raw()) {
		from = b.originOf(agent, file, document)
	}
	if from.agent == 0 {
		b.files.anonymous++
		return identity{}
	}
	b.files.add(from, offset, b.number)
	d := b.value(from.digest, &values[places[fieldMessage]])
	d = b.hasher.key.pair(d, uint64(offset), 0)
	return identity{from.agent, Mark(b.hasher.key.mark.of(d))}
}

// value hashes a value, or that it is not there: that takes no words but a length that no text has.
func (b *Batch) value(d digest, value *event.Value) digest {
	key := b.hasher.key
	switch value.Kind() {
	case event.Missing, event.Null:
		return key.pair(d, math.MaxUint64, 0)
	case event.String:
		inside := value.Raw()[1 : len(value.Raw())-1]
		if value.Plain() || !mayHaveOddEscape(inside) || isCanonical(inside) {
			return key.text(d, inside)
		}
		b.buffer = appendCanonical(b.buffer[:0], inside)
	default:
		b.buffer = appendValue(b.buffer[:0], *value)
	}
	return key.text(d, b.buffer)
}
