package event

import (
	"encoding/binary"
	"fmt"
	"math"
)

// notSelected is the index of a node that only leads to selected paths and is none itself.
const notSelected = -1

// pathBits is how many paths can have a bit of their own.
const pathBits = 64

// node is a place in the tree of selected paths: the path from the root, split at its dots.
//
// A key of a document may span several segments ("host.name" as one key), so a node has an edge to each of its
// descendants, not to its children alone. A path of n segments has at most n*(n+1)/2 edges.
type node struct {
	index int // of the path that ends here, or notSelected
	// routeBit stands for "a key ended at this node", routeMask for every node from the root to this one.
	routeBit, routeMask uint32
	below               []int // indexes of the paths that pass through or end here
	// bit stands for the path that ends here, and perhaps for others too; belowBits for all in below. innerBits are the same
	// where paths go on from here, and 0 elsewhere.
	bit, belowBits, innerBits uint64
	children                  map[string]*node

	edges []edge
	// slots are where the search for a key begins, by slotOf: the number of an edge, from 1, or 0, which nearly all keys have
	// that lead nowhere.
	slots [1 << 8]uint16
}

// slotOf returns the slot of a key, which depends on its first byte, its last byte and its length alone.
func slotOf(first, last byte, length int) uint8 {
	return first + last<<2 + uint8(length)*37
}

// edge leads to the node that is reached by a key, which is one or several segments joined by dots.
type edge struct {
	key  string
	node *node
	next uint16 // of the same slot, as in node.slots
	// word is the key, and shift what moves all else out of eight bytes that begin with it, if it is so short; or length is 0.
	word   uint64
	shift  uint8
	length uint8
}

// shortKey is how long a key may be to be compared at once.
const shortKey = 8

// shorten fills in what compares a short key.
func (e *edge) shorten() {
	if len(e.key) > shortKey {
		return
	}
	var eight [shortKey]byte
	copy(eight[:], e.key)
	e.length = uint8(len(e.key))
	e.shift = 64 - 8*e.length
	e.word = binary.LittleEndian.Uint64(eight[:]) << e.shift
}

func newNode(depth int) *node {
	made := &node{index: notSelected, children: map[string]*node{}}
	if depth > 0 {
		made.routeBit = 1 << (depth - 1)
		made.routeMask = made.routeBit | (made.routeBit - 1)
	}
	return made
}

// insert adds a path with the index that it shall have and returns the index that it has: an equal path was first.
func (n *node) insert(segments []string, index int) int {
	way := []*node{n}
	for depth, segment := range segments {
		next, known := n.children[segment]
		if !known {
			next = newNode(depth + 1)
			n.children[segment] = next
		}
		way = append(way, next)
		n = next
	}
	if n.index != notSelected {
		return n.index
	}
	n.index, n.bit = index, 1<<(index%pathBits)
	for _, passed := range way {
		passed.below = append(passed.below, index)
		passed.belowBits |= n.bit
	}
	return index
}

// compile fills in the edges of the node and of all nodes below it.
func (n *node) compile() error {
	n.collect("", n)
	if len(n.edges) > math.MaxUint16 {
		return fmt.Errorf("%w: more than %d under one key", ErrPath, math.MaxUint16)
	}
	if len(n.edges) > 0 {
		n.innerBits = n.belowBits
	}
	for i := range n.edges {
		e := &n.edges[i]
		slot := slotOf(e.key[0], e.key[len(e.key)-1], len(e.key))
		e.next, n.slots[slot] = n.slots[slot], uint16(i+1)
		e.shorten()
	}
	for _, child := range n.children {
		if err := child.compile(); err != nil {
			return err
		}
	}
	return nil
}

// collect gives n an edge to every descendant of from; prefix is the key that leads from n to from.
func (n *node) collect(prefix string, from *node) {
	for segment, child := range from.children {
		n.edges = append(n.edges, edge{key: prefix + segment, node: child})
		n.collect(prefix+segment+".", child)
	}
}

// find returns the node that a key without escapes leads to, or nil.
func (n *node) find(key []byte) *node {
	if len(key) == 0 {
		return nil
	}
	return n.findFrom(uint32(n.slots[slotOf(key[0], key[len(key)-1], len(key))]), key)
}

func (n *node) findFrom(slot uint32, key []byte) *node {
	for slot != 0 {
		e := &n.edges[slot-1]
		if string(key) == e.key {
			return e.node
		}
		slot = uint32(e.next)
	}
	return nil
}

// follow returns the node that a key leads to, or nil, from its slot and its end as it was marked.
func (n *node) follow(slot uint32, key []byte, end uint32) *node {
	if end&escapeIn != 0 {
		return n.followEscaped(key)
	}
	return n.findFrom(slot, key)
}

// followEscaped is follow for a key that is written with escapes, such as "\u0040timestamp".
func (n *node) followEscaped(key []byte) *node {
	for i := range n.edges {
		if unescapesTo(key, n.edges[i].key) {
			return n.edges[i].node
		}
	}
	return nil
}
