package pipeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"
)

// What was stored of a batch is read again: parts as they came, origin, arrival, and what is not passed on.
func TestEventsAreStoredAsTheyCame(t *testing.T) {
	tests := []struct {
		name   string
		stored stored
		left   []uint32 // out
	}{
		{"no part", stored{events: messages("a", "b", "c")}, nil},
		{"skipped", stored{events: messages("a", "b", "c", "d", "e", "f"), skipped: []uint32{0, 2, 3, 5}}, []uint32{0, 2, 3, 5}},
		{"all skipped", stored{events: messages("a", "b"), skipped: []uint32{0, 1}}, []uint32{0, 1}},
		{"resent", stored{events: messages("a", "b", "c"), resent: []uint32{0, 2}}, []uint32{0, 2}},
		{"resent among skipped", stored{
			events: messages("a", "b", "c", "d", "e", "f", "g"), skipped: []uint32{0, 2, 3, 6}, resent: []uint32{0, 2},
		}, []uint32{0, 1, 2, 3, 5, 6}},
		{"compressed and bare", stored{
			events: messages("a", "b", "c", "d"), parts: []Part{{Count: 1}, {Count: 2, Zlib: []byte("zlib")}, {Count: 1}},
		}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.stored.arrival = -5
			test.stored.origin = Origin{Source: "lumberjack", Peer: "192.0.2.1:7", TLS: &TLS{Verified: true, Subject: "CN=web1"}}
			content, err := appendLong([]byte{recordVersion}, sectionEvents, test.stored.appendContent)
			if err != nil {
				t.Fatal(err)
			}
			var read EventRecord
			if err := readEvents(content, &read); err != nil {
				t.Fatal(err)
			}
			all, passed := read.Count()
			if all != len(test.stored.events) || passed != all-len(test.left) {
				t.Errorf("%d events, %d passed on; want %d without %v", all, passed, len(test.stored.events), test.left)
			}
			chosen := read.Chosen()
			for i := range all {
				if want := !slices.Contains(test.left, uint32(i)); chosen.Next() != want {
					t.Errorf("event %d: passed on %v, want %v", i, !want, want)
				}
			}
			if read.Arrival != -5 || read.Origin.Peer != "192.0.2.1:7" || read.Origin.TLS.Subject != "CN=web1" {
				t.Errorf("%+v", read)
			}
			checkStored(t, &read, test.stored)
		})
	}
}

func messages(texts ...string) (list [][]byte) {
	for _, text := range texts {
		list = append(list, []byte(`{"message":"`+text+`"}`))
	}
	return list
}

func checkStored(t *testing.T, read *EventRecord, want stored) {
	t.Helper()
	events := want.events
	for i, part := range read.Parts {
		if part.Zlib != nil {
			if !bytes.Equal(part.Zlib, want.parts[i].Zlib) || part.Count != want.parts[i].Count {
				t.Errorf("part %d is %d events in %q", i, part.Count, part.Zlib)
			}
			events = events[part.Count:]
			continue
		}
		rest := part.Documents
		for range part.Count {
			length, size := binary.Uvarint(rest)
			document := rest[size : size+int(length)]
			if !bytes.Equal(document, events[0]) {
				t.Errorf("%q is stored for %q", document, events[0])
			}
			rest, events = rest[size+int(length):], events[1:]
		}
		if len(rest) > 0 {
			t.Errorf("%q behind the events", rest)
		}
	}
	if len(events) > 0 {
		t.Errorf("%d events are missing", len(events))
	}
}

