package outputs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/rules"
)

// receiver is an output that keeps what it is given, as its script says.
type receiver struct {
	t      testing.TB
	script func(event Event) error // nil takes everything
	whole  func() error            // fails a Write as a whole
	width  int

	mutex   sync.Mutex
	numbers []int
	ids     []string
	bodies  []string
	texts   []string
	largest int
	closed  int
}

func (r *receiver) Concurrency() int { return max(r.width, 1) }

func (r *receiver) Close() error {
	r.closed++
	return nil
}

func (r *receiver) Write(_ context.Context, batch *Batch) ([]error, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.largest = max(r.largest, len(batch.Events))
	if r.whole != nil {
		if err := r.whole(); err != nil {
			return nil, err
		}
	}
	outcomes := make([]error, len(batch.Events))
	size := 0
	for i, event := range batch.Events {
		size += len(event.Body)
		if r.script != nil {
			if outcomes[i] = r.script(event); outcomes[i] != nil {
				continue
			}
		}
		r.keep(event)
	}
	if size != batch.Bytes {
		r.t.Errorf("%d bytes in a batch that says %d", size, batch.Bytes)
	}
	return outcomes, nil
}

func (r *receiver) keep(event Event) {
	id, _ := event.ID.AppendText(nil)
	r.ids = append(r.ids, string(id))
	r.numbers = append(r.numbers, numberOf(r.t, event.Body))
	r.bodies = append(r.bodies, string(event.Body))
	r.texts = append(r.texts, fmt.Sprintf("%s|%s", event.Texts[0], event.Texts[1]))
}

func (r *receiver) count() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.numbers)
}

func numberOf(t testing.TB, body []byte) int {
	var event struct{ Number int }
	if err := json.Unmarshal(body, &event); err != nil {
		t.Errorf("%.200s: %v", body, err)
	}
	return event.Number
}

// each checks that the numbers from 0 on were received, each once, in order where that is asked.
func (r *receiver) each(want int, ordered bool) {
	r.t.Helper()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	seen := make(map[int]int)
	ids := make(map[string]bool)
	for i, number := range r.numbers {
		if ordered && number != i {
			r.t.Fatalf("event %d came at place %d", number, i)
		}
		seen[number]++
		ids[r.ids[i]] = true
	}
	for number := range want {
		if seen[number] != 1 {
			r.t.Fatalf("event %d came %d times", number, seen[number])
		}
	}
	if len(seen) != want || len(ids) != want {
		r.t.Fatalf("%d events with %d ids, want %d", len(seen), len(ids), want)
	}
}

func TestDeliveryGivesEachEventInOrder(t *testing.T) {
	h := newHouse(t)
	r := &receiver{t: t}
	d, stop := h.deliver(r, Options{BatchEvents: 100, BatchBytes: 20_000})
	for i := range 40 {
		h.send(1+i*7%120, 50, i%2 == 0)
	}
	h.send(3, 3<<20, true) // larger than a chunk
	h.send(300, 8000, true)
	eventually(t, "all events", func() bool { return r.count() == h.number })
	stop()
	r.each(h.number, true)
	stats := d.Stats()
	if stats.Written != uint64(h.number) || stats.State != StateStopped || stats.InFlight != 0 || r.closed != 1 {
		t.Errorf("%+v, closed %d times", stats, r.closed)
	}
	if r.largest > 100 {
		t.Errorf("%d events at once", r.largest)
	}
	eventually(t, "the cursor", func() bool { return d.Stats().After > 0 })
}

