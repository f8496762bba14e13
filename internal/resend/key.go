package resend

import (
	"crypto/sha256"
	"encoding/binary"
)

// Seed is what the key of the hash is made of. It is drawn at random once for each journal, kept in its records, and
// shown to nobody: who does not know it cannot make two events that are taken for one.
type Seed uint64

// keyWords is the length of the key for NH: it hashes so many words of 8 bytes before its sum goes into the next one.
const keyWords = 128

// key is a seed spread out. It never changes.
type key struct {
	words [keyWords]uint64
	// agent and mark are the last steps of the two hashes.
	agent, mark finish
}

// wide is a number of 128 bits.
type wide struct{ high, low uint64 }

// finish is a strongly universal function of three words: (add + sum of factor * word) mod 2^128, its upper half.
type finish struct {
	add     wide
	factors [3]wide
}

// newKey spreads out a seed by SHA-256 of the seed and a counter. The outcome must stay the same in all versions, since
// marks outlive the process.
func newKey(seed Seed) *key {
	stream := &keyStream{seed: seed}
	k := new(key)
	for i := range k.words {
		k.words[i] = stream.next()
	}
	k.agent, k.mark = stream.finish(), stream.finish()
	return k
}

// keyStream gives one word of key after the other.
type keyStream struct {
	seed    Seed
	counter uint64
	rest    []byte
}

func (s *keyStream) next() uint64 {
	if len(s.rest) == 0 {
		var input [16]byte
		binary.LittleEndian.PutUint64(input[:], uint64(s.seed))
		binary.LittleEndian.PutUint64(input[8:], s.counter)
		s.counter++
		block := sha256.Sum256(input[:])
		s.rest = block[:]
	}
	word := binary.LittleEndian.Uint64(s.rest)
	s.rest = s.rest[8:]
	return word
}

func (s *keyStream) wide() wide { return wide{s.next(), s.next()} }

func (s *keyStream) finish() finish {
	return finish{s.wide(), [3]wide{s.wide(), s.wide(), s.wide()}}
}
