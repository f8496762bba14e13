package inflate

// The types of blocks; RFC 1951, section 3.2.3.
const (
	blockStored = iota
	blockFixed
	blockDynamic
)

// block reads the header of a block, up to its data.
func (d *Decoder) block() error {
	header, err := d.take(3)
	if err != nil {
		return err
	}
	d.final = header&1 != 0
	switch header >> 1 {
	case blockStored:
		return d.beginStored()
	case blockFixed:
		d.phase = phaseCoded
		d.codes.setFixed()
		return nil
	case blockDynamic:
		d.phase = phaseCoded
		return d.codes.read(&d.input)
	}
	return errBlockType
}

// beginStored reads the length of a stored block.
func (d *Decoder) beginStored() error {
	d.align()
	length, err := d.take(16)
	if err != nil {
		return err
	}
	complement, err := d.take(16)
	if err != nil {
		return err
	}
	if length^complement != 0xffff {
		return errStoredLength
	}
	d.align()
	d.phase, d.stored = phaseStored, int(length)
	return nil
}

// copyStored copies what fits of a stored block.
func (d *Decoder) copyStored(dst []byte, out int) (to int) {
	left := d.stream[d.next:]
	copied := copy(dst[out:], left[:min(d.stored, len(left))])
	d.next += copied
	d.stored -= copied
	switch {
	case d.stored == 0:
		d.endBlock()
	case copied == len(left):
		d.fail(ErrTruncated)
	}
	return out + copied
}
