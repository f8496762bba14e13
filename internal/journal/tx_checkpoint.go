package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// checkpointPart is how much of a checkpoint is one value, so that bbolt can find room for it among freed pages.
const checkpointPart = 128 << 10

var (
	checkpointHead   = []byte("head")
	checkpointPrefix = []byte("part")
)

// Checkpoint is the caller's whole state after the record with a sequence. It may have tens of megabytes.
type Checkpoint struct {
	Sequence uint64
	State    []byte
}

// PutCheckpoint stores a checkpoint in the place of the one before. It refuses one of records that are not durable yet.
func (t *Tx) PutCheckpoint(checkpoint Checkpoint) error {
	if durable := t.durable(); checkpoint.Sequence > durable {
		return fmt.Errorf("store checkpoint: sequence %d is not durable, %d is", checkpoint.Sequence, durable)
	}
	head := append(bigEndian(checkpoint.Sequence), bigEndian(uint64(len(checkpoint.State)))...)
	if err := t.put(bucketCheckpoint, checkpointHead, head); err != nil {
		return err
	}
	count := 0
	for rest := checkpoint.State; len(rest) > 0; count++ {
		part := rest[:min(len(rest), checkpointPart)]
		rest = rest[len(part):]
		if err := t.put(bucketCheckpoint, partKey(count), part); err != nil {
			return err
		}
	}
	return t.dropParts(count)
}

// dropParts removes the parts of a longer checkpoint that was there before.
func (t *Tx) dropParts(from int) error {
	var keys [][]byte
	err := t.guard(func() error {
		cursor := t.bolt.Bucket([]byte(bucketCheckpoint)).Cursor()
		for key, _ := cursor.Seek(partKey(from)); bytes.HasPrefix(key, checkpointPrefix); key, _ = cursor.Next() {
			keys = append(keys, bytes.Clone(key))
		}
		return nil
	})
	for _, key := range keys {
		if err == nil {
			err = t.remove(bucketCheckpoint, key)
		}
	}
	return err
}

// Checkpoint returns the stored checkpoint, and false where there is none.
func (t *Tx) Checkpoint() (Checkpoint, bool, error) {
	head, err := t.get(bucketCheckpoint, checkpointHead)
	if err != nil || len(head) != 16 {
		return Checkpoint{}, false, err
	}
	length := binary.BigEndian.Uint64(head[8:])
	var state []byte
	err = t.each(bucketCheckpoint, checkpointPrefix, func(_, value []byte) bool {
		state = append(state, value...)
		return uint64(len(state)) < length
	})
	if err != nil {
		return Checkpoint{}, false, err
	}
	if uint64(len(state)) != length {
		t.damage = fmt.Errorf("%w: the checkpoint has %d bytes and should have %d", ErrStateDamaged, len(state), length)
		return Checkpoint{}, false, t.damage
	}
	return Checkpoint{binary.BigEndian.Uint64(head), state}, true, nil
}

func partKey(number int) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(checkpointPrefix), uint32(number))
}
