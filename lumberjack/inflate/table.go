package inflate

import "math/bits"

// A code is decoded by a table that is indexed with the next bits of the stream. It has an entry for each value of so
// many bits as are named here; longer codes go on in a second table, which stands behind and which their entry refers to.
// The sizes are powers of two, so that a masked index needs no check, above the most that any code needs (which zlib's
// enough.c counts: 1334 and 594).
const (
	literalBits   = 10
	literalTable  = 2048
	distanceBits  = 9
	distanceTable = 1024
)

// entry is what some bits stand for:
//
//	bits 0-7    how many bits it takes, with its extra bits; in a second table without those of the first
//	bits 8-11   how many of them are the code itself; of entrySecond, how many bits index the second table
//	bits 12-15  the kind, none for lengths and distances
//	bits 16-30  the literal, the least length or distance, or where the second table begins
//	bit  31     it is a literal
type entry uint32

const (
	entryInvalid   entry = 1 << 12
	entryEnd       entry = 1 << 13
	entrySecond    entry = 1 << 14
	entrySpecial   entry = 1 << 15 // any of the above
	entryLiteral   entry = 1 << 31
	entryBaseShift       = 16
)

// is says whether it is of that kind.
func (e entry) is(kind entry) bool { return e&kind != 0 }

// width returns how many bits it takes.
func (e entry) width() uint { return uint(e & 0xff) }

// base returns the least length or distance. The entry is not a literal.
func (e entry) base() int { return int(e >> entryBaseShift) }

// literal returns the literal that it is.
func (e entry) literal() byte { return byte(e >> entryBaseShift) }

// extra returns the value of the extra bits. The bits begin with the code.
func (e entry) extra(bits uint64) int { return int((bits & (1<<(e&63) - 1)) >> (e >> 8 & 15)) }

// second returns where in the table a long code goes on. The bits are those behind the ones that the first table took.
func (e entry) second(bits uint64) uint {
	return uint(e>>entryBaseShift) + uint(bits)&(1<<(e>>8&15)-1)
}

// entries are, by symbol, the entries of a code without the length of the code.
type entries [literalSymbols]entry

var literalEntries, distanceEntries, codeLengthEntries = newLiteralEntries(), newDistanceEntries(), newCodeLengthEntries()

func newLiteralEntries() (all entries) {
	for literal := range 256 {
		all[literal] = entryLiteral | entry(literal)<<entryBaseShift
	}
	all[256] = entrySpecial | entryEnd
	base := 3
	for symbol := 257; symbol < 285; symbol++ {
		extra := max(0, (symbol-261)/4)
		all[symbol] = entry(base)<<entryBaseShift | entry(extra)
		base += 1 << extra
	}
	all[285] = 258 << entryBaseShift
	all[286], all[287] = entrySpecial|entryInvalid, entrySpecial|entryInvalid
	return all
}

func newDistanceEntries() (all entries) {
	base := 1
	for symbol := range usedDistances {
		extra := max(0, symbol/2-1)
		all[symbol] = entry(base)<<entryBaseShift | entry(extra)
		base += 1 << extra
	}
	all[30], all[31] = entrySpecial|entryInvalid, entrySpecial|entryInvalid
	return all
}

func newCodeLengthEntries() (all entries) {
	for symbol := range codeLengthSymbols {
		all[symbol] = entry(symbol) << entryBaseShift
	}
	all[16] |= 2
	all[17] |= 3
	all[18] |= 7
	return all
}

// build fills a table for the canonical code (RFC 1951, section 3.2.2) with those code lengths, none of which is beyond
// longestCode. It returns false if the code is over-subscribed or incomplete. A code of one symbol with one bit is
// allowed, and so is an empty one; what they leave open is entryInvalid.
func build(table []entry, tableBits int, lengths []uint8, results *entries) bool {
	var counts [longestCode + 1]uint16
	for _, length := range lengths {
		counts[length&15]++
	}
	longest := longestCode
	for longest > 0 && counts[longest] == 0 {
		longest--
	}
	var offsets [longestCode + 2]uint16 // where the symbols of a length begin in sorted
	used := 0
	for length := 1; length <= longest; length++ {
		offsets[length+1] = offsets[length] + counts[length]
		used = used<<1 + int(counts[length])
	}
	if used != 1<<longest || longest == 0 {
		return buildDegenerate(table, tableBits, lengths, results, used, longest)
	}
	var sorted [literalSymbols]uint16
	for symbol, length := range lengths {
		if length != 0 {
			sorted[offsets[length&15]] = uint16(symbol)
			offsets[length&15]++
		}
	}
	fill(table, tableBits, &counts, sorted[:], longest, results)
	return true
}

// buildDegenerate fills a table for a code of one symbol or of none.
func buildDegenerate(table []entry, tableBits int, lengths []uint8, results *entries, used, longest int) bool {
	if longest > 1 || used > 1 {
		return false
	}
	table = table[:1<<tableBits]
	for i := range table {
		table[i] = entrySpecial | entryInvalid | 1
	}
	for symbol, length := range lengths {
		if length != 0 {
			for i := 0; i < len(table); i += 2 {
				table[i] = results[symbol] + 1<<8 + 1
			}
		}
	}
	return true
}

// fill fills a table for a complete code. The codes of one length come one after another, so the reversed code, which is
// the index, is counted up from its highest bit. Whenever the length grows, what is there is doubled.
func fill(table []entry, tableBits int, counts *[longestCode + 1]uint16, sorted []uint16, longest int, results *entries) {
	code, at := uint(0), 0
	length := 1
	size := uint(2)
	for ; length <= min(longest, tableBits); length++ {
		if length > 1 {
			copy(table[size:2*size], table[:size])
			size *= 2
		}
		for range counts[length] {
			table[code] = results[sorted[at]] + entry(length)<<8 + entry(length)
			at++
			code = following(code, size)
		}
	}
	for ; length <= tableBits; length++ {
		copy(table[size:2*size], table[:size])
		size *= 2
	}
	if longest > tableBits {
		fillSecond(table, tableBits, counts, sorted[at:], code, longest, results)
	}
}

// following returns the reversed code that comes after code, where there are size codes of its length. After the last
// one it returns 0.
func following(code, size uint) uint {
	rest := ^code & (size - 1)
	if rest == 0 {
		return 0
	}
	bit := uint(1) << (bits.Len(rest) - 1)
	return code&(bit-1) | bit
}

// fillSecond fills the second tables.
func fillSecond(
	table []entry, tableBits int, counts *[longestCode + 1]uint16, sorted []uint16, code uint, longest int, results *entries,
) {
	mask := uint(1)<<tableBits - 1
	prefix := mask + 1 // none
	begin, end := uint(0), mask+1
	at := 0
	for length := tableBits + 1; length <= longest; length++ {
		for left := int(counts[length]); left > 0; left-- {
			if code&mask != prefix {
				prefix = code & mask
				secondBits := length - tableBits
				for space := left; space < 1<<secondBits; {
					secondBits++
					space = space<<1 + int(counts[tableBits+secondBits])
				}
				begin, end = end, end+1<<secondBits
				table[prefix] = entry(begin)<<entryBaseShift | entrySpecial | entrySecond |
					entry(secondBits)<<8 | entry(tableBits)
			}
			width := length - tableBits
			result := results[sorted[at]] + entry(width)<<8 + entry(width)
			for i := begin + code>>tableBits; i < end; i += 1 << width {
				table[i] = result
			}
			at++
			code = following(code, 1<<length)
		}
	}
}
