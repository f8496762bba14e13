package load

import "slices"

// A compressor that looks for matches only now and then, as the fast levels of the standard library do, sometimes writes the bytes
// of a stamp literally, although the same stand in the event before. repair rewrites its stream with such literals replaced by
// references, by the codes that the block has anyway, and changes nothing else.

// The numbers of RFC 1951, 3.2.5: what the symbols of lengths and distances begin with, and how many more bits follow.
var (
	lengthBase = []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	backBase   = []int{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
		8193, 12289, 16385, 24577,
	}
	backBits     = []int{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	lengthsOrder = []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

const (
	endOfBlock    = 256
	shortestMatch = 3
	farthest      = 32 << 10
)

// repairer rewrites one stream.
type repairer struct {
	in     bitReader
	out    bitWriter
	plain  []byte
	fields []field
	next   []int // of each field, the place that comes next
	at     int   // in plain
	begin  int   // of the literals that wait to be written, up to at
	text   *huffman
	back   *huffman
}

// repair returns a deflate stream of plain from a position on, with fields written once, in what came before it, and otherwise
// referred to. It says whether it could.
func repair(stream, plain []byte, fields []field, from int) ([]byte, bool) {
	r := &repairer{in: bitReader{bytes: stream}, plain: plain, fields: fields, next: make([]int, len(fields)), at: from, begin: from}
	for {
		final, good := r.copyBits(1), false
		switch r.copyBits(2) {
		case 0:
			good = r.stored()
		case 1:
			good = r.fixed() && r.block()
		case 2:
			good = r.dynamic() && r.block()
		}
		if !good {
			return nil, false
		}
		if final == 1 {
			return r.out.finish(), r.at == len(plain)
		}
	}
}

func (r *repairer) copyBits(count int) uint32 {
	value := r.in.take(count)
	r.out.put(value, count)
	return value
}

// stored copies a block that is not compressed. The last one is such, and empty.
func (r *repairer) stored() bool {
	r.in.at = (r.in.at + 7) &^ 7
	r.out.align()
	size := int(r.copyBits(16))
	r.copyBits(16)
	for range size {
		r.copyBits(8)
	}
	r.at += size
	r.begin = r.at
	return !r.in.short
}

// fixed sets the codes of a block that has the fixed ones.
func (r *repairer) fixed() bool {
	lengths := slices.Concat(slices.Repeat([]uint8{8}, 144), slices.Repeat([]uint8{9}, 112), slices.Repeat([]uint8{7}, 24),
		slices.Repeat([]uint8{8}, 8))
	r.text, r.back = newHuffman(lengths), newHuffman(slices.Repeat([]uint8{5}, 30))
	return true
}

// dynamic copies the codes of a block that has its own.
func (r *repairer) dynamic() bool {
	texts, backs, orders := int(r.copyBits(5))+257, int(r.copyBits(5))+1, int(r.copyBits(4))+4
	orderLengths := make([]uint8, len(lengthsOrder))
	for _, symbol := range lengthsOrder[:orders] {
		orderLengths[symbol] = uint8(r.copyBits(3))
	}
	order := newHuffman(orderLengths)
	var lengths []uint8
	for len(lengths) < texts+backs {
		symbol := order.read(&r.in)
		if symbol < 0 || r.in.short || symbol == 16 && len(lengths) == 0 {
			return false
		}
		order.put(&r.out, symbol)
		switch symbol {
		case 16:
			lengths = append(lengths, slices.Repeat(lengths[len(lengths)-1:], 3+int(r.copyBits(2)))...)
		case 17:
			lengths = append(lengths, make([]uint8, 3+r.copyBits(3))...)
		case 18:
			lengths = append(lengths, make([]uint8, 11+r.copyBits(7))...)
		default:
			lengths = append(lengths, uint8(symbol))
		}
	}
	r.text, r.back = newHuffman(lengths[:texts]), newHuffman(lengths[texts:texts+backs])
	return true
}

// block rewrites what a block holds behind its codes.
func (r *repairer) block() bool {
	for {
		symbol := r.text.read(&r.in)
		switch {
		case symbol < 0 || r.in.short || r.at > len(r.plain):
			return false
		case symbol < endOfBlock:
			r.at++
			continue
		}
		if !r.literals() {
			return false
		}
		r.text.put(&r.out, symbol)
		if symbol == endOfBlock {
			return true
		}
		kind := symbol - endOfBlock - 1
		if kind >= len(lengthBase) {
			return false
		}
		length := lengthBase[kind] + int(r.copyBits(lengthBits[kind]))
		distance := r.back.read(&r.in)
		if distance < 0 || distance >= len(backBase) {
			return false
		}
		r.back.put(&r.out, distance)
		r.copyBits(backBits[distance])
		r.at += length
		r.begin = r.at
	}
}

// literals writes the literals that wait, with references for what they have of stamps.
func (r *repairer) literals() bool {
	end := min(r.at, len(r.plain))
	for r.begin < end {
		f, place := r.stampBefore(end)
		if place < 0 {
			break
		}
		if !r.refer(f, place, end) {
			return false
		}
	}
	for ; r.begin < end; r.begin++ {
		r.text.put(&r.out, int(r.plain[r.begin]))
	}
	return true
}

// stampBefore returns the first stamp that reaches behind begin and begins before end.
func (r *repairer) stampBefore(end int) (found, place int) {
	place = -1
	for i, f := range r.fields {
		for r.next[i] < len(f.places) && f.places[r.next[i]]+f.size <= r.begin {
			r.next[i]++
		}
		if n := r.next[i]; n < len(f.places) && f.places[n] < end && (place < 0 || f.places[n] < r.fields[found].places[place]) {
			found, place = i, n
		}
	}
	return found, place
}

// refer writes a reference for what literals have of a stamp, which takes in as many of its neighbours as it needs to.
func (r *repairer) refer(which, place, end int) bool {
	f := r.fields[which]
	from, to := max(r.begin, f.places[place]), min(end, f.places[place]+f.size)
	for earlier := place - 1; earlier >= 0; earlier-- {
		distance := f.places[place] - f.places[earlier]
		if distance > farthest {
			break
		}
		for first := from; first >= r.begin && r.plain[first] == r.plain[first-distance]; first-- {
			for last := to; last <= end; last++ {
				if last > to && r.plain[last-1] != r.plain[last-1-distance] {
					break
				}
				if r.reference(first, last, distance) {
					return true
				}
			}
			if first == 0 || first == distance {
				break
			}
		}
	}
	return false
}

// reference writes the literals before first and then a reference up to last, if the block has codes for that.
func (r *repairer) reference(first, last, distance int) bool {
	length := last - first
	if length < shortestMatch || length > lengthBase[len(lengthBase)-1] {
		return false
	}
	kind, back := symbolOf(lengthBase, length), symbolOf(backBase, distance)
	if !r.text.has(endOfBlock+1+kind) || !r.back.has(back) {
		return false
	}
	for ; r.begin < first; r.begin++ {
		r.text.put(&r.out, int(r.plain[r.begin]))
	}
	r.text.put(&r.out, endOfBlock+1+kind)
	r.out.put(uint32(length-lengthBase[kind]), lengthBits[kind])
	r.back.put(&r.out, back)
	r.out.put(uint32(distance-backBase[back]), backBits[back])
	r.begin = last
	return true
}

// symbolOf returns which of the symbols a number belongs to.
func symbolOf(bases []int, number int) int {
	at, exact := slices.BinarySearch(bases, number)
	if exact {
		return at
	}
	return at - 1
}
