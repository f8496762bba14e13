package resend

import (
	"encoding/binary"
	"math/bits"
)

// digest is a hash on its way: the sum of the products so far, and how many words of the key they took. It is small and
// passed by value, so that it stays in registers.
type digest struct {
	high, low uint64
	used      int // of the current round of the key, below keyWords
	rounds    uint64
}

// pair hashes two words. Each word of the input meets a word of the key that no other one of its round meets.
func (k *key) pair(d digest, first, second uint64) digest {
	if d.used == keyWords {
		d = k.next(d)
	}
	at := uint(d.used) % keyWords
	high, low := bits.Mul64(first+k.words[at], second+k.words[(at+1)%keyWords])
	var carry uint64
	d.low, carry = bits.Add64(d.low, low, 0)
	d.high, _ = bits.Add64(d.high, high, carry)
	d.used += 2
	return d
}

// next begins the key anew. The sum so far is the first that it hashes.
func (k *key) next(d digest) digest {
	high, low := bits.Mul64(d.low+k.words[0], d.high+k.words[1])
	return digest{high: high, low: low, used: 2, rounds: d.rounds + 1}
}

// text hashes a text: its length, the text in words, zeros up to an even number of them. So no two lists of texts give
// the same words. It is pair after pair, written out for what fits into the rest of the key's round.
func (k *key) text(d digest, text []byte) digest {
	size := len(text)
	if size < 8 {
		return k.pair(d, uint64(size), shortWord(text))
	}
	d = k.pair(d, uint64(size), binary.LittleEndian.Uint64(text))
	rest := text[8:]
	for len(rest) >= 16 {
		if d.used == keyWords {
			d = k.next(d)
		}
		words := k.words[d.used&(keyWords-1):]
		count := min(len(rest)/16, len(words)/2)
		d.products(words[:2*count], rest)
		d.used += 2 * count
		rest = rest[16*count:]
	}
	last := text[size-8:]
	switch left := len(rest); {
	case left > 8:
		d = k.pair(d, binary.LittleEndian.Uint64(rest), tail(last, left-8))
	case left > 0:
		d = k.pair(d, tail(last, left), 0)
	}
	return d
}

// products adds the products of NH for so many words of the key and as much of a text that is as long or longer. Four are written
// out, because to go on to the next one costs as much as a product.
func (d *digest) products(words []uint64, text []byte) {
	sum := wide{d.high, d.low}
	for len(words) >= 8 && len(text) >= 64 {
		chunk, eight := (*[64]byte)(text), (*[8]uint64)(words)
		sum = sum.plus((*[16]byte)(chunk[:16]), (*[2]uint64)(eight[:2]))
		sum = sum.plus((*[16]byte)(chunk[16:32]), (*[2]uint64)(eight[2:4]))
		sum = sum.plus((*[16]byte)(chunk[32:48]), (*[2]uint64)(eight[4:6]))
		sum = sum.plus((*[16]byte)(chunk[48:]), (*[2]uint64)(eight[6:]))
		words, text = words[8:], text[64:]
	}
	for len(words) >= 2 && len(text) >= 16 {
		sum = sum.plus((*[16]byte)(text), (*[2]uint64)(words))
		words, text = words[2:], text[16:]
	}
	d.high, d.low = sum.high, sum.low
}

// plus returns the sum and one product.
func (w wide) plus(text *[16]byte, key *[2]uint64) wide {
	high, low := bits.Mul64(binary.LittleEndian.Uint64(text[:8])+key[0], binary.LittleEndian.Uint64(text[8:])+key[1])
	low, carry := bits.Add64(w.low, low, 0)
	high, _ = bits.Add64(w.high, high, carry)
	return wide{high, low}
}

// tail returns the last 1 to 8 of eight bytes as a word.
func tail(eight []byte, count int) uint64 {
	return binary.LittleEndian.Uint64(eight) >> (64 - 8*uint(count))
}

// shortWord returns a text of less than 8 bytes as a word.
func shortWord(text []byte) (word uint64) {
	for i, c := range text {
		word |= uint64(c) << (8 * i)
	}
	return word
}

// of returns the hash. The number of words takes part, so that inputs of different lengths are told apart too.
func (f *finish) of(d digest) uint64 {
	sum := f.add
	sum = f.factors[0].times(d.low, sum)
	sum = f.factors[1].times(d.high, sum)
	return f.factors[2].times(d.rounds*keyWords+uint64(d.used), sum).high
}

// times returns sum + w * word mod 2^128.
func (w wide) times(word uint64, sum wide) wide {
	high, low := bits.Mul64(w.low, word)
	low, carry := bits.Add64(sum.low, low, 0)
	high, _ = bits.Add64(sum.high, high+w.high*word, carry)
	return wide{high, low}
}
