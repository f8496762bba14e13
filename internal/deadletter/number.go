package deadletter

import "fmt"

// Number is where a letter is: its segment, and its line there, both from 1. It never changes and is not used again.
type Number struct {
	Segment uint64
	Line    uint32
}

// String returns the number as 3-17: the 17th letter of the third segment.
func (n Number) String() string { return fmt.Sprintf("%d-%d", n.Segment, n.Line) }
