package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// house is a pipeline on a real journal, which can be ended in every way and opened again.
type house struct {
	testing.TB
	folder  string
	reserve int64
	budget  int64
	set     *rules.Set
	options Options

	mutex   sync.Mutex
	letters []DeadLetter
	refuse  error

	journal  *journal.Journal
	pipeline *Pipeline
}

func fiveInASecond() rules.Rule {
	return rules.Rule{Name: "too many lines", Window: time.Second, Threshold: 5, Idle: rules.DefaultIdle}
}

func newHouse(t testing.TB, list ...rules.Rule) *house {
	t.Helper()
	if len(list) == 0 {
		list = []rules.Rule{fiveInASecond()}
	}
	h := &house{TB: t, folder: t.TempDir()}
	h.rules(list...)
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *house) rules(list ...rules.Rule) {
	set, err := rules.Compile(list, ResendPaths()...)
	if err != nil {
		h.Fatal(err)
	}
	h.set = set
}

func (h *house) open() {
	h.Helper()
	var err error
	if h.pipeline, err = h.tryOpen(); err != nil {
		h.Fatal(err)
	}
}

// tryOpen opens the journal, and returns a pipeline on it or why there can be none.
func (h *house) tryOpen() (*Pipeline, error) {
	h.Helper()
	opened, err := journal.Open(h.journalOptions())
	if err != nil {
		h.Fatal(err)
	}
	h.journal = opened
	options := h.options
	options.Journal, options.Rules, options.DeadLetter, options.Logger = opened, h.set, h.keep, zerolog.Nop()
	return New(options)
}

func (h *house) journalOptions() journal.Options {
	return journal.Options{
		Directory: h.folder, SegmentBytes: 1 << 20, Budget: cmp.Or(h.budget, 64<<20), Reserve: max(1, h.reserve), Logger: zerolog.Nop(),
	}
}

func (h *house) keep(_ context.Context, letters []DeadLetter) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.refuse != nil {
		return h.refuse
	}
	for _, letter := range letters {
		letter.Document = slices.Clone(letter.Document)
		h.letters = append(h.letters, letter)
	}
	return nil
}

func (h *house) close() {
	h.Helper()
	if h.pipeline == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.pipeline.Close(ctx); err != nil {
		h.Fatal(err)
	}
	if err := h.journal.Close(); err != nil {
		h.Fatal(err)
	}
	h.pipeline = nil
}

func (h *house) reopen() {
	h.Helper()
	h.close()
	h.open()
}

func document(at time.Time, message string) []byte {
	text, _ := json.Marshal(message)
	return fmt.Appendf(nil, `{"@timestamp":%q,"message":%s}`, event.AppendTime(nil, at.UnixNano()), text)
}

// burst returns so many events of one moment.
func burst(at time.Time, count int) [][]byte {
	documents := make([][]byte, count)
	for i := range documents {
		documents[i] = document(at, fmt.Sprint(i))
	}
	return documents
}

func (h *house) handle(documents ...[]byte) {
	h.Helper()
	if err := h.pipeline.Handle(h.Context(), &Batch{Source: "test", Events: documents}); err != nil {
		h.Fatal(err)
	}
}

// next returns the transitions behind a number, as a sink reads them, waiting for at least one.
func (h *house) next(after uint64) []window.Transition {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	list, err := h.pipeline.Outbox().Next(ctx, after, 100)
	if err != nil {
		h.Fatal(err)
	}
	return list
}

