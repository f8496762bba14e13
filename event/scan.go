package event

import "math"

// Scanner scans one document after the other for the paths of a [Selector]. It is what [Selector.Scan] would be if it had
// not to be made anew for each document: that is 4 kB to clear. Not safe for concurrent use; it holds on to the last document
// and its values until the next.
type Scanner struct {
	selector *Selector
	marked   markedScanner
}

// NewScanner returns a scanner for the selector's paths.
func (s *Selector) NewScanner() *Scanner { return &Scanner{selector: s} }

// Scan does what [Selector.Scan] does. What values held before does not matter.
func (s *Scanner) Scan(document []byte, values []Value) error {
	values = values[:s.selector.length]
	if canMark && len(document) >= blockLength && uint64(len(document)) <= math.MaxInt32 && s.scanMarked(document, values) {
		return nil
	}
	clear(values)
	return s.selector.scanPlain(document, values)
}

// scanMarked is scanPlain for machines that have canMark. It does not say what is wrong, and leaves values behind then.
func (s *Scanner) scanMarked(document []byte, values []Value) bool {
	if len(values) > pathBits {
		clear(values)
	}
	if !s.marked.run(s.selector.root, document, values) {
		return false
	}
	for i := range values {
		if len(values) <= pathBits && s.marked.found>>i&1 == 0 {
			values[i] = Value{}
		}
	}
	return true
}
