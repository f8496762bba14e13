package deadletter

import (
	"fmt"
	"strconv"
	"strings"
)

// Number is where a letter is: its segment, and its line there, both from 1. It never changes and is not used again.
type Number struct {
	Segment uint64
	Line    uint32
}

// String returns the number as 3-17: the 17th letter of the third segment.
func (n Number) String() string { return fmt.Sprintf("%d-%d", n.Segment, n.Line) }

// ParseNumber reads what String returned. It returns false for any other text.
func ParseNumber(text string) (Number, bool) {
	before, behind, found := strings.Cut(text, "-")
	segment, segmentErr := strconv.ParseUint(before, 10, 64)
	line, lineErr := strconv.ParseUint(behind, 10, 32)
	n := Number{Segment: segment, Line: uint32(line)}
	return n, found && segmentErr == nil && lineErr == nil && n.String() == text
}
