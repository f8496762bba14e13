package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// total is what meta keeps of a bucket, so that lost pairs are noticed: their number and the sum of their sums.
type total struct{ count, sum uint64 }

func (t total) add(sum uint32) total    { return total{t.count + 1, t.sum + uint64(sum)} }
func (t total) remove(sum uint32) total { return total{t.count - 1, t.sum - uint64(sum)} }

func (t total) encode() []byte { return append(bigEndian(t.count), bigEndian(t.sum)...) }

func decodeTotal(from []byte) total {
	if len(from) != 16 {
		return total{}
	}
	return total{binary.BigEndian.Uint64(from), binary.BigEndian.Uint64(from[8:])}
}

// isSum tells whether a pair is a total, which is not counted itself.
func isSum(bucket string, key []byte) bool {
	return bucket == bucketMeta && bytes.HasPrefix(key, []byte(metaSum))
}

// pairSum returns the sum that stands before a value.
func pairSum(bucket string, key, value []byte) uint32 {
	sum := crc32.Update(0, castagnoli, append([]byte(bucket), 0))
	return crc32.Update(crc32.Update(sum, castagnoli, key), castagnoli, value)
}

// seal returns a value with its sum before it.
func seal(bucket string, key, value []byte) []byte {
	sealed := make([]byte, 4, 4+len(value))
	binary.BigEndian.PutUint32(sealed, pairSum(bucket, key, value))
	return append(sealed, value...)
}

// unseal returns the value behind its sum, and false where the sum is wrong.
func unseal(bucket string, key, sealed []byte) (value []byte, sum uint32, ok bool) {
	if len(sealed) < 4 {
		return nil, 0, false
	}
	sum = binary.BigEndian.Uint32(sealed)
	return sealed[4:], sum, sum == pairSum(bucket, key, sealed[4:])
}

// pair is a key and its value, without the sum.
type pair struct {
	bucket     string
	key, value []byte
}

// pairs are all that could be read of a small state.
type pairs struct {
	// keep says that the pairs themselves are wanted, too, in good.
	keep   bool
	good   []pair
	count  int
	totals map[string]total
	stored map[string]total
	bad    int
}

func newPairs(keep bool) *pairs {
	return &pairs{keep: keep, totals: make(map[string]total), stored: make(map[string]total)}
}

// add takes a pair if its sum is right.
func (p *pairs) add(bucket string, key, sealed []byte) {
	value, sum, ok := unseal(bucket, key, sealed)
	if !ok || !slices.Contains(buckets, bucket) {
		p.bad++
		return
	}
	if isSum(bucket, key) {
		p.stored[string(key[len(metaSum):])] = decodeTotal(value)
		return
	}
	p.totals[bucket] = p.totals[bucket].add(sum)
	p.count++
	if p.keep {
		p.good = append(p.good, pair{bucket, bytes.Clone(key), bytes.Clone(value)})
	}
}

// verdict returns nil where everything is as it was written.
func (p *pairs) verdict(pages *pageReader) *StateSalvage {
	damage := &StateSalvage{Read: p.count, Missing: p.missing(), Outdated: pages.outdated}
	switch {
	case pages.damage != nil:
		damage.Damage = pages.damage.Error()
	case p.bad > 0:
		damage.Damage = "a value has a wrong sum"
	case !p.complete():
		damage.Damage = "values are missing"
	default:
		return nil
	}
	return damage
}

// complete tells whether each bucket holds what meta says.
func (p *pairs) complete() bool {
	for _, name := range buckets {
		if p.totals[name] != p.stored[name] {
			return false
		}
	}
	return true
}

// missing returns how many pairs are known to be lost.
func (p *pairs) missing() int {
	lost := 0
	for _, name := range buckets {
		if stored, have := p.stored[name].count, p.totals[name].count; stored > have {
			lost += int(stored - have)
		}
	}
	return max(lost, p.bad)
}

// dropCheckpoint removes a checkpoint that is not whole, since half of one is none.
func (p *pairs) dropCheckpoint() bool {
	length, have, found := uint64(0), uint64(0), p.stored[bucketCheckpoint].count > 0
	kept := make([]pair, 0, len(p.good))
	for _, one := range p.good {
		switch {
		case one.bucket != bucketCheckpoint:
			kept = append(kept, one)
			continue
		case bytes.Equal(one.key, checkpointHead) && len(one.value) == 16:
			length = binary.BigEndian.Uint64(one.value[8:]) + 1
		default:
			have += uint64(len(one.value))
		}
		found = true
	}
	if !found || length == have+1 {
		return false
	}
	p.good = kept
	return true
}

// store writes all pairs, and the buckets with their totals.
func (p *pairs) store(tx *Tx) error {
	for _, name := range buckets {
		if _, err := tx.bolt.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	for _, one := range p.good {
		if err := tx.put(one.bucket, one.key, one.value); err != nil {
			return err
		}
	}
	return tx.finish()
}
