package inflate

// match is a piece of the output that comes again.
type match struct {
	length   int
	distance int
}

// decodeSymbols inflates the data of a coded block, as advance does.
func (d *Decoder) decodeSymbols(dst []byte, out, limit int) (to int, full bool) {
	lowest := int(max(0, int64(out)-d.total)) // where in dst the output begins
	if d.match.length > 0 {
		if d.match.distance > out { // the caller lost what was inflated before
			d.fail(errDistance)
			return out, false
		}
		if out = d.copyMatch(dst, out, d.match); d.match.length > 0 {
			return out, true
		}
	}
	for out < limit || limit == len(dst) {
		out = d.decodeFast(dst, out, limit, lowest)
		if out >= limit && limit < len(dst) {
			break
		}
		to, more := d.decodeSymbol(dst, out, lowest)
		if !more {
			return to, d.phase == phaseCoded
		}
		out = to
	}
	return out, false
}

// decodeSymbol decodes one literal, match or end of the block. It returns false if nothing more is to be decoded: dst is
// full, the block ends, or something is wrong.
func (d *Decoder) decodeSymbol(dst []byte, out, lowest int) (to int, more bool) {
	d.fill()
	e, bits, width := d.codes.literals[d.bits&(1<<literalBits-1)], d.bits, uint(0)
	if e.is(entrySecond) {
		bits, width = bits>>literalBits, literalBits
		e = d.codes.literals[e.second(bits)%literalTable]
	}
	width += e.width()
	switch {
	case width > d.count:
		d.fail(ErrTruncated)
		return out, false
	case e.is(entryLiteral):
		if out == len(dst) {
			return out, false
		}
		d.drop(width)
		dst[out] = e.literal()
		return out + 1, true
	case e.is(entryEnd):
		d.drop(width)
		d.endBlock()
		return out, false
	case e.is(entryInvalid):
		d.fail(errSymbol)
		return out, false
	}
	m := match{length: e.base() + e.extra(bits)}
	return d.decodeDistance(dst, out, lowest, m, width)
}

// decodeDistance decodes what follows a length of that width, and copies the match.
func (d *Decoder) decodeDistance(dst []byte, out, lowest int, m match, width uint) (to int, more bool) {
	bits := d.bits >> width
	e := d.codes.distances[bits&(1<<distanceBits-1)]
	if e.is(entrySecond) {
		bits >>= distanceBits
		width += distanceBits
		e = d.codes.distances[e.second(bits)%distanceTable]
	}
	width += e.width()
	switch {
	case width > d.count:
		d.fail(ErrTruncated)
		return out, false
	case e.is(entryInvalid):
		d.fail(errSymbol)
		return out, false
	}
	m.distance = e.base() + e.extra(bits)
	switch {
	case m.distance > out-lowest:
		d.fail(errDistance)
		return out, false
	case out == len(dst):
		return out, false
	}
	d.drop(width)
	out = d.copyMatch(dst, out, m)
	return out, d.match.length == 0
}

// copyMatch copies what fits of a match, and keeps the rest for later.
func (d *Decoder) copyMatch(dst []byte, out int, m match) (to int) {
	to = min(out+m.length, len(dst))
	d.match = match{length: m.length - (to - out), distance: m.distance}
	for out < to {
		// What was copied can be copied again, so that short distances need few steps.
		out += copy(dst[out:to], dst[out-m.distance:out])
	}
	return to
}
