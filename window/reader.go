package window

import "encoding/binary"

// Reader takes values from the front of bytes, for what is kept on disk. The first one that is not there sets Failed; from
// then on every method returns zero, so that a caller need look only once. It never panics and takes no memory.
type Reader struct {
	// Bytes are those that were not taken yet; none after a failure.
	Bytes  []byte
	Failed bool
}

// Byte takes one byte.
func (r *Reader) Byte() byte {
	if len(r.Bytes) == 0 {
		r.Failed = true
		return 0
	}
	first := r.Bytes[0]
	r.Bytes = r.Bytes[1:]
	return first
}

// Varint takes a signed number as binary.AppendVarint writes it.
func (r *Reader) Varint() int64 {
	value, length := binary.Varint(r.Bytes)
	r.skip(length)
	return value
}

// Uvarint takes a number as binary.AppendUvarint writes it.
func (r *Reader) Uvarint() uint64 {
	value, length := binary.Uvarint(r.Bytes)
	r.skip(length)
	return value
}

func (r *Reader) skip(length int) {
	if length <= 0 {
		r.Failed, r.Bytes = true, nil
		return
	}
	r.Bytes = r.Bytes[length:]
}

// Take takes so many bytes, which stay part of the original ones.
func (r *Reader) Take(length uint64) []byte {
	if length > uint64(len(r.Bytes)) {
		r.Failed, r.Bytes = true, nil
		return nil
	}
	taken := r.Bytes[:length]
	r.Bytes = r.Bytes[length:]
	return taken
}
