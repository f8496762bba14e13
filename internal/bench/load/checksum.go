package load

const (
	adlerModulus = 65521
	adlerSize    = 4
)

// checksum is the Adler-32 of inflated bytes of which some change: each byte of a stamp, at all places where the stamp stands.
type checksum struct {
	sum     uint32
	weights [][]weight // of each byte of each field
}

// weight is what a change of one byte of a stamp changes in the two halves of the sum.
type weight struct {
	count    int64 // the number of its places
	distance int64 // the sum of their distances to the end, modulo
}

// newChecksum returns the checksum of size bytes with fields, given their Adler-32.
func newChecksum(sum uint32, size int, fields []field) *checksum {
	c := &checksum{sum: sum}
	for _, f := range fields {
		weights := make([]weight, f.size)
		for i := range weights {
			weights[i].count = int64(len(f.places))
			for _, at := range f.places {
				weights[i].distance += int64(size - at - i)
			}
			weights[i].distance %= adlerModulus
		}
		c.weights = append(c.weights, weights)
	}
	return c
}

// changed returns the checksum of a window with stamps. As Adler-32 has it (RFC 1950), its lower half is the sum of all bytes,
// and its upper half the sum of all bytes times their distance to the end.
func (c *checksum) changed(w *window, stamps *values) uint32 {
	low, high := int64(c.sum&0xffff), int64(c.sum>>16)
	for i, f := range w.fields {
		old, stamp := w.wire[f.places[0]:][:f.size], stamps[f.kind][:f.size]
		for j, weight := range c.weights[i] {
			difference := int64(stamp[j]) - int64(old[j])
			low += difference * weight.count
			high += difference * weight.distance
		}
	}
	return uint32(modulo(high))<<16 | uint32(modulo(low))
}

func modulo(n int64) int64 { return ((n % adlerModulus) + adlerModulus) % adlerModulus }
