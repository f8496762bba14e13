package event

import (
	"bytes"
	"slices"
	"strings"
)

// notSelected is the index of a node that only leads to selected paths and is none itself.
const notSelected = -1

// node is a place in the tree of selected paths: the path from the root, split at its dots.
//
// A key of a document may span several segments ("host.name" as one key), so a node has an edge to each of its
// descendants, not to its children alone. A path of n segments has at most n*(n+1)/2 edges.
type node struct {
	index int // of the path that ends here, or notSelected
	// routeBit stands for "a key ended at this node", routeMask for every node from the root to this one.
	routeBit, routeMask uint32
	below               []int // indexes of the paths that pass through or end here
	// bit stands for the path that ends here, and perhaps for others too; belowBits for all in below.
	bit, belowBits uint64
	children       map[string]*node

	edges []edge // sorted by the length of the key
	// ofLength[n] is where the edges with keys of n bytes start; they end at ofLength[n+1].
	ofLength []int
	// filter has the bits of the edges, see filterBit. It tells nearly all keys that lead nowhere without a call.
	filter [filterWords]uint64
}

// filterWords is how many words of bits a filter has.
const filterWords = 8

// filterBit returns a bit, by its word and its place in that, which depends on the first byte, the last byte and the length of a
// key.
func filterBit(first, last byte, length int) (word, bit uint) {
	return (uint(last) + uint(length)) % filterWords, (uint(first) + 5*uint(length)) % 64
}

// edge leads to the node that is reached by a key, which is one or several segments joined by dots.
type edge struct {
	key  string
	node *node
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
	n.index, n.bit = index, 1<<(index%64)
	for _, passed := range way {
		passed.below = append(passed.below, index)
		passed.belowBits |= n.bit
	}
	return index
}

// compile fills in the edges of the node and of all nodes below it.
func (n *node) compile() {
	n.collect("", n)
	slices.SortFunc(n.edges, func(a, b edge) int {
		if len(a.key) != len(b.key) {
			return len(a.key) - len(b.key)
		}
		return strings.Compare(a.key, b.key)
	})
	longest := 0
	if len(n.edges) > 0 {
		longest = len(n.edges[len(n.edges)-1].key)
	}
	n.ofLength = make([]int, longest+2)
	for length := range n.ofLength {
		n.ofLength[length], _ = slices.BinarySearchFunc(n.edges, length, func(e edge, length int) int {
			return len(e.key) - length
		})
	}
	for _, e := range n.edges {
		word, bit := filterBit(e.key[0], e.key[len(e.key)-1], len(e.key))
		n.filter[word] |= 1 << bit
	}
	for _, child := range n.children {
		child.compile()
	}
}

// collect gives n an edge to every descendant of from; prefix is the key that leads from n to from.
func (n *node) collect(prefix string, from *node) {
	for segment, child := range from.children {
		n.edges = append(n.edges, edge{prefix + segment, child})
		n.collect(prefix+segment+".", child)
	}
}

// mayFollow tells whether follow may find a node for a key, by its first byte, its last byte and its length alone.
func (n *node) mayFollow(first, last byte, length int) bool {
	word, bit := filterBit(first, last, length)
	return n.filter[word]>>bit&1 != 0
}

// followAny is follow or followEscaped, whichever the key needs.
func (n *node) followAny(key []byte) *node {
	if bytes.IndexByte(key, '\\') >= 0 {
		return n.followEscaped(key)
	}
	return n.follow(key)
}

// follow returns the node that a key without escapes leads to, or nil.
func (n *node) follow(key []byte) *node {
	if len(key)+1 >= len(n.ofLength) {
		return nil
	}
	for i := n.ofLength[len(key)]; i < n.ofLength[len(key)+1]; i++ {
		if string(key) == n.edges[i].key {
			return n.edges[i].node
		}
	}
	return nil
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
