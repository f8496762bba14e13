package chaos

import (
	"testing"
	"time"
)

// The same seed gives the same lines, and another seed or agent gives others.
func TestStreamOfSeed(t *testing.T) {
	one, same := newStream(1, 0, 100, beginOfTest, time.Minute), newStream(1, 0, 100, beginOfTest, time.Minute)
	if one.agentID != same.agentID || len(one.lines) != len(same.lines) || one.ends != same.ends || one.message(99) != same.message(99) {
		t.Error("the same seed gives other lines")
	}
	for _, other := range []*stream{newStream(2, 0, 100, beginOfTest, time.Minute), newStream(1, 1, 100, beginOfTest, time.Minute)} {
		if one.agentID == other.agentID || one.message(99) == other.message(99) {
			t.Error("another seed or agent gives the same lines")
		}
	}
}

// An offset names a line, and lines stand behind each other as in a file, in the order of their times.
func TestStreamIsAFile(t *testing.T) {
	s := newStream(3, 2, 100, beginOfTest, time.Minute)
	offset, latest := int64(0), int64(0)
	for number, line := range s.lines {
		found, ok := s.find(line.offset)
		if line.offset != offset || line.at < latest || !ok || found != number {
			t.Fatalf("line %d is %+v, found as %d, want offset %d", number, line, found, offset)
		}
		offset, latest = offset+int64(len(s.message(number)))+1, line.at
	}
	if _, ok := s.find(s.ends); ok {
		t.Error("a line is found behind the last one")
	}
}
