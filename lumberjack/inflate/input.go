package inflate

// input is the stream and what was taken out of it as bits.
type input struct {
	stream []byte
	next   int    // the first byte that is not in bits
	bits   uint64 // the next ones, from the lowest; beyond count they are zero or what comes then
	count  uint   // of bits, at most 63
}

// fill makes at least 56 bits ready, or all that are left.
func (i *input) fill() {
	if len(i.stream)-i.next >= 8 {
		i.bits |= word(i.stream, i.next) << (i.count & 63)
		i.next += taken(uint64(i.count))
		i.count |= 56
		return
	}
	for i.count < 56 && i.next < len(i.stream) {
		i.bits |= uint64(i.stream[i.next]) << (i.count & 63)
		i.next++
		i.count += 8
	}
}

// drop takes bits that are ready.
func (i *input) drop(count uint) {
	i.bits >>= count & 63
	i.count -= count
}

// take returns up to 32 bits, and ErrTruncated where there are not so many left.
func (i *input) take(count uint) (uint, error) {
	if i.count < count {
		i.fill()
		if i.count < count {
			return 0, ErrTruncated
		}
	}
	taken := uint(i.bits) & (1<<(count&63) - 1)
	i.drop(count)
	return taken, nil
}

// align drops the rest of a byte, and then puts back all whole bytes that are ready.
func (i *input) align() {
	i.next = i.offset()
	i.bits, i.count = 0, 0
}

// offset returns where in the stream the next bit is; in the middle of a byte, the next byte.
func (i *input) offset() int { return i.next - int(i.count>>3) }
