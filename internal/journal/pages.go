package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"
)

// The pages of a bbolt file, as bbolt 1.3 to 1.5 write them, in the byte order of the machine. They are read here
// before bbolt may map the file: bbolt follows whatever a page says, so a damaged one can end the process with a fault,
// loop for ever, or make it write over pages that are in use.
const (
	pageHeaderBytes  = 16
	pageElementBytes = 16
	pageMetaBytes    = 64
	pageBranch       = 0x01
	pageLeaf         = 0x02
	pageMeta         = 0x04
	pageFreelist     = 0x10
	leafBucket       = 0x01
	boltMagic        = 0xed0cdaed
	boltVersion      = 2
	minPageBytes     = 1 << 10
	maxPageBytes     = 16 << 20
)

// boltMeta is what a meta page says.
type boltMeta struct {
	pageBytes   int64
	root        uint64
	freelist    uint64
	pages       uint64
	transaction uint64
}

// pageReader reads a bbolt file. Its memory is one page with its overflow, and eight bytes a page.
type pageReader struct {
	file io.ReaderAt
	size int64
	meta boltMeta
	// seen holds the pages that are in use, so that no page is read twice.
	seen map[uint64]bool
	// damage is the first thing that was found wrong, or nil.
	damage error
	// outdated says that one of the two meta pages is damaged, so the last update may be lost.
	outdated bool
	visit    func(bucket string, key, value []byte)
}

// readPages calls visit for each pair of each top-level bucket that can be reached. The slices are valid during the
// call. It returns what is damaged, or nil for a file that bbolt may open.
func readPages(file io.ReaderAt, size int64, visit func(bucket string, key, value []byte)) *pageReader {
	r := &pageReader{file: file, size: size, seen: make(map[uint64]bool), visit: visit}
	if !r.readMeta() {
		r.fail("both meta pages are damaged")
		return r
	}
	if r.outdated {
		r.fail("a meta page is damaged")
	}
	if r.size < int64(r.meta.pages)*r.meta.pageBytes {
		r.fail("the file has %d bytes and should have %d", r.size, int64(r.meta.pages)*r.meta.pageBytes)
	}
	r.walk(r.meta.root, func(flags uint32, key, value []byte) {
		if flags != leafBucket {
			r.fail("a value stands outside of a bucket")
			return
		}
		r.bucket(string(key), bytes.Clone(value))
	})
	r.checkFreelist()
	return r
}

func (r *pageReader) fail(format string, values ...any) {
	if r.damage == nil {
		r.damage = fmt.Errorf(format, values...)
	}
}

// readMeta finds the younger of the two meta pages.
func (r *pageReader) readMeta() bool {
	first, ok := r.metaAt(0)
	if ok {
		r.meta = first
		second, ok := r.metaAt(first.pageBytes)
		r.outdated = !ok
		if ok && second.transaction > first.transaction {
			r.meta = second
		}
		return true
	}
	r.outdated = true
	for bytes := int64(minPageBytes); bytes <= maxPageBytes; bytes *= 2 {
		if second, ok := r.metaAt(bytes); ok && second.pageBytes == bytes {
			r.meta = second
			return true
		}
	}
	return false
}

func (r *pageReader) metaAt(offset int64) (boltMeta, bool) {
	var page [pageHeaderBytes + pageMetaBytes]byte
	if _, err := r.file.ReadAt(page[:], offset); err != nil {
		return boltMeta{}, false
	}
	order, bytes := binary.NativeEndian, page[pageHeaderBytes:]
	sum := fnv.New64a()
	_, _ = sum.Write(bytes[:56])
	meta := boltMeta{
		pageBytes: int64(order.Uint32(bytes[8:])), root: order.Uint64(bytes[16:]),
		freelist: order.Uint64(bytes[32:]), pages: order.Uint64(bytes[40:]), transaction: order.Uint64(bytes[48:]),
	}
	return meta, order.Uint16(page[8:]) == pageMeta && order.Uint32(bytes) == boltMagic &&
		order.Uint32(bytes[4:]) == boltVersion && order.Uint64(bytes[56:]) == sum.Sum64() &&
		meta.pageBytes >= minPageBytes && meta.pageBytes <= maxPageBytes && meta.pages < math.MaxInt32
}

// page reads a page with its overflow and marks it as in use. It returns nil where it cannot be what is wanted.
func (r *pageReader) page(id uint64) []byte {
	if id < 2 || id >= r.meta.pages || r.seen[id] {
		r.fail("page %d is out of place", id)
		return nil
	}
	var header [pageHeaderBytes]byte
	offset := int64(id) * r.meta.pageBytes
	if _, err := r.file.ReadAt(header[:], offset); err != nil {
		r.fail("read page %d: %w", id, err)
		return nil
	}
	count := uint64(binary.NativeEndian.Uint32(header[12:])) + 1
	if binary.NativeEndian.Uint64(header[:]) != id || id+count > r.meta.pages ||
		offset+int64(count)*r.meta.pageBytes > r.size {
		r.fail("the header of page %d is damaged", id)
		return nil
	}
	for k := id; k < id+count; k++ {
		if r.seen[k] {
			r.fail("page %d is used twice", k)
			return nil
		}
		r.seen[k] = true
	}
	page := make([]byte, int64(count)*r.meta.pageBytes)
	if _, err := r.file.ReadAt(page, offset); err != nil {
		r.fail("read page %d: %w", id, err)
		return nil
	}
	return page
}