// What is written is Logstash's form, with the texts that were asked for; or the event as it came.
func TestDeliveryEncodes(t *testing.T) {
	h := newHouse(t)
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := logstash.NewTemplates(encoder, "logs-%{+YYYY.MM.dd}", "%{number}/%{[@metadata][input][beats][host][ip]}")
	if err != nil {
		t.Fatal(err)
	}
	written := &receiver{t: t}
	_, stop := h.deliver(written, Options{Encoder: encoder, Texts: texts})
	h.send(2, 3, true)
	eventually(t, "two events", func() bool { return written.count() == 2 })
	stop()
	if want := "logs-2026.11.24|1/192.0.2.7"; written.texts[1] != want {
		t.Errorf("texts %q, want %q", written.texts[1], want)
	}
	var event map[string]any
	if err := json.Unmarshal([]byte(written.bodies[0]), &event); err != nil || event["@version"] != "1" {
		t.Errorf("%s: %v", written.bodies[0], err)
	}
	asTheyCame := &receiver{t: t}
	_, stop = h.deliver(asTheyCame, Options{Encoder: encoder, AsTheyCame: true})
	h.send(1, 3, true)
	eventually(t, "an event", func() bool { return asTheyCame.count() == 1 })
	stop()
	if want := `{"@timestamp":"2026-11-24T10:00:00.000Z","number":2,"message":"000"}`; asTheyCame.bodies[0] != want {
		t.Errorf("%s, want %s", asTheyCame.bodies[0], want)
	}
}

// evens chooses the events with even numbers, and cannot judge those that end with 9.
type evens struct{ t *testing.T }

func (e evens) Matches(document []byte) (matches, known bool) {
	number := numberOf(e.t, document)
	return number%2 == 0, number%10 != 9
}

func TestDeliveryChooses(t *testing.T) {
	h := newHouse(t)
	r := &receiver{t: t}
	d, stop := h.deliver(r, Options{Where: evens{t}})
	h.send(101, 3, true)
	eventually(t, "the even half", func() bool { return r.count() == 51 })
	stop()
	for i, number := range r.numbers {
		if number != 2*i {
			t.Fatalf("event %d was given", number)
		}
	}
	if errors := d.Stats().ConditionErrors; errors != 10 {
		t.Errorf("%d events could not be judged, want 10", errors)
	}
}

// What fails is tried again, and only that; what is refused for good is set aside, once.
func TestDeliveryTriesAgain(t *testing.T) {
	h := newHouse(t)
	random := rand.New(rand.NewPCG(1, 2))
	var letters []DeadLetter
	r := &receiver{t: t, script: func(event Event) error {
		switch number := numberOf(t, event.Body); {
		case number%50 == 7:
			return &Permanent{Err: errors.New("never")}
		case random.IntN(3) == 0:
			return errors.New("not now")
		}
		return nil
	}, whole: func() error {
		if random.IntN(4) == 0 {
			return &RetryAfter{Err: errors.New("too many requests"), Delay: time.Microsecond}
		}
		return nil
	}}
	refuse := 2
	d, stop := h.deliver(r, Options{DeadLetters: func(_ context.Context, list []DeadLetter) error {
		if refuse--; refuse >= 0 {
			return errors.New("disk full")
		}
		for _, letter := range list {
			letter.Body = append([]byte(nil), letter.Body...)
			letters = append(letters, letter)
		}
		return nil
	}})
	h.send(1000, 20, true)
	eventually(t, "all events", func() bool { return r.count() == 980 })
	eventually(t, "the cursor", func() bool { return d.Stats().After > 1 })
	stop()
	seen := make(map[int]bool)
	for _, number := range r.numbers {
		if seen[number] || number%50 == 7 {
			t.Fatalf("event %d was written again", number)
		}
		seen[number] = true
	}
	for i, letter := range letters {
		if number := numberOf(t, letter.Body); number != 50*i+7 || letter.Reason != "never" || letter.Output != "test" {
			t.Fatalf("letter %d is %+v", i, letter)
		}
	}
	if stats := d.Stats(); len(letters) != 20 || stats.DeadLetters != 20 || stats.Written != 980 || stats.Retries == 0 {
		t.Errorf("%d letters, %+v", len(letters), stats)
	}
}

// tape is a Stateful output: it has exactly what its state says, whatever was written behind that.
type tape struct {
	receiver
	fails func() bool
}

func (p *tape) Concurrency() int { return 1 }

func (p *tape) Write(ctx context.Context, batch *Batch) ([]error, error) {
	if p.fails() {
		return nil, errors.New("not now")
	}
	return p.receiver.Write(ctx, batch)
}

func (p *tape) State() []byte {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return strconv.AppendInt(nil, int64(len(p.numbers)), 10)
}

