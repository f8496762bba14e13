package load

// bitReader reads a deflate stream bit by bit (RFC 1951, 3.1.1). Beyond its end there are zeros, and short is set.
type bitReader struct {
	bytes []byte
	at    int // bits
	short bool
}

func (r *bitReader) bit() uint32 {
	if r.at>>3 >= len(r.bytes) {
		r.short = true
		return 0
	}
	bit := r.bytes[r.at>>3] >> (r.at & 7) & 1
	r.at++
	return uint32(bit)
}

// take reads a number, its lowest bit first.
func (r *bitReader) take(count int) (value uint32) {
	for i := range count {
		value |= r.bit() << i
	}
	return value
}

// bitWriter writes a deflate stream.
type bitWriter struct {
	bytes []byte
	ready uint64
	count int // bits in ready
}

// put writes a number of at most 32 bits, its lowest bit first.
func (w *bitWriter) put(value uint32, count int) {
	w.ready |= uint64(value) << w.count
	for w.count += count; w.count >= 8; w.count -= 8 {
		w.bytes = append(w.bytes, byte(w.ready))
		w.ready >>= 8
	}
}

// align fills up the last byte.
func (w *bitWriter) align() {
	if w.count > 0 {
		w.put(0, 8-w.count)
	}
}

// finish returns the stream.
func (w *bitWriter) finish() []byte {
	w.align()
	return w.bytes
}

const longestCode = 15

// huffman is a code of a block (RFC 1951, 3.2.2).
type huffman struct {
	lengths []uint8
	codes   []uint32 // as they are put, and so the first bit lowest
	counts  [longestCode + 1]int
	symbols []int // in the order of codes
}

func newHuffman(lengths []uint8) *huffman {
	h := &huffman{lengths: lengths, codes: make([]uint32, len(lengths))}
	for length := uint8(1); length <= longestCode; length++ {
		for symbol, l := range lengths {
			if l == length {
				h.counts[length]++
				h.symbols = append(h.symbols, symbol)
			}
		}
	}
	code, next := uint32(0), 0
	for length := 1; length <= longestCode; length++ {
		for range h.counts[length] {
			var reversed uint32
			for i := range length {
				reversed |= code >> i & 1 << (length - 1 - i)
			}
			h.codes[h.symbols[next]] = reversed
			code++
			next++
		}
		code <<= 1
	}
	return h
}

// read reads a symbol, -1 for a code that is none.
func (h *huffman) read(r *bitReader) int {
	code, first, index := 0, 0, 0
	for length := 1; length <= longestCode; length++ {
		code |= int(r.bit())
		count := h.counts[length]
		if code < first+count {
			return h.symbols[index+code-first]
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return -1
}

// has says whether a symbol has a code.
func (h *huffman) has(symbol int) bool { return symbol < len(h.lengths) && h.lengths[symbol] > 0 }

func (h *huffman) put(w *bitWriter, symbol int) { w.put(h.codes[symbol], int(h.lengths[symbol])) }
