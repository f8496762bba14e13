package shipper

import "sync"

// tally counts what was delivered of one sender's events. A nil one counts nothing.
type tally struct {
	mutex     sync.Mutex
	events    int64
	source    int64 // bytes of the source that they stand for
	windows   int64 // that had events of this sender in them
	resent    int64 // events that took more than one try
	delivered func(events, source int64)
}

// add learns of a window with so many events of this sender in it.
func (t *tally) add(events int, source int64, resent bool) {
	if t == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.windows++
	t.events += int64(events)
	t.source += source
	if resent {
		t.resent += int64(events)
	}
	if t.delivered != nil {
		t.delivered(t.events, t.source)
	}
}

// skip counts bytes of the source that no event stands for.
func (t *tally) skip(source int64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.source += source
	if t.delivered != nil {
		t.delivered(t.events, t.source)
	}
}

// report copies what was counted.
func (t *tally) report(report *Report) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	report.Events, report.Bytes, report.Windows, report.Resent = t.events, t.source, t.windows, t.resent
}