// subtree is a page with the bounds that the page above sets to its keys: from low, and below high unless that is nil.
type subtree struct {
	page      uint64
	low, high []byte
}

// holds tells whether a key may stand in the subtree. bbolt finds a key by these bounds alone.
func (s subtree) holds(key []byte) bool {
	return bytes.Compare(key, s.low) >= 0 && (s.high == nil || bytes.Compare(key, s.high) < 0)
}

// walk calls visit for each element of each leaf below a page. It needs no recursion, and ends, because no page is read
// twice.
func (r *pageReader) walk(root uint64, visit func(flags uint32, key, value []byte)) {
	for pending := []subtree{{page: root}}; len(pending) > 0; {
		tree := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		page := r.page(tree.page)
		if page == nil {
			continue
		}
		switch binary.NativeEndian.Uint16(page[8:]) {
		case pageBranch:
			pending = append(pending, r.children(tree, page)...)
		case pageLeaf:
			r.leaf(tree, page, visit)
		default:
			r.fail("page %d is of an unknown kind", tree.page)
		}
	}
}

// elements returns how many elements a page has, as far as they fit.
func (r *pageReader) elements(id uint64, page []byte) int {
	count := int(binary.NativeEndian.Uint16(page[10:]))
	if fit := (len(page) - pageHeaderBytes) / pageElementBytes; count > fit {
		r.fail("page %d has too many elements", id)
		return fit
	}
	return count
}

// children returns what is below a branch. A child whose key is damaged is still returned, for what it holds.
func (r *pageReader) children(tree subtree, page []byte) []subtree {
	order := binary.NativeEndian
	var children []subtree
	for i := range r.elements(tree.page, page) {
		at := pageHeaderBytes + i*pageElementBytes
		start := uint64(at) + uint64(order.Uint32(page[at:]))
		end := start + uint64(order.Uint32(page[at+4:]))
		child := subtree{page: order.Uint64(page[at+8:]), low: tree.low, high: tree.high}
		if end > uint64(len(page)) || !tree.holds(page[start:end]) ||
			(i > 0 && bytes.Compare(children[i-1].low, page[start:end]) >= 0) {
			r.fail("element %d of page %d is damaged", i, tree.page)
		} else {
			child.low = page[start:end]
		}
		if i > 0 {
			children[i-1].high = child.low
		}
		children = append(children, child)
	}
	return children
}

// leaf visits the elements of a leaf. Where keys are out of order, bbolt would not find them; they are visited all the
// same, since their own sums tell whether they are good.
func (r *pageReader) leaf(tree subtree, page []byte, visit func(flags uint32, key, value []byte)) {
	order := binary.NativeEndian
	var previous []byte
	for i := range r.elements(tree.page, page) {
		at := pageHeaderBytes + i*pageElementBytes
		flags := order.Uint32(page[at:])
		start := uint64(at) + uint64(order.Uint32(page[at+4:]))
		middle := start + uint64(order.Uint32(page[at+8:]))
		end := middle + uint64(order.Uint32(page[at+12:]))
		if end > uint64(len(page)) || start == middle {
			r.fail("element %d of page %d is damaged", i, tree.page)
			continue
		}
		key := page[start:middle]
		if !tree.holds(key) || (i > 0 && bytes.Compare(previous, key) >= 0) {
			r.fail("key %d of page %d is out of order", i, tree.page)
		}
		previous = key
		visit(flags, key, page[middle:end])
	}
}

// bucket visits the pairs of a top-level bucket: those of a page of its own, or of a small page within the value.
func (r *pageReader) bucket(name string, value []byte) {
	pair := func(flags uint32, key, value []byte) {
		if flags != 0 {
			r.fail("bucket %q holds a bucket", name)
			return
		}
		r.visit(name, key, value)
	}
	if len(value) < pageHeaderBytes {
		r.fail("the header of bucket %q is damaged", name)
		return
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		r.walk(root, pair)
		return
	}
	inline := value[pageHeaderBytes:]
	if len(inline) < pageHeaderBytes || binary.NativeEndian.Uint16(inline[8:]) != pageLeaf {
		r.fail("the page of bucket %q is damaged", name)
		return
	}
	r.leaf(subtree{}, inline, pair)
}

// checkFreelist makes sure that each page is either in use or free: bbolt writes to a free page without looking.
func (r *pageReader) checkFreelist() {
	if r.damage != nil {
		return
	}
	page := r.page(r.meta.freelist)
	if page == nil {
		return
	}
	order := binary.NativeEndian
	if order.Uint16(page[8:]) != pageFreelist {
		r.fail("the list of free pages is damaged")
		return
	}
	list, count := page[pageHeaderBytes:], uint64(order.Uint16(page[10:]))
	if count == math.MaxUint16 {
		list, count = list[8:], order.Uint64(list)
	}
	if count > uint64(len(list)/8) {
		r.fail("the list of free pages is damaged")
		return
	}
	var last uint64
	for i := range count {
		id := order.Uint64(list[i*8:])
		if id < 2 || id <= last || id >= r.meta.pages || r.seen[id] {
			r.fail("free page %d is out of place", id)
			return
		}
		last, r.seen[id] = id, true
	}
	if uint64(len(r.seen))+2 != r.meta.pages {
		r.fail("%d pages are neither free nor in use", r.meta.pages-2-uint64(len(r.seen)))
	}
}
