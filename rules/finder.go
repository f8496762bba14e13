package rules

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// commonBytes are those that logs are made of, the most frequent ones first.
const commonBytes = ` 0e1/t.2aio3-ns"5r4:6789lcdpmhu,=gfw_bv+)(ky;{}[]xGjTEzSIAPC`

// rarity returns how seldom a byte is in logs: the greater, the less often.
func rarity(char byte) int {
	if index := strings.IndexByte(commonBytes, char); index >= 0 {
		return index
	}
	return len(commonBytes)
}

// finder finds a constant text in others. It looks for its rarest byte, which most lines do not have or have seldom, where
// bytes.Index looks for the first one.
type finder struct {
	text []byte
	rare int
}

func newFinder(text string) finder {
	f := finder{text: []byte(text)}
	for i := range f.text {
		if rarity(text[i]) > rarity(text[f.rare]) {
			f.rare = i
		}
	}
	return f
}

// maxMisses is how often the rarest byte may be met in vain before it is taken for a common one.
const maxMisses = 2

// index returns where the text is first found, or -1.
func (f *finder) index(in []byte) int {
	if len(f.text) == 0 {
		return 0
	}
	char, from := f.text[f.rare], f.rare
	for range maxMisses {
		if from >= len(in) {
			return -1
		}
		found := bytes.IndexByte(in[from:], char)
		if found < 0 {
			return -1
		}
		at := from + found - f.rare
		if bytes.HasPrefix(in[at:], f.text) {
			return at
		}
		from += found + 1
	}
	if len(f.text) == 1 {
		return -1 // can't be: the first was found
	}
	return f.indexByPair(in, from-f.rare)
}

// indexByPair looks at eight places at a time for the rarest byte and the one beside it, from a place on.
func (f *finder) indexByPair(in []byte, from int) int {
	pair := min(f.rare, len(f.text)-2)
	first, second := f.text[pair], f.text[pair+1]
	at := from + pair
	for ; at+9 <= len(in); at += 8 {
		found := equalBytes(binary.LittleEndian.Uint64(in[at:]), first) & equalBytes(binary.LittleEndian.Uint64(in[at+1:]), second)
		for ; found != 0; found &= found - 1 {
			place := at + bits.TrailingZeros64(found)>>3 - pair
			if bytes.HasPrefix(in[place:], f.text) {
				return place
			}
		}
	}
	if rest := at - pair; rest < len(in) {
		if found := bytes.Index(in[rest:], f.text); found >= 0 {
			return rest + found
		}
	}
	return -1
}

// equalBytes returns a word in which the high bit of each byte is set that is equal to the given one. Above the lowest of
// them it may be set without being equal.
func equalBytes(word uint64, char byte) uint64 {
	different := word ^ uint64(char)*eachByte
	return (different - eachByte) &^ different & highBits
}

// findAll tells whether all the texts are found, one behind the other.
func findAll(texts []finder, in []byte) bool {
	for i := range texts {
		at := texts[i].index(in)
		if at < 0 {
			return false
		}
		in = in[at+len(texts[i].text):]
	}
	return true
}