// An output is given what is committed from its first start on, without what became a dead letter, and what it has not had
// stays in the journal, also over a restart.
func TestOutputsReadWhatIsCommitted(t *testing.T) {
	h := newHouse(t)
	h.handle(burst(time.Now(), 7)...) // before there is an output
	h.options.Outputs = []string{"file"}
	h.reopen()
	log := h.pipeline.Events()
	after, _, err := log.LoadCursor("file")
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- log.Wait(context.Background(), log.Last()) }()
	h.handle(burst(time.Now(), 3)...)
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	h.handle([]byte("no JSON"), []byte("{}"))
	for _, when := range []string{"", " after a restart"} {
		if got := countEvents(t, h.pipeline.Events(), after); got != 4 {
			t.Errorf("%d events%s, want 4", got, when)
		}
		h.reopen()
	}
}

// countEvents reads all that is behind a sequence and counts what is passed on.
func countEvents(t *testing.T, log *EventLog, after uint64) (count int) {
	t.Helper()
	for record, err := range log.Read(after) {
		if err != nil {
			t.Fatal(err)
		}
		_, passed := record.Count()
		count += passed
	}
	return count
}

// Without outputs nothing of an event is kept but what rules need.
func TestEventsAreNotStoredWithoutOutputs(t *testing.T) {
	h := newHouse(t)
	h.handle(burst(time.Now(), 3)...)
	if got := countEvents(t, h.pipeline.Events(), 0); got != 0 {
		t.Errorf("%d events are kept", got)
	}
}

// An output holds the log: it is cut as the output's cursor moves.
func TestOutputsHoldTheLog(t *testing.T) {
	h := newHouse(t)
	h.options.Outputs = []string{"slow"}
	h.options.Checkpoint = 1
	h.reopen()
	began, _, _ := h.pipeline.Events().LoadCursor("slow")
	line := string(bytes.Repeat([]byte("x"), 100_000))
	for range 50 {
		h.handle(document(time.Now(), line), document(time.Now(), line))
	}
	h.reopen() // stores a checkpoint
	first := h.journal.First()
	if holding := h.pipeline.outputs.holders(); first > began+1 || len(holding) != 1 || holding[0].Behind < 9<<20 {
		t.Fatalf("the log begins at %d, held by %v", first, holding)
	}
	log := h.pipeline.Events()
	if err := log.StoreCursor("slow", log.Last(), nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a log that is cut", func() bool { return h.journal.First() > began+1 })
	if holding := h.pipeline.outputs.holders(); len(holding) > 0 {
		t.Errorf("held by %v", holding)
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s", what)
		}
	}
}

// The cursor and state of an output last; those of one that is not configured any more go.
func TestCursorsOfOutputs(t *testing.T) {
	h := newHouse(t)
	h.options.Sinks = []string{"slack"}
	h.options.Outputs = []string{"a", "b"}
	h.reopen()
	h.handle(burst(time.Now(), 3)...)
	if err := h.pipeline.Events().StoreCursor("a", 2, []byte("state")); err != nil {
		t.Fatal(err)
	}
	h.reopen()
	after, state, err := h.pipeline.Events().LoadCursor("a")
	if err != nil || after != 2 || string(state) != "state" {
		t.Errorf("%d, %q, %v", after, state, err)
	}
	h.options.Outputs = []string{"b"}
	h.reopen()
	if after, _, _ := h.pipeline.Events().LoadCursor("a"); after != 0 {
		t.Errorf("the cursor of an output that is gone is at %d", after)
	}
	if _, found, err := h.pipeline.Outbox().LoadCursor("slack"); err != nil || !found {
		t.Errorf("the cursor of a sink is gone: %v", err)
	}
}

func FuzzDecodeEvents(f *testing.F) {
	s := stored{events: messages("a", "b", "c"), parts: []Part{{Count: 1}, {Count: 2, Zlib: []byte("z")}}, skipped: []uint32{1}}
	content, err := s.appendContent(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		var read EventRecord
		if err := decodeEvents(content, &read); err != nil {
			if !errors.Is(err, errRecord) {
				t.Fatal(err)
			}
			return
		}
		all, passed := read.Count()
		if passed < 0 || passed > all {
			t.Fatalf("%d of %d events are passed on", passed, all)
		}
	})
}
