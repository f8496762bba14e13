package elasticsearch

import (
	"sync"

	"github.com/logboom/logboom/outputs"
)

const (
	// smallestLimit is how small, in bytes, requests are made beforehand at the least.
	smallestLimit = 64 << 10
	// raisedAfter is how many requests have to pass before larger ones are tried again.
	raisedAfter = 100
	// mostLimit is from which limit on, in bytes, there is none.
	mostLimit = 128 << 20
)

// sizes is how large requests may be, as learnt from answers of 413: the limit of a proxy is not to be run into by every
// batch. It is safe for concurrent use; the zero value knows of no limit.
type sizes struct {
	mutex  sync.Mutex
	limit  int // in bytes of lines; 0 for none
	passed int // requests since the limit was last changed
}

// tooLarge takes note that a request of several events was too large.
func (s *sizes) tooLarge(size int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	half := max(size/2, smallestLimit)
	if s.limit == 0 || half < s.limit {
		s.limit = half
	}
	s.passed = 0
}

// succeeded takes note that a request was not too large.
func (s *sizes) succeeded() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.limit == 0 {
		return
	}
	if s.passed++; s.passed < raisedAfter {
		return
	}
	s.limit, s.passed = s.limit*2, 0
	if s.limit >= mostLimit {
		s.limit = 0
	}
}

// fitting returns how many of the events, at least one, fit into a request.
func (s *sizes) fitting(events []outputs.Event) int {
	s.mutex.Lock()
	limit := s.limit
	s.mutex.Unlock()
	if limit == 0 {
		return len(events)
	}
	const action = 64 // about what is written beside an event
	size := 0
	for i := range events {
		if size += len(events[i].Body) + action; i > 0 && size > limit {
			return i
		}
	}
	return len(events)
}
