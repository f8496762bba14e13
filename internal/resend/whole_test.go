package resend

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
)

// BenchmarkWhole shows what all of recognising resends costs an event of 1.2 kB beside the scan of it for rules alone, in one
// run and by turns: windows of 2,048 new events are scanned for what rules need; for the identity as well; that and hashed;
// then they are sifted and their section is appended. The events are so many that no branch predictor learns them, and the
// marks are as many as there may be. The metrics are for an event, medians of the differences of what was timed one right after
// the other, so that a busy machine changes them little; ns/op is for a window, generator and all.
func BenchmarkWhole(b *testing.B) {
	for _, agents := range []int{1, 10} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			w := newWhole(b, agents)
			for b.Loop() {
				w.window(b)
			}
			w.report(b)
		})
	}
}

const (
	wholeWindow = 2048
	wholePart   = 64 // so many events are scanned in one way and then in the next one, while they are in the cache
)

// The ways in which an event is read.
const (
	wayRules = iota
	wayIdentity
	wayHash
	ways
)

type whole struct {
	way        [ways]func(document []byte)
	rules      []time.Duration // of parts
	scan, hash []time.Duration // what they take more than the way before
	sift       []time.Duration // of windows
	generators []*events.Generator
	documents  [][]byte
	marks      *Marks
	batch      *Batch
	section    []byte
}

func newWhole(b *testing.B, agents int) *whole {
	ruled, values := mustSelect(b, rulePaths)
	identified, all := mustSelect(b, append(Paths(), rulePaths...))
	ruledScan, identifiedScan := ruled.NewScanner(), identified.NewScanner()
	w := &whole{
		marks: NewMarks(Options{}), batch: mustHasher(b, 0, identified).NewBatch(),
		generators: make([]*events.Generator, agents), documents: make([][]byte, wholeWindow),
	}
	w.way[wayRules] = func(document []byte) { _ = ruledScan.Scan(document, values) }
	w.way[wayIdentity] = func(document []byte) { _ = identifiedScan.Scan(document, all) }
	w.way[wayHash] = func(document []byte) { _ = identifiedScan.Scan(document, all); w.batch.Add(all, document) }
	for i := range w.generators {
		w.generators[i] = events.New(uint64(i+1), events.Options{})
		w.way[wayHash](w.generators[i].Append(nil))
	}
	for i, e := range w.batch.events[:agents] {
		fill(w.marks, e.agent, i<<20, i<<20+2<<normalClass)
	}
	return w
}

// window reads a new window in all ways.
func (w *whole) window(b *testing.B) {
	generator := w.generators[len(w.sift)%len(w.generators)]
	for i := range w.documents {
		w.documents[i] = generator.Append(w.documents[i][:0])
	}
	w.batch.Reset()
	for part := 0; part < wholeWindow; part += wholePart {
		documents := w.documents[part : part+wholePart]
		w.read(documents, w.way[wayRules]) // so that all ways find the documents in the cache
		var spent [ways]time.Duration
		for turn := range ways {
			way := (turn + part/wholePart) % ways
			spent[way] = w.read(documents, w.way[way])
		}
		w.rules = append(w.rules, spent[wayRules])
		w.scan = append(w.scan, spent[wayIdentity]-spent[wayRules])
		w.hash = append(w.hash, spent[wayHash]-spent[wayIdentity])
	}
	start := time.Now()
	if w.marks.Sift(w.batch) != 0 {
		b.Fatal("a duplicate")
	}
	w.section = w.batch.AppendSection(w.section[:0])
	w.sift = append(w.sift, time.Since(start))
}

func (w *whole) read(documents [][]byte, scan func(document []byte)) time.Duration {
	start := time.Now()
	for _, document := range documents {
		scan(document)
	}
	return time.Since(start)
}

func (w *whole) report(b *testing.B) {
	median := func(spent []time.Duration, events float64) float64 {
		slices.Sort(spent)
		return float64(spent[len(spent)/2]) / events
	}
	scan, hash, sift := median(w.scan, wholePart), median(w.hash, wholePart), median(w.sift, wholeWindow)
	b.ReportMetric(median(w.rules, wholePart), "rules-ns")
	b.ReportMetric(scan, "scan-ns")
	b.ReportMetric(hash, "hash-ns")
	b.ReportMetric(sift, "sift-ns")
	b.ReportMetric(scan+hash+sift, "whole-ns")
}
