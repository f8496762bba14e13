package inflate

import "encoding/binary"

// What the fast loop needs to go round once. It loads eight bytes twice, the second time behind at most seven that it took.
// It writes some literals and the longest match, of which the first bytes one by one and the others in wide copies.
const (
	fastInput    = 8 + 7
	fastLiterals = 4
	wideCopy     = 64
	fastOutput   = fastLiterals + longestMatch + nearCopy + wideCopy
)

// decodeFast decodes literals and matches while there is so much input and room that none of them needs to ask for it,
// and until limit. What is rare (the end of the block, or what is wrong) it leaves as it is to decodeSymbol.
//
// It is one function without calls, so that what it works with stays in registers. Of count, only the lowest six bits
// mean something. There are at least 56 bits whenever it goes round: the longest match takes 15+5 for its length and
// 15+13 for its distance; and some literals take, with the look at the next, at most 5*literalBits.
func (d *Decoder) decodeFast(dst []byte, out, limit, lowest int) int {
	stream, next, bits, count, codes := d.stream, d.next, d.bits, uint64(d.count), &d.codes
	lastInput := len(stream) - fastInput
	limit = min(limit, len(dst)-fastOutput)
	if next > lastInput || out >= limit {
		return out
	}
	bits |= word(stream, next) << (count & 63)
	next += taken(count)
	count |= 56
	e := codes.literals[bits%(1<<literalBits)]
	for next <= lastInput && out < limit {
		if e.is(entryLiteral) {
			bits >>= e & 63
			count -= uint64(e)
			dst[out] = e.literal()
			out++
			e = codes.literals[bits%(1<<literalBits)]
			if e.is(entryLiteral) {
				bits >>= e & 63
				count -= uint64(e)
				dst[out] = e.literal()
				out++
				e = codes.literals[bits%(1<<literalBits)]
				if e.is(entryLiteral) {
					bits >>= e & 63
					count -= uint64(e)
					dst[out] = e.literal()
					out++
					e = codes.literals[bits%(1<<literalBits)]
					if e.is(entryLiteral) {
						bits >>= e & 63
						count -= uint64(e)
						dst[out] = e.literal()
						out++
						e = codes.literals[bits%(1<<literalBits)]
					}
				}
			}
			bits |= word(stream, next) << (count & 63)
			next += taken(count)
			count |= 56
			if e.is(entryLiteral) {
				continue
			}
		}

		rest, left := bits, count // bits and count stay until nothing can be wrong any more
		if e.is(entrySpecial) {
			if !e.is(entrySecond) {
				break
			}
			rest >>= literalBits
			left -= literalBits
			e = codes.literals[e.second(rest)%literalTable]
			if e.is(entryLiteral) {
				bits = rest >> (e & 63)
				count = left - uint64(e)
				dst[out] = e.literal()
				out++
				bits |= word(stream, next) << (count & 63)
				next += taken(count)
				count |= 56
				e = codes.literals[bits%(1<<literalBits)]
				continue
			}
			if e.is(entrySpecial) {
				break
			}
		}
		length := e.base() + e.extra(rest)
		rest >>= e & 63
		left -= uint64(e)

		e = codes.distances[rest%(1<<distanceBits)]
		if e.is(entrySpecial) {
			if !e.is(entrySecond) {
				break
			}
			rest >>= distanceBits
			left -= distanceBits
			e = codes.distances[e.second(rest)%distanceTable]
			if e.is(entrySpecial) {
				break
			}
		}
		distance := e.base() + e.extra(rest)
		from := out - distance
		if from < lowest {
			break
		}
		bits = rest >> (e & 63)
		count = left - uint64(e)

		// The next entry is on its way from memory while the match is copied.
		bits |= word(stream, next) << (count & 63)
		next += taken(count)
		count |= 56
		e = codes.literals[bits%(1<<literalBits)]

		to := out
		out += length
		if distance < len(nearCopies) {
			for range nearCopies[distance] {
				dst[to] = dst[to-distance]
				to++
			}
		}
		for {
			// Four copies of 16 bytes, which the compiler does in one register each. Most matches are not longer.
			target, source := (*[wideCopy]byte)(dst[to:to+wideCopy]), (*[wideCopy]byte)(dst[from:from+wideCopy])
			*(*[16]byte)(target[0:16]) = *(*[16]byte)(source[0:16])
			*(*[16]byte)(target[16:32]) = *(*[16]byte)(source[16:32])
			*(*[16]byte)(target[32:48]) = *(*[16]byte)(source[32:48])
			*(*[16]byte)(target[48:64]) = *(*[16]byte)(source[48:64])
			to += wideCopy
			from += wideCopy
			if to >= out {
				break
			}
		}
	}
	d.next, d.bits, d.count = next, bits, uint(count&63)
	return out
}

// word returns the eight bytes from there on.
func word(stream []byte, at int) uint64 { return binary.LittleEndian.Uint64(stream[at : at+8]) }

// taken returns how many whole bytes of a word have room behind count bits. There are then as many bits as count|56.
func taken(count uint64) int { return int(^count >> 3 & 7) }

// nearCopies is, by distance, how many bytes of a match must be copied one by one until the source, which stays where it
// is, is a multiple of the distance and at least 16 bytes away. None is more than nearCopy.
var nearCopies = [16]uint8{0, 15, 14, 15, 12, 15, 12, 14, 8, 9, 10, 11, 12, 13, 14, 15}

const nearCopy = 15
