package journal

import "path/filepath"

// Range is a row of sequences, both ends included.
type Range struct{ From, Through uint64 }

// surveyed is a segment as it was found on disk, with what is to become of it.
type surveyed struct {
	path string
	base uint64
	salt uint32
	size int64
	survey
	// headless says that the header is damaged and base and salt come from the file's name.
	headless bool
	// kept are the runs that stay, with a gap for whatever acknowledged is missing between them.
	kept []run
	// rewrite says that the segment is damaged and must be replaced by a new one with what is kept.
	rewrite bool
	// remove says that the segment holds nothing that was acknowledged, or nothing that was not cut at the front.
	remove bool
}

// assessment tells damage to what was acknowledged from what was never durable, over all segments in order.
type assessment struct {
	segments []*surveyed
	// durable is the highest sequence that anything says was durable.
	durable uint64
	// next is the sequence that should come next.
	next    uint64
	missing []Range
	// cut says that the end of the log was torn: frames that nobody was told about are dropped.
	cut bool
}

// assess decides what stays of a log. first is where it should begin, 0 where that is not known; durable is what the
// small state says was durable.
func assess(segments []*surveyed, first, durable uint64) *assessment {
	a := &assessment{segments: segments, durable: durable, next: max(first, 1)}
	for i, s := range segments {
		a.durable = max(a.durable, s.durable)
		s.remove = i+1 < len(segments) && segments[i+1].base <= first
	}
	if first == 0 && len(segments) > 0 {
		a.next = segments[0].base
	}
	for i := range segments {
		a.segment(i)
	}
	a.end()
	return a
}

// segment decides about the runs of one segment.
func (a *assessment) segment(i int) {
	s := a.segments[i]
	if s.remove {
		return
	}
	for _, r := range s.runs {
		if a.cut || r.last < a.next {
			continue
		}
		if r.gap {
			r.first = max(r.first, a.next)
		}
		if r.first < a.next {
			// A copy of what another file held already. Nothing here writes that.
			s.rewrite = true
			continue
		}
		if r.first > a.next && !a.fill(i, r.first-1) {
			a.cut = true
			continue
		}
		s.kept = append(s.kept, r)
		a.next = r.last + 1
	}
	if s.headless && len(s.kept) > 0 {
		s.rewrite = true
	}
}

// fill accounts for the sequences from next to through, which no frame was found for. It returns false where they were
// never durable, so that the log ends before them.
func (a *assessment) fill(i int, through uint64) bool {
	if a.next > a.durable {
		return false
	}
	a.missing = append(a.missing, Range{a.next, through})
	for ; i >= 0; i-- {
		if holder := a.segments[i]; holder.base <= a.next && !holder.remove {
			end := int64(segmentHeaderBytes)
			if n := len(holder.kept); n > 0 {
				end = holder.kept[n-1].end
			}
			holder.kept = append(holder.kept, run{gap: true, first: a.next, last: through, start: end, end: end})
			holder.rewrite = true
			break
		}
	}
	a.next = through + 1
	return true
}

// end accounts for the end of the log, and for segments of which nothing is kept.
func (a *assessment) end() {
	if a.next <= a.durable {
		a.fill(len(a.segments)-1, a.durable)
	}
	for _, s := range a.segments {
		if len(s.kept) == 0 && !s.remove {
			s.remove = s.base >= a.next
			s.rewrite = !s.remove
		}
	}
}

// records counts the records that are kept.
func (s *surveyed) records() uint64 {
	var count uint64
	for _, r := range s.kept {
		if !r.gap {
			count += r.last - r.first + 1
		}
	}
	return count
}

// segment returns what is kept as a segment that is not written to any more.
func (s *surveyed) segment() *segment {
	made := &segment{
		path: s.path, base: s.base, seed: saltSum(s.salt), last: s.base - 1,
		end: segmentHeaderBytes, limit: segmentHeaderBytes, records: s.records(),
	}
	for _, r := range s.kept {
		made.last, made.end, made.limit = r.last, r.end, r.end
		for _, m := range r.marks {
			made.mark(m.sequence, m.offset)
		}
	}
	return made
}

// name returns the file's name.
func (s *surveyed) name() string { return filepath.Base(s.path) }
