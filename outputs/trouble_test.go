package outputs

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// lines is a log that can be read while it is written.
type lines struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *lines) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

func (l *lines) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func (l *lines) count(text string) int { return strings.Count(l.String(), text) }

// An output is as well as the worst of what it does at a time.
func TestStateIsThatOfTheWorst(t *testing.T) {
	var d *Delivery
	var first, second, third trouble
	blocked, passing := &Blocked{Err: errors.New("not allowed")}, errors.New("connection refused")
	for _, step := range []struct {
		what string
		do   func()
		want State
	}{
		{"one is blocked", func() { d.failed(&first, blocked) }, StateBlocked},
		{"another one fails", func() { d.failed(&second, passing) }, StateBlocked},
		{"and succeeds", func() { d.wroteLoad(&second) }, StateBlocked},
		{"one that never failed succeeds", func() { d.wroteLoad(&third) }, StateBlocked},
		{"the first fails otherwise", func() { d.failed(&first, passing) }, StateRetrying},
		{"and succeeds", func() { d.wroteLoad(&first) }, StateOK},
		{"one fails", func() { d.failed(&first, blocked) }, StateBlocked},
		{"and is given up", func() { d.gaveUp(&first) }, StateRetrying},
		{"a cursor is stored at the second try", func() { d.failed(&second, passing); d.succeeded(&second) }, StateRetrying},
		{"a load is written", func() { d.wroteLoad(&third) }, StateOK},
	} {
		if d == nil {
			d = NewDelivery("test", &receiver{t: t}, nil, Options{})
		}
		step.do()
		if got := d.status; got.state != step.want || got.failingSince.IsZero() != (step.want == StateOK) {
			t.Fatalf("%s: %q since %v, want %q", step.what, got.state, got.failingSince, step.want)
		}
	}
	if d.status.failing != 0 || d.status.blocked != 0 {
		t.Errorf("%d fail and %d are blocked at the end", d.status.failing, d.status.blocked)
	}
}

// stumbling is a log that fails once.
type stumbling struct {
	Log
	loads, stores atomic.Int32 // how many work before
}

var errStumbled = errors.New("input/output error")

func (s *stumbling) LoadCursor(output string) (uint64, []byte, error) {
	if s.loads.Add(-1) == -1 {
		return 0, nil, errStumbled
	}
	return s.Log.LoadCursor(output)
}

func (s *stumbling) StoreCursor(output string, after uint64, state []byte) error {
	if s.stores.Add(-1) == -1 {
		return errStumbled
	}
	return s.Log.StoreCursor(output, after, state)
}

// What failed once and worked the second time is over, also where no event comes behind it.
func TestOneFailureOfTheJournalIsOver(t *testing.T) {
	for name, fails := range map[string]func(*stumbling){
		"load":  func(s *stumbling) { s.stores.Store(100) },
		"store": func(s *stumbling) { s.loads.Store(100) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.log = func(log Log) Log {
				stumbles := &stumbling{Log: log}
				fails(stumbles)
				return stumbles
			}
			r := &receiver{t: t}
			d, stop := h.deliver(r, Options{})
			h.send(10, 20, true)
			eventually(t, "that all is well", func() bool {
				s := d.Stats()
				return s.Failures == 1 && s.After == h.pipeline.Events().Last() && s.State == StateOK && s.FailingSince.IsZero()
			})
			stop()
			r.each(10, true)
		})
	}
}

// pile is a log of seven records, the last of which nobody has to write.
type pile struct{ Log }

func (pile) Last() uint64              { return 7 }
func (pile) Behind(after uint64) int64 { return int64(7-after) * 100 }

// A cursor that is not stored for want of events leaves nothing to be done.
func TestNothingIsBehindWhereAllIsDone(t *testing.T) {
	d := NewDelivery("test", &receiver{t: t}, pile{}, Options{})
	d.status.after = 3
	for read, want := range map[uint64]int64{6: 400, 7: 0} {
		d.status.read = read
		if got := d.Stats().Behind; got != want {
			t.Errorf("with %d records read %d bytes are behind, want %d", read, got, want)
		}
	}
	d.inFlight = []*load{new(load)}
	if got := d.Stats().Behind; got != 400 {
		t.Errorf("with a load in flight %d bytes are behind", got)
	}
}