func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestABurstMakesATransition(t *testing.T) {
	h := newHouse(t)
	h.handle(burst(time.Now(), 5)...)
	list := h.next(0)
	if len(list) != 1 || list[0].State != window.Active || list[0].Number != 1 || list[0].Count != 5 {
		t.Fatalf("%+v", list)
	}
	open, latest := h.pipeline.Alerts(10)
	if len(open) != 1 || len(latest) != 1 {
		t.Errorf("%d open, %d latest", len(open), len(latest))
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	for _, checkpointed := range []bool{true, false} {
		t.Run(fmt.Sprintf("checkpoint %v", checkpointed), func(t *testing.T) {
			h := newHouse(t)
			at := time.Now()
			h.handle(burst(at, 4)...)
			if checkpointed {
				h.reopen()
			} else {
				h.crash()
			}
			h.handle(document(at, "the fifth"))
			first := h.next(0)[0]
			if first.Count != 5 || first.First[4] != "the fifth" || first.First[0] != "0" {
				t.Fatalf("%+v", first)
			}
			if checkpointed {
				h.reopen()
			} else {
				h.crash()
			}
			if open, _ := h.pipeline.Alerts(1); len(open) != 1 || open[0].ID != first.ID || open[0].Decided != first.Decided || first.Decided == 0 {
				t.Fatalf("open after the restart: %+v", open)
			}
			h.handle(document(at.Add(time.Minute), "later"))
			second := h.next(1)[0]
			if second.State != window.Inactive || second.Number != 2 || second.Start != first.Start {
				t.Fatalf("%+v", second)
			}
			if again := h.next(0)[0]; again.ID != first.ID {
				t.Fatalf("the outbox begins with %+v", again)
			}
		})
	}
}

// crash goes on with what a kill would have left on the disk at this moment: a copy of the files, which is taken before the
// pipeline is closed and can store a last checkpoint. Nothing may be under way.
func (h *house) crash() {
	h.Helper()
	h.snapshot()
	h.open()
}

// snapshot closes the pipeline and leaves the house with what was on disk before.
func (h *house) snapshot() {
	h.Helper()
	copied := h.TempDir()
	if err := os.CopyFS(copied, os.DirFS(h.folder)); err != nil {
		h.Fatal(err)
	}
	h.close()
	h.folder = copied
}

func TestAcknowledgedOnlyWhenDurable(t *testing.T) {
	h := newHouse(t)
	for range 20 {
		h.handle(burst(time.Now(), 3)...)
		if h.journal.Durable() != h.journal.Last() {
			t.Fatal("acknowledged before the record was durable")
		}
	}
}

func TestManySourcesAtOnce(t *testing.T) {
	h := newHouse(t, rules.Rule{Name: "all", Window: time.Hour, Threshold: 1000})
	at := time.Now()
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			for range 10 {
				h.handle(burst(at, 10)...)
			}
		})
	}
	group.Wait()
	if list := h.next(0); len(list) != 1 || list[0].Count != 1000 {
		t.Fatalf("%+v", list)
	}
	if stats := h.pipeline.Stats(); stats.Events != 1000 || stats.Commits > 100 {
		t.Errorf("%+v", stats)
	}
}

