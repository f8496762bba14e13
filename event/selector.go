package event

import "fmt"

// Selector is a compiled set of field paths. It does not change once it is made and is safe for concurrent use.
type Selector struct {
	root    *node
	indexes map[string]int // by the path as it was given
	length  int
}

// NewSelector compiles field paths, each written as "host.name" or, in Logstash's form, as "[host][name]".
//
// Paths get the indexes 0, 1, 2 and so on in the order given; a path that came before, in either spelling, shares the
// index of the first. A path that is empty or malformed is an error that wraps [ErrPath]. No paths at all is allowed:
// such a selector only checks documents.
func NewSelector(paths ...string) (*Selector, error) {
	s := &Selector{root: newNode(0), indexes: make(map[string]int, len(paths))}
	for _, path := range paths {
		segments, err := parsePath(path)
		if err != nil {
			return nil, fmt.Errorf("select field: %w", err)
		}
		index := s.root.insert(segments, s.length)
		if index == s.length {
			s.length++
		}
		s.indexes[path] = index
	}
	if err := s.root.compile(); err != nil {
		return nil, fmt.Errorf("select fields: %w", err)
	}
	return s, nil
}

// Len returns the number of different paths, which is how many values [Selector.Scan] needs room for.
func (s *Selector) Len() int { return s.length }

// Index returns the place of a path among the values of [Selector.Scan], and whether it is selected at all. Either
// spelling finds it.
func (s *Selector) Index(path string) (int, bool) {
	if index, known := s.indexes[path]; known {
		return index, true
	}
	segments, err := parsePath(path)
	if err != nil {
		return 0, false
	}
	n := s.root
	for _, segment := range segments {
		if n = n.children[segment]; n == nil {
			return 0, false
		}
	}
	return n.index, n.index != notSelected
}

// Scan checks that the document is exactly one valid JSON object and stores the selected values, in one pass and
// without allocating. Whoever scans many does so with a [Scanner], which is faster. values[i] belongs to the path with index i; there must be room for Len() of them, or Scan panics.
//
// Valid is what encoding/json's Valid says, with two limits: the top level must be an object, and nesting deeper than
// [MaxDepth] is refused. On failure the error is a *[SyntaxError] and every value is missing.
//
// The values are slices of the document: they are good for as long as its bytes are left alone.
//
// Objects in objects and keys with dots are the same field, as they are in Elasticsearch: "a.b.c" is found in
// {"a":{"b":{"c":1}}}, in {"a.b":{"c":1}} and in {"a.b.c":1}. A value is missing if the document does not have it, or
// if something on the way to it is not an object. Where a key comes twice in an object the last one stands, with
// nothing left of the one before, as when encoding/json decodes into a map. Where a field is given both nested and
// dotted, the last one in the document stands; if that one is in turn replaced along with an object around it, the
// field is missing.
func (s *Selector) Scan(document []byte, values []Value) error {
	scanner := Scanner{selector: s}
	return scanner.Scan(document, values)
}

// scanPlain is Scan for values that are clear.
func (s *Selector) scanPlain(document []byte, values []Value) error {
	scan := scanner{document: document, values: values}
	if scan.run(s.root) {
		return nil
	}
	clear(values)
	return &SyntaxError{Offset: int64(scan.failedAt), Reason: scan.reason}
}

// Lookup reads a single field of a document and says whether it is there; null is. It compiles the path anew on each
// call and is meant for where speed does not matter. The error is that of [NewSelector] or of [Selector.Scan].
func Lookup(document []byte, path string) (Value, bool, error) {
	selector, err := NewSelector(path)
	if err != nil {
		return Value{}, false, err
	}
	var values [1]Value
	if err := selector.Scan(document, values[:]); err != nil {
		return Value{}, false, fmt.Errorf("look up %s: %w", path, err)
	}
	return values[0], values[0].Kind() != Missing, nil
}
