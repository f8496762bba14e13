package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// The buckets of the small state. See the package comment.
const (
	bucketMeta        = "meta"
	bucketCheckpoint  = "checkpoint"
	bucketCursors     = "cursors"
	bucketEnds        = "ends"
	bucketTransitions = "transitions"
	bucketValues      = "values"
)

var buckets = []string{
	bucketMeta, bucketCheckpoint, bucketCursors, bucketEnds, bucketTransitions, bucketValues,
}

// Tx is a transaction on the small state, valid during the call of the function that it was given to, for one
// goroutine. Byte slices that it returns belong to the caller; those that it is given must not change before the
// transaction is over. An error of ErrStateDamaged from any method ends the transaction: nothing of it is stored.
type Tx struct {
	bolt *bbolt.Tx
	// durable returns the highest durable sequence; nil while a file is rewritten.
	durable func() uint64
	totals  map[string]total
	// damage is set when a page or a sum is wrong.
	damage error
}

// guard runs one access to bbolt and remembers damage.
func (t *Tx) guard(do func() error) error {
	if t.damage != nil {
		return t.damage
	}
	err := guard(do)
	if errors.Is(err, ErrStateDamaged) {
		t.damage = err
	}
	return err
}

// get returns a copy of a value, or nil where there is none.
func (t *Tx) get(bucket string, key []byte) (value []byte, err error) {
	err = t.guard(func() error {
		sealed := t.bolt.Bucket([]byte(bucket)).Get(key)
		if sealed == nil {
			return nil
		}
		found, _, ok := unseal(bucket, key, sealed)
		if !ok {
			return fmt.Errorf("%w: a value in %s has a wrong sum", ErrStateDamaged, bucket)
		}
		value = append(make([]byte, 0, len(found)), found...)
		return nil
	})
	return value, err
}

// put stores a value and counts it in the bucket's total.
func (t *Tx) put(bucket string, key, value []byte) error {
	if len(key) == 0 || len(key) > bbolt.MaxKeySize {
		return fmt.Errorf("store in %s: a name of %d bytes: %w", bucket, len(key), ErrTooLarge)
	}
	return t.guard(func() error {
		b := t.bolt.Bucket([]byte(bucket))
		sealed := seal(bucket, key, value)
		if !isSum(bucket, key) {
			t.account(bucket, b.Get(key), sealed)
		}
		return b.Put(key, sealed)
	})
}

// remove deletes a value, if there is one.
func (t *Tx) remove(bucket string, key []byte) error {
	return t.guard(func() error {
		b := t.bolt.Bucket([]byte(bucket))
		t.account(bucket, b.Get(key), nil)
		return b.Delete(key)
	})
}

// account moves a bucket's total from an old sealed value to a new one. nil is none.
func (t *Tx) account(bucket string, before, after []byte) {
	if t.totals == nil {
		t.totals = make(map[string]total)
	}
	sum, known := t.totals[bucket]
	if !known {
		key := []byte(metaSum + bucket)
		if stored, _, ok := unseal(bucketMeta, key, t.bolt.Bucket([]byte(bucketMeta)).Get(key)); ok {
			sum = decodeTotal(stored)
		}
	}
	if len(before) >= 4 {
		sum = sum.remove(binary.BigEndian.Uint32(before))
	}
	if len(after) >= 4 {
		sum = sum.add(binary.BigEndian.Uint32(after))
	}
	t.totals[bucket] = sum
}

// each calls visit for the pairs of a bucket from a key on, in the order of the keys, until it returns false. The
// slices are copies.
func (t *Tx) each(bucket string, from []byte, visit func(key, value []byte) bool) error {
	return t.guard(func() error {
		cursor := t.bolt.Bucket([]byte(bucket)).Cursor()
		for key, sealed := cursor.Seek(from); key != nil; key, sealed = cursor.Next() {
			value, _, ok := unseal(bucket, key, sealed)
			if !ok {
				return fmt.Errorf("%w: a value in %s has a wrong sum", ErrStateDamaged, bucket)
			}
			if !visit(bytes.Clone(key), append(make([]byte, 0, len(value)), value...)) {
				return nil
			}
		}
		return nil
	})
}

// finish stores what is known to be durable, and then the totals.
func (t *Tx) finish() error {
	if t.durable != nil {
		durable, err := t.number(metaDurable)
		if err != nil {
			return err
		}
		if err := t.put(bucketMeta, metaDurable, bigEndian(max(durable, t.durable()))); err != nil {
			return err
		}
	}
	for name, sum := range t.totals {
		if err := t.put(bucketMeta, []byte(metaSum+name), sum.encode()); err != nil {
			return err
		}
	}
	return nil
}

// number returns a number in meta, 0 where there is none.
func (t *Tx) number(key []byte) (uint64, error) {
	value, err := t.get(bucketMeta, key)
	if err != nil || len(value) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(value), nil
}

// PutValue keeps bytes under a name of 1 to 32,768 bytes.
func (t *Tx) PutValue(name string, value []byte) error {
	return t.put(bucketValues, []byte(name), value)
}

// Value returns what PutValue kept, and false where there is nothing.
func (t *Tx) Value(name string) ([]byte, bool, error) {
	value, err := t.get(bucketValues, []byte(name))
	return value, value != nil, err
}

// DeleteValue removes a name, if it is there.
func (t *Tx) DeleteValue(name string) error { return t.remove(bucketValues, []byte(name)) }