func (p *tape) Restore(state []byte) error {
	length := 0
	if len(state) > 0 {
		var err error
		if length, err = strconv.Atoi(string(state)); err != nil {
			return err
		}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.numbers, p.ids = p.numbers[:length], p.ids[:length]
	return nil
}

// An output that can be cut back to its state has each event exactly once, however often the process ends in between.
func TestStatefulOutputsHaveEachEventOnce(t *testing.T) {
	h := newHouse(t)
	random := rand.New(rand.NewPCG(3, 4))
	failures := rand.New(rand.NewPCG(5, 6)) // the output's goroutine has it
	p := &tape{receiver: receiver{t: t}, fails: func() bool { return failures.IntN(5) == 0 }}
	for range 40 {
		_, stop := h.deliver(p, Options{BatchEvents: 1 + random.IntN(30)})
		for range random.IntN(6) {
			h.send(1+random.IntN(60), 10, random.IntN(2) == 0)
		}
		wait := random.IntN(h.number + 1)
		eventually(t, "some events", func() bool { return p.count() >= wait })
		stop()
		if random.IntN(3) == 0 {
			h.reopen()
		}
	}
	_, stop := h.deliver(p, Options{})
	eventually(t, "all events", func() bool { return p.count() == h.number })
	stop()
	p.each(h.number, true)
}

// What an output of another type left under the name is nothing that a Stateful one could go back to after a kill.
func TestStatefulOutputsBeginUnderAUsedName(t *testing.T) {
	h := newHouse(t)
	if err := h.pipeline.Events().StoreCursor("test", 0, place{0, 3}.state()); err != nil {
		t.Fatal(err)
	}
	kill := &killed{}
	h.log = func(log Log) Log {
		kill.Log = log
		return kill
	}
	p := &newcomer{tape{receiver: receiver{t: t}, fails: func() bool {
		kill.dead.Store(true) // before the cursor behind the first write is stored
		return false
	}}}
	h.send(10, 10, true)
	_, stop := h.deliver(p, Options{})
	eventually(t, "all events", func() bool { return p.count() == 10 })
	stop()
	h.log = nil
	h.reopen()
	_, stop = h.deliver(p, Options{})
	eventually(t, "all events again", func() bool { return p.count() == 10 })
	h.send(1, 10, true)
	eventually(t, "one more", func() bool { return p.count() >= 11 })
	stop()
	p.each(11, true)
}

// bounded notes what it is told will come again.
type bounded struct {
	tape
	again []int
}

func (b *bounded) WillComeAgain(events func() int) { b.again = append(b.again, events()) }

// An output that takes something away is told how much is behind its cursor.
func TestOutputsAreToldWhatWillComeAgain(t *testing.T) {
	h := newHouse(t)
	b := &bounded{tape: tape{receiver: receiver{t: t}, fails: func() bool { return true }}}
	d, stop := h.deliver(b, Options{})
	h.send(7, 10, false)
	eventually(t, "a failure", func() bool { return d.Stats().Failures > 0 })
	stop()
	b.fails = func() bool { return false }
	d, stop = h.deliver(b, Options{})
	eventually(t, "all", func() bool { return b.count() == 7 && d.Stats().Behind == 0 })
	stop()
	_, stop = h.deliver(b, Options{})
	stop()
	if !slices.Equal(b.again, []int{0, 7, 0}) {
		t.Errorf("told %v", b.again)
	}
}

// An output that chooses nothing has its cursor moved, however fast the journal grows and although nothing comes behind that.
func TestCursorMovesOverWhatIsNotChosen(t *testing.T) {
	h := newHouse(t)
	nothing, err := rules.NewFilter(`message == "nothing"`)
	if err != nil {
		t.Fatal(err)
	}
	_, stop := h.deliver(&receiver{t: t}, Options{Where: nothing})
	for range 30 {
		h.send(100, 2000, false) // 6 MB, in much less than idleCursor
	}
	log := h.pipeline.Events()
	eventually(t, "a cursor not far behind", func() bool {
		after, _, err := log.LoadCursor("test")
		return err == nil && log.Behind(after) < 2*idleBytes
	})
	stop()
}

// newcomer takes what it does not understand for the beginning of what it has, as the file output does.
type newcomer struct{ tape }

func (n *newcomer) Restore(state []byte) error {
	if n.tape.Restore(state) == nil {
		return nil
	}
	return n.tape.Restore(n.State())
}

// Several writes at a time: all events come, and a restart repeats only what was not known to be done.
func TestConcurrentOutputs(t *testing.T) {
	h := newHouse(t)
	random, failures := rand.New(rand.NewPCG(5, 6)), rand.New(rand.NewPCG(7, 8))
	r := &receiver{t: t, width: 4, script: func(Event) error { // under the receiver's mutex
		if failures.IntN(100) == 0 {
			return errors.New("not now")
		}
		return nil
	}}
	d, stop := h.deliver(r, Options{BatchEvents: 10})
	for range 100 {
		h.send(1+random.IntN(60), 10, true)
	}
	eventually(t, "all events", func() bool { return r.count() >= h.number })
	eventually(t, "the cursor", func() bool { return d.Stats().InFlight == 0 })
	stop()
	r.each(h.number, false)
	h.reopen()
	again := &receiver{t: t}
	_, stop = h.deliver(again, Options{})
	h.send(1, 1, true)
	eventually(t, "the new event", func() bool { return again.count() > 0 })
	stop()
	if len(again.numbers) > 1 {
		t.Errorf("%d events were given again after everything was done", len(again.numbers)-1)
	}
}

// While a batch is tried again and again, others do not go on without end: all that is done behind it would come again after a
// kill, and takes memory until then.
func TestOneBatchThatIsStuckHoldsTheOthers(t *testing.T) {
	h := newHouse(t)
	var open atomic.Bool
	r := &receiver{t: t, width: 3, script: func(event Event) error {
		if numberOf(t, event.Body) == 0 && !open.Load() {
			return errors.New("not this one")
		}
		return nil
	}}
	d, stop := h.deliver(r, Options{BatchEvents: 10})
	for range 50 {
		h.send(10, 10, true)
	}
	eventually(t, "many tries", func() bool { return d.Stats().Retries > 100 })
	if stats := d.Stats(); stats.InFlight > 3 || stats.Written > 3*10 || stats.After > 1 {
		t.Errorf("%+v", stats)
	}
	open.Store(true)
	eventually(t, "all events", func() bool { return r.count() == h.number })
	stop()
	r.each(h.number, false)
}

// What is done of a record is not given again after a stop, or after a kill but for the batch in flight, even if the rest of the
// record took for ever.
func TestCursorInTheMiddleOfARecord(t *testing.T) {
	for name, test := range map[string]struct {
		killed bool
		from   int // what comes again begins there
	}{"stopped": {false, 55}, "killed": {true, 47}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			const good = 55
			takes := func(event Event) error {
				if numberOf(t, event.Body) >= good {
					return errors.New("not now")
				}
				return nil
			}
			first := &receiver{t: t, script: takes}
			kill := &killed{}
			h.log = func(log Log) Log {
				kill.Log = log
				return kill
			}
			_, stop := h.deliver(first, Options{BatchEvents: 10})
			h.send(7, 10, true)
			eventually(t, "a batch", func() bool { return first.count() == 7 })
			h.send(100, 10, true)
			eventually(t, "what is taken", func() bool { return first.count() == good })
			kill.dead.Store(test.killed)
			stop()
			h.log = nil
			h.reopen()
			again := &receiver{t: t, script: takes}
			d, stop := h.deliver(again, Options{BatchEvents: 10})
			eventually(t, "what is refused again", func() bool { return d.Stats().Failures > 0 })
			stop()
			if again.count() != good-test.from || again.count() > 0 && again.ids[0] != first.ids[test.from] {
				t.Errorf("%v came again", again.numbers)
			}
			rest := &receiver{t: t}
			h.reopen()
			_, stop = h.deliver(rest, Options{})
			eventually(t, "the rest", func() bool { return rest.count() >= 107-good })
			stop()
			if rest.count() != 107-good || rest.numbers[0] != good {
				t.Errorf("it goes on with event %d", rest.numbers[0])
			}
		})
	}
}