func TestBadEventsAreSetAside(t *testing.T) {
	h := newHouse(t)
	batch := &Batch{
		Source: "lumberjack", Peer: "10.0.0.7:5", Events: [][]byte{[]byte(`{"a":`), []byte(`{}`), []byte(`{"@timestamp":"now"}`)},
		Rejected: []Rejected{{Prefix: []byte("{"), Length: 99, Reason: "too large"}},
	}
	if err := h.pipeline.Handle(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if len(h.letters) != 2 || string(h.letters[0].Document) != `{"a":` || h.letters[0].Peer != "10.0.0.7:5" || h.letters[1].Length != 99 {
		t.Errorf("%+v", h.letters)
	}
	stats := h.pipeline.Stats()
	if stats.Undecodable != 1 || stats.Rejected != 1 || stats.TimestampMissing != 1 || stats.TimestampUnparsable != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestDeadLettersHoldTheAcknowledgement(t *testing.T) {
	h := newHouse(t)
	h.refuse = errors.New("disk full")
	done := make(chan error, 1)
	go func() { done <- h.pipeline.Handle(t.Context(), &Batch{Events: [][]byte{[]byte("x")}}) }()
	until(t, "the event to be refused", func() bool { return h.pipeline.Stats().Undecodable == 1 })
	select {
	case err := <-done:
		t.Fatalf("acknowledged with %v", err)
	default:
	}
	h.mutex.Lock()
	h.refuse = nil
	h.mutex.Unlock()
	if err := <-done; err != nil || len(h.letters) != 1 {
		t.Errorf("%v, %d letters", err, len(h.letters))
	}
}

func TestPositionsAreInTheCommit(t *testing.T) {
	h := newHouse(t)
	if _, ok := h.pipeline.Position("logs", 0); ok {
		t.Error("a position from nowhere")
	}
	handle := func(offset int64) {
		t.Helper()
		err := h.pipeline.Handle(t.Context(), &Batch{Positions: []Position{{Topic: "logs", Partition: 3, Offset: offset}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	handle(41)
	h.crash()
	if offset, ok := h.pipeline.Position("logs", 3); !ok || offset != 41 {
		t.Errorf("after a crash: %d %v", offset, ok)
	}
	handle(42)
	h.reopen()
	if offset, _ := h.pipeline.Position("logs", 3); offset != 42 {
		t.Errorf("after a checkpoint: %d", offset)
	}
}

// What a sink is given again is the same although the rule is another one by then, and the end has the start's fields.
func TestARedeliveryAfterAnEditIsTheSame(t *testing.T) {
	for _, checkpointed := range []bool{true, false} {
		t.Run(fmt.Sprintf("checkpoint %v", checkpointed), func(t *testing.T) {
			rule := fiveInASecond()
			rule.GroupBy, rule.Threshold = []string{"message"}, 1
			h := newHouse(t, rule)
			h.handle(document(time.Now(), "web1"))
			before := h.next(0)[0]
			if want := []window.Field{{Name: "message", Value: "web1"}}; !slices.Equal(before.Group, want) {
				t.Fatalf("got %+v, want %+v", before.Group, want)
			}
			rule.GroupBy, rule.Window = []string{"host.name", "message"}, time.Minute
			h.rules(rule)
			if checkpointed {
				h.reopen()
			} else {
				h.crash()
			}
			list := h.next(0)
			if len(list) < 2 {
				list = append(list, h.next(list[0].Number)...)
			}
			again, end := list[0], list[1]
			if !slices.Equal(again.Group, before.Group) || !bytes.Equal(sinks.Document(again), sinks.Document(before)) {
				t.Errorf("got %s, want %s", sinks.Document(again), sinks.Document(before))
			}
			if end.Reason != window.ReasonRuleChanged || !slices.Equal(end.Group, before.Group) || end.Episode != before.ID {
				t.Errorf("%+v", end)
			}
		})
	}
}

func TestEpisodesEndWhenEventsStop(t *testing.T) {
	rule := fiveInASecond()
	rule.Idle = 30 * time.Millisecond
	rule.Window = 10 * time.Millisecond
	h := newHouse(t, rule)
	h.handle(burst(time.Now(), 5)...)
	h.next(0)
	if list := h.next(1); list[0].Reason != window.ReasonIdle || list[0].End-list[0].Start != int64(30*time.Millisecond) {
		t.Fatalf("%+v", list)
	}
}

// TestIdleTimeStandsStillWhileABatchWaits blocks the writer's queue by a batch that is received and not observed.
func TestIdleTimeStandsStillWhileABatchWaits(t *testing.T) {
	rule := fiveInASecond()
	rule.Idle, rule.Window = 20*time.Millisecond, 10*time.Millisecond
	h := newHouse(t, rule)
	h.refuse = errors.New("disk full")
	done := make(chan error, 1)
	go func() { done <- h.pipeline.Handle(t.Context(), &Batch{Events: [][]byte{[]byte("x")}}) }()
	until(t, "the batch to be received", func() bool { return h.pipeline.Status().Waiting == 1 })
	h.handle(burst(time.Now(), 5)...)
	h.next(0)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if list, err := h.pipeline.Outbox().Next(ctx, 1, 1); err == nil {
		t.Fatalf("ended while a batch waited: %+v", list)
	}
	h.mutex.Lock()
	h.refuse = nil
	h.mutex.Unlock()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	h.next(1)
}

func TestRemovedRuleEndsItsAlertAtTheStart(t *testing.T) {
	h := newHouse(t)
	h.handle(burst(time.Now(), 5)...)
	h.close()
	h.rules(rules.Rule{Name: "other", Window: time.Second, Threshold: 5})
	h.open()
	if list := h.next(1); list[0].Reason != window.ReasonRuleChanged || list[0].Decided < list[0].Received {
		t.Fatalf("%+v", list)
	}
	if open, _ := h.pipeline.Alerts(1); len(open) != 0 {
		t.Error("still open")
	}
}

func TestCursors(t *testing.T) {
	h := newHouse(t)
	h.handle(burst(time.Now(), 5)...)
	h.close()
	h.options.Sinks = []string{"slack", "file"}
	h.open()
	store := h.pipeline.Outbox()
	cursor, ok, err := store.LoadCursor("slack")
	if err != nil || !ok || cursor.After != 1 {
		t.Fatalf("a new sink starts at %+v, %v, %v; want behind what happened before", cursor, ok, err)
	}
	if err := store.StoreCursor("slack", sinks.Cursor{After: 1, State: []byte("kept")}); err != nil {
		t.Fatal(err)
	}
	h.options.Sinks = []string{"slack"}
	h.reopen()
	if cursor, ok, _ := h.pipeline.Outbox().LoadCursor("slack"); !ok || string(cursor.State) != "kept" {
		t.Errorf("%+v", cursor)
	}
	if _, ok, _ := h.pipeline.Outbox().LoadCursor("file"); ok {
		t.Error("the cursor of a sink that is gone is still there")
	}
}

// TestOutboxOutlivesCheckpoints keeps one sink behind while checkpoints move transitions out of memory.
func TestOutboxOutlivesCheckpoints(t *testing.T) {
	h := newHouse(t, rules.Rule{Name: "each", Window: time.Millisecond, Threshold: 2})
	h.close()
	h.options = Options{Checkpoint: 2000, Sinks: []string{"slow"}}
	h.open()
	at := time.Now()
	const episodes = 1500
	for i := range episodes {
		h.handle(append(burst(at.Add(time.Duration(2*i)*10*time.Millisecond), 2), document(at.Add(time.Duration(2*i+1)*10*time.Millisecond), ""))...)
	}
	until(t, "checkpoints", func() bool { return h.pipeline.Stats().Checkpoints > 3 })
	h.crash()
	var after uint64
	for after < 2*episodes {
		list := h.next(after)
		for _, transition := range list {
			if transition.Number != after+1 {
				t.Fatalf("number %d behind %d", transition.Number, after)
			}
			after++
		}
	}
	if memory := len(h.pipeline.outbox.unstored(1 << 60)); memory > 200 {
		t.Errorf("%d transitions in memory", memory)
	}
	if err := h.pipeline.Outbox().StoreCursor("slow", sinks.Cursor{After: after}); err != nil {
		t.Fatal(err)
	}
	h.handle(burst(at.Add(time.Hour), 2)...)
	h.reopen()
	list := h.next(0)
	if first := list[0].Number; first < 2*episodes-keptTransitions {
		t.Errorf("transition %d is still kept", first)
	}
}

func TestClosedPipelineTakesNothing(t *testing.T) {
	h := newHouse(t)
	p := h.pipeline
	h.close()
	if err := p.Handle(t.Context(), &Batch{Events: burst(time.Now(), 1)}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestMemoryAcknowledgement(t *testing.T) {
	h := newHouse(t)
	h.close()
	h.options.Acknowledge = AckMemory
	h.open()
	h.handle(burst(time.Now(), 5)...)
	if len(h.next(0)) != 1 {
		t.Error("no transition")
	}
}

// Records of another version are refused with an error that says which was found and which is read.
func TestRecordsOfAnotherVersionAreRefused(t *testing.T) {
	for _, version := range []byte{recordVersion - 1, recordVersion + 1} {
		_, err := decodeRecord([]byte{version})
		if want := fmt.Sprintf("version %d, this program reads %d", version, recordVersion); !errors.Is(err, ErrOtherVersion) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say: %s", err, want)
		}
	}
	if _, err := decodeRecord(nil); !errors.Is(err, errRecord) {
		t.Errorf("an empty record: %v", err)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	bytes, err := appendRecord(nil, rules.Outcome{Observations: []byte("o"), Transitions: []window.Transition{{Number: 1}}},
		[]Position{{Topic: "logs", Offset: 7}}, &work{stored: &stored{events: [][]byte{[]byte("{}")}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes)
	f.Add([]byte{recordVersion, 99, 0})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		decoded, err := decodeRecord(bytes)
		if err != nil {
			if !errors.Is(err, errRecord) && !errors.Is(err, ErrOtherVersion) || strings.Contains(err.Error(), "%!") {
				t.Fatal(err)
			}
			return
		}
		again, err := appendRecord(nil, rules.Outcome{Observations: decoded.observations, Transitions: decoded.transitions}, decoded.positions, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > 0 {
			if _, err := decodeRecord(again); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAKeyThatComesBackReusesNoID evicts a key, stores a checkpoint, starts anew, and brings the key back with the same times:
// only what is on disk can tell that they were used.
func TestAKeyThatComesBackReusesNoID(t *testing.T) {
	h := newHouse(t, rules.Rule{Name: "each", GroupBy: []string{"message"}, Window: time.Second, Threshold: 1, MaxKeys: 1})
	at := time.Now()
	seen := make(map[string]bool)
	number := uint64(0)
	for _, key := range []string{"a", "b", "a", "b", "a"} {
		h.handle(document(at, key))
		until(t, "a transition", func() bool { return h.pipeline.Status().Last > number })
		for number < h.pipeline.Status().Last {
			for _, transition := range h.next(number) {
				if seen[transition.ID] {
					t.Fatalf("id %s again, of key %s", transition.ID, transition.Key)
				}
				seen[transition.ID] = true
				number = transition.Number
			}
		}
		h.reopen()
	}
	if number != 9 {
		t.Errorf("%d transitions, want 5 beginnings and 4 evictions", number)
	}
}
