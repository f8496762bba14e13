package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// Cursor is how far a sink has come, with what it needs to go on.
type Cursor struct {
	Sink  string
	After uint64
	State []byte
}

// PutCursor stores a sink's cursor. The name must have 1 to 32,768 bytes.
func (t *Tx) PutCursor(sink string, after uint64, state []byte) error {
	return t.put(bucketCursors, []byte(sink), append(bigEndian(after), state...))
}

// Cursor returns a sink's cursor, and false where there is none.
func (t *Tx) Cursor(sink string) (Cursor, bool, error) {
	value, err := t.get(bucketCursors, []byte(sink))
	if err != nil || len(value) < 8 {
		return Cursor{}, false, err
	}
	return decodeCursor([]byte(sink), value), true, nil
}

// Cursors returns all cursors in the order of the sinks' names.
func (t *Tx) Cursors() ([]Cursor, error) {
	var cursors []Cursor
	err := t.each(bucketCursors, nil, func(key, value []byte) bool {
		if len(value) >= 8 {
			cursors = append(cursors, decodeCursor(key, value))
		}
		return true
	})
	return cursors, err
}

func decodeCursor(key, value []byte) Cursor {
	cursor := Cursor{Sink: string(key), After: binary.BigEndian.Uint64(value)}
	if len(value) > 8 {
		cursor.State = value[8:]
	}
	return cursor
}

// DeleteCursor removes a sink's cursor, if there is one.
func (t *Tx) DeleteCursor(sink string) error { return t.remove(bucketCursors, []byte(sink)) }

// Transition is a stored transition: its number and whatever bytes the caller made of it.
type Transition struct {
	Number uint64
	Data   []byte
}

// PutTransition stores a transition, in the place of one with the same number.
func (t *Tx) PutTransition(number uint64, data []byte) error {
	if err := t.put(bucketTransitions, bigEndian(number), data); err != nil {
		return err
	}
	last, err := t.number(metaTransition)
	if err != nil || number <= last {
		return err
	}
	return t.put(bucketMeta, metaTransition, bigEndian(number))
}

// Transitions returns up to limit stored transitions with numbers greater than after, in order.
func (t *Tx) Transitions(after uint64, limit int) ([]Transition, error) {
	var found []Transition
	if limit <= 0 || after+1 == 0 {
		return nil, nil
	}
	err := t.each(bucketTransitions, bigEndian(after+1), func(key, value []byte) bool {
		found = append(found, Transition{binary.BigEndian.Uint64(key), value})
		return len(found) < limit
	})
	return found, err
}

// DeleteTransitions removes all transitions with numbers up to through.
func (t *Tx) DeleteTransitions(through uint64) error {
	return t.guard(func() error {
		bucket := t.bolt.Bucket([]byte(bucketTransitions))
		cursor := bucket.Cursor()
		for key, value := cursor.First(); key != nil; key, value = cursor.First() {
			if binary.BigEndian.Uint64(key) > through {
				return nil
			}
			t.account(bucketTransitions, value, nil)
			if err := bucket.Delete(key); err != nil {
				return fmt.Errorf("delete transition: %w", err)
			}
		}
		return nil
	})
}

// TransitionNumbers returns the number of the oldest transition that is stored, 0 where there is none, and the highest
// number ever stored, which outlives the transitions.
func (t *Tx) TransitionNumbers() (first, last uint64, err error) {
	if last, err = t.number(metaTransition); err != nil {
		return 0, 0, err
	}
	err = t.each(bucketTransitions, nil, func(key, _ []byte) bool {
		first = binary.BigEndian.Uint64(key)
		return false
	})
	return first, last, err
}

// End is when the last episode of a rule's key ended, in nanoseconds since 1970.
type End struct {
	Rule string
	Key  []byte
	End  int64
}

// PutEnds stores ends, which are never removed. It does so in the order in which they stand in the small state: in any other one, bbolt
// would move half of those before for each.
func (t *Tx) PutEnds(ends []End) error {
	type entry struct{ key, value []byte }
	entries := make([]entry, len(ends))
	for i, end := range ends {
		entries[i] = entry{endKey(end.Rule, end.Key), bigEndian(uint64(end.End))}
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	for _, entry := range entries {
		if err := t.put(bucketEnds, entry.key, entry.value); err != nil {
			return err
		}
	}
	return nil
}

// End returns what PutEnds stored, and false where there is nothing.
func (t *Tx) End(rule string, key []byte) (int64, bool, error) {
	value, err := t.get(bucketEnds, endKey(rule, key))
	if err != nil || len(value) != 8 {
		return 0, false, err
	}
	return int64(binary.BigEndian.Uint64(value)), true, nil
}

// endKey returns a key of the bucket ends. A long one is hashed, since a client chooses the keys of a rule and bbolt's
// pages hold few long ones.
func endKey(rule string, key []byte) []byte {
	const longest = 512
	plain := append([]byte{0}, byte(len(rule)>>8), byte(len(rule)))
	plain = append(append(plain, rule...), key...)
	if len(plain)-1 <= longest {
		return plain
	}
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(rule)))
	hash := sha256.New()
	hash.Write(length[:])
	hash.Write([]byte(rule))
	hash.Write(key)
	return hash.Sum([]byte{1})
}
