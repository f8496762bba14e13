package lumberjack

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// fuzzLimits are so small that short inputs hit them.
var fuzzLimits = Limits{Window: 1000, Event: 300_000, Inflated: 1 << 20, InFlight: 4 << 20}

// FuzzWindow reads windows from any bytes: no panic, no memory beyond the budget, no error of an unknown kind, no window
// that is not what it says, and nothing held at the end.
func FuzzWindow(f *testing.F) {
	for _, session := range sessions {
		f.Add(recorded(f, session.name+".client"))
	}
	f.Add(append(numbered('1', 'W', 2), pairsFrame(1, "line", "x", "a", "\xff")...))
	f.Add(append(numbered('1', 'W', 1), compressedFrame('1', pairsFrame(1, "line", "x"))...))
	f.Add(append(windowFrame(2), jsonFrame(1, noise(400_000))...))
	f.Add(append(windowFrame(1), compressedFrame('2', jsonFrame(1, noise(299_000)))...))
	f.Add(append(windowFrame(1), compressedFrame('2', compressedFrame('2', jsonFrame(1, "{}")))...))
	f.Add(append(windowFrame(9), windowFrame(0)...))
	reader := newLimitedReading(fuzzLimits)
	f.Fuzz(func(t *testing.T, input []byte) {
		defer reader.endOfInput(t)
		reader.source.Reset(input)
		for {
			window, err := reader.read()
			if err != nil {
				checkReadError(t, err)
				return
			}
			checkWindow(t, window, reader.budget.held.Load())
			window.release()
		}
	})
}

// endOfInput makes the reader ready for another input.
func (r *reading) endOfInput(t *testing.T) {
	r.abandon()
	r.next = nil
	if held := r.budget.held.Load(); held != 0 || r.budget.shared != 0 {
		t.Fatalf("%d bytes are held at the end", held)
	}
}

func checkReadError(t *testing.T, err error) {
	t.Helper()
	var limit *LimitError
	known := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrFraming) || errors.Is(err, ErrDecompression)
	if !known && !errors.As(err, &limit) {
		t.Fatalf("unknown error %v", err)
	}
}

func checkWindow(t *testing.T, w *window, held int64) {
	t.Helper()
	if w.count() > int(w.size) || (w.size > 0 && w.count() == 0) {
		t.Fatalf("%d events in a window of %d", w.count(), w.size)
	}
	total := 0
	for _, event := range w.events {
		total += len(event)
		if len(event) > int(fuzzLimits.Event) {
			t.Fatalf("event of %d bytes", len(event))
		}
	}
	if w.size > 0 && (total > int(fuzzLimits.Inflated) || held < int64(total) || held > fuzzLimits.InFlight/2) {
		t.Fatalf("%d bytes of events, %d bytes held", total, held)
	}
}

// FuzzCompressedFrames puts any frames into a compressed frame: the events are those that come of the bare frames, or
// there is an error.
func FuzzCompressedFrames(f *testing.F) {
	for _, session := range sessions {
		if content := recorded(f, session.name+".client"); content[7] == 'J' {
			f.Add(content[windowFrameSize:])
		}
	}
	f.Add(jsonFrame(1, noise(70_000)))
	f.Add(append(jsonFrame(1, noise(299_000)), jsonFrame(2, noise(299_000))...))
	f.Add(append(jsonFrame(1, noise(310_000)), jsonFrame(2, noise(40_000))...))
	f.Add(pairsFrame(1, "line", noise(1000)))
	bare, compressed := newLimitedReading(fuzzLimits), newLimitedReading(fuzzLimits)
	f.Fuzz(func(t *testing.T, frames []byte) {
		defer bare.endOfInput(t)
		defer compressed.endOfInput(t)
		for _, version := range []byte{Version1, Version2} {
			head := numbered(version, 'W', 1000)
			bare.source.Reset(append(append(bytes.Clone(head), frames...), windowFrame(1)...))
			compressed.source.Reset(append(append(bytes.Clone(head), compressedFrame(version, frames)...), windowFrame(1)...))
			want, bareErr := bare.read()
			got, err := compressed.read()
			if err == nil && bareErr == nil && len(frames) > 0 {
				compareWindows(t, got, want)
			}
			for _, w := range []*window{want, got} {
				if w != nil {
					w.release()
				}
			}
			bare.endOfInput(t)
			compressed.endOfInput(t)
		}
	})
}

func compareWindows(t *testing.T, got, want *window) {
	t.Helper()
	if len(got.events) != len(want.events) || len(got.rejected) != len(want.rejected) || got.sequence != want.sequence {
		t.Fatalf("%d events, %d rejected; want %d, %d", len(got.events), len(got.rejected), len(want.events), len(want.rejected))
	}
	for i := range want.events {
		if !bytes.Equal(got.events[i], want.events[i]) {
			t.Fatalf("event %d is %.100q, want %.100q", i, got.events[i], want.events[i])
		}
	}
	for i := range want.rejected {
		if !bytes.Equal(got.rejected[i].Prefix, want.rejected[i].Prefix) || got.rejected[i].Length != want.rejected[i].Length {
			t.Fatalf("rejected %d differs", i)
		}
	}
}
