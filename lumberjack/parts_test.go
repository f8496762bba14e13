package lumberjack

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"
	"testing"
)

// Parts give the same events as Events, whatever the window is made of.
func TestPartsHoldTheEvents(t *testing.T) {
	large := string(bytes.Repeat([]byte("x"), DefaultEvent+1))
	tests := []struct {
		name  string
		input []byte
		want  []int // of events in each part; those in compressed parts are negative
	}{
		{"compressed", slices.Concat(windowFrame(2), compressedFrame('2', jsonFrame(1, "{}"), jsonFrame(2, `{"a":1}`))), []int{-2}},
		{"bare", slices.Concat(windowFrame(2), jsonFrame(1, "{}"), jsonFrame(2, `{"a":1}`)), []int{2}},
		{"mixed", slices.Concat(
			windowFrame(6), jsonFrame(1, "{}"), compressedFrame('2', jsonFrame(2, `{"a":1}`), jsonFrame(3, `{"a":2}`)),
			compressedFrame('2', jsonFrame(4, `{"a":3}`)), jsonFrame(5, `{"a":4}`), jsonFrame(6, `{"a":5}`),
		), []int{1, -2, -1, 2}},
		{"with an event that is not kept", slices.Concat(
			windowFrame(3), compressedFrame('2', jsonFrame(1, `{"a":1}`), jsonFrame(2, large)), compressedFrame('2', jsonFrame(3, "{}")),
		), []int{1, -1}},
		{"version 1", slices.Concat(numbered('1', 'W', 1), compressedFrame('1', pairsFrame(1, "line", "x"))), []int{1}},
		{"version 1 with JSON", slices.Concat(numbered('1', 'W', 1), compressedFrame('1', jsonFrame(1, "{}"))), []int{1}},
		{"cut short by another window", slices.Concat(
			windowFrame(3), compressedFrame('2', jsonFrame(1, "{}")), jsonFrame(2, `{"a":1}`), windowFrame(1),
		), []int{-1, 1}},
		{"an empty compressed frame", slices.Concat(windowFrame(1), compressedFrame('2'), jsonFrame(1, "{}")), []int{1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reader := newReading()
			reader.keepParts = true
			reader.source.Reset(test.input)
			w, err := reader.read()
			if err != nil {
				t.Fatal(err)
			}
			checkParts(t, w, test.want)
			w.release()
			reader.abandon()
			if held := reader.budget.held.Load(); held != 0 {
				t.Errorf("%d bytes are held at the end", held)
			}
		})
	}
}

func checkParts(t *testing.T, w *window, want []int) {
	t.Helper()
	var counts []int
	events := w.events
	for _, part := range w.parts {
		if part.Zlib == nil {
			counts, events = append(counts, part.Count), events[part.Count:]
			continue
		}
		counts = append(counts, -part.Count)
		for _, event := range framesOf(t, part.Zlib) {
			if !bytes.Equal(event, events[0]) {
				t.Fatalf("%q in a part, %q in the window", event, events[0])
			}
			events = events[1:]
		}
	}
	if !slices.Equal(counts, want) || len(events) > 0 {
		t.Errorf("parts of %v events and %d more, want %v", counts, len(events), want)
	}
}

// framesOf reads a part as its documentation says.
func framesOf(t *testing.T, part []byte) (events [][]byte) {
	t.Helper()
	stream, err := zlib.NewReader(bytes.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	frames, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	for len(frames) > 0 {
		length := binary.BigEndian.Uint32(frames[6:])
		events, frames = append(events, frames[10:10+length]), frames[10+length:]
	}
	return events
}

// Nobody pays for parts who does not want them.
func TestPartsAreNotKeptUnasked(t *testing.T) {
	reader := newReading()
	reader.source.Reset(slices.Concat(windowFrame(1), compressedFrame('2', jsonFrame(1, "{}"))))
	w, err := reader.read()
	if err != nil || len(w.parts) > 0 || len(w.payloads) > 0 {
		t.Errorf("%v, %d parts", err, len(w.parts))
	}
	w.release()
}