// killed is a log in which nothing changes any more once it is dead.
type killed struct {
	Log
	dead atomic.Bool
}

func (k *killed) StoreCursor(output string, after uint64, state []byte) error {
	if k.dead.Load() {
		return errors.New("killed")
	}
	return k.Log.StoreCursor(output, after, state)
}

// fullDisk is a log whose cursors cannot be stored for a while.
type fullDisk struct {
	Log
	refuse int
	tries  chan time.Time
}

func (f *fullDisk) StoreCursor(output string, after uint64, state []byte) error {
	f.tries <- time.Now()
	if f.refuse--; f.refuse >= 0 {
		return errors.New("no space left on device")
	}
	return f.Log.StoreCursor(output, after, state)
}

// Wait waits for nothing that comes from outside of a synctest bubble.
func (f *fullDisk) Wait(ctx context.Context, after uint64) error {
	if f.Last() <= after {
		<-ctx.Done()
	}
	return ctx.Err()
}

// A cursor that cannot be stored is tried again soon, however long that takes, and nothing more is sent meanwhile.
func TestCursorIsTriedAgainSoon(t *testing.T) {
	h := newHouse(t)
	h.send(50, 10, true)
	synctest.Test(t, func(t *testing.T) {
		log := &fullDisk{Log: h.pipeline.Events(), refuse: 20, tries: make(chan time.Time, 100)}
		r := &receiver{t: t}
		d := NewDelivery("test", r, log, Options{Encoder: h.encoder(), BatchEvents: 10})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx) }()
		before := <-log.tries
		for range 20 {
			at := <-log.tries
			if at.Sub(before) > longestLocalWait || r.count() > 10 {
				t.Errorf("tried again after %s, %d events are sent", at.Sub(before), r.count())
			}
			before = at
		}
		synctest.Wait()
		if r.count() != 50 || d.Stats().After != log.Last() {
			t.Errorf("%d events are sent: %+v", r.count(), d.Stats())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// An output that need not have everything loses what is too far behind, and counts it. It is not well until it writes again.
func TestOutputsThatMayMiss(t *testing.T) {
	h := newHouse(t)
	log := new(lines)
	open := make(chan struct{})
	r := &receiver{t: t, whole: func() error {
		select {
		case <-open:
			return nil
		default:
			return errors.New("down")
		}
	}}
	d, stop := h.deliver(r, Options{MostBehind: 300_000, BatchEvents: 10, Logger: zerolog.New(log)})
	for range 100 {
		h.send(10, 1000, false)
	}
	eventually(t, "what is missed", func() bool { return d.Stats().Missed >= 600 })
	if stats := d.Stats(); stats.State != StateRetrying || stats.FailingSince.IsZero() || log.count("delivered again") > 0 ||
		log.count("misses events") != 1 {
		t.Errorf("while nothing is written it is %s: %s", stats.State, log)
	}
	close(open)
	eventually(t, "the rest", func() bool { return d.Stats().Missed+d.Stats().Written == 1000 })
	stop()
	if stats := d.Stats(); stats.Written < 200 || !stats.FailingSince.IsZero() || log.count("delivered again") != 1 {
		t.Errorf("%+v, %s", stats, log)
	}
}

// What waits long for its next try is given up as soon as it is too far behind, so that it does not fill the journal.
func TestWhatMayBeMissedIsNotWaitedFor(t *testing.T) {
	h := newHouse(t)
	r := &receiver{t: t, whole: func() error { return &Blocked{Err: errors.New("not allowed")} }} // tried again in a minute
	d, stop := h.deliver(r, Options{MostBehind: 100_000, BatchEvents: 10})
	h.send(10, 1000, true)
	eventually(t, "a failure", func() bool { return d.Stats().Failures == 1 })
	for range 20 {
		h.send(10, 1000, false)
	}
	eventually(t, "what is missed", func() bool { return d.Stats().Missed >= 20 })
	stop()
}

// A panic of an output is an error like another one.
func TestOutputsMayPanic(t *testing.T) {
	h := newHouse(t)
	panics := 3
	r := &receiver{t: t, whole: func() error {
		if panics--; panics >= 0 {
			panic("broken")
		}
		return nil
	}}
	_, stop := h.deliver(r, Options{})
	h.send(5, 5, true)
	eventually(t, "all events", func() bool { return r.count() == 5 })
	stop()
}
