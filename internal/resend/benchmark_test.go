package resend

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/internal/bench/events"
)

// rulePaths are what a rule or two select; message and @timestamp are selected in any case.
var rulePaths = []string{"@timestamp", "message", "host.name", "http.response.status_code"}

// generated returns so many events of 1.2 kB.
func generated(count int) [][]byte {
	generator := events.New(1, events.Options{})
	documents := make([][]byte, count)
	for i := range documents {
		documents[i] = generator.Append(nil)
	}
	return documents
}

// BenchmarkScan shows what selecting the fields of an identity costs beside those of rules.
func BenchmarkScan(b *testing.B) {
	documents := generated(32)
	for name, paths := range map[string][]string{"rules": rulePaths, "identity": append(Paths(), rulePaths...)} {
		b.Run(name, func(b *testing.B) {
			selector, values := mustSelect(b, paths)
			defer processorTime(b)()
			for i := 0; b.Loop(); i++ {
				if err := selector.Scan(documents[i%len(documents)], values); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMark hashes events that were scanned; plain has a message of 200 bytes without escapes.
func BenchmarkMark(b *testing.B) {
	plain := make([][]byte, 32)
	for i := range plain {
		plain[i] = fmt.Appendf(nil, `{"agent":{"id":"20e56f5a-26e1-4008-9294-81293b2293a7"},"log":{"offset":%d,`+
			`"file":{"path":"/var/log/nginx/access.log"}},"message":"%0200d"}`, 1e6+200*i, i)
	}
	for name, documents := range map[string][][]byte{"nginx": generated(32), "plain": plain} {
		b.Run(name, func(b *testing.B) {
			selector, _ := mustSelect(b, Paths())
			hasher := mustHasher(b, 1, selector)
			scanned := make([][]event.Value, len(documents))
			for i, document := range documents {
				scanned[i] = make([]event.Value, selector.Len())
				if err := selector.Scan(document, scanned[i]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			batch := hasher.NewBatch()
			defer processorTime(b)()
			for i := 0; b.Loop(); i++ {
				if batch.Len() == 2048 {
					batch.Reset()
				}
				batch.Add(scanned[i%len(scanned)], documents[i%len(documents)])
			}
		})
	}
}

// BenchmarkSift checks and adds windows of 2,048 new events of agents that have all they may have: ns/op is for an event.
func BenchmarkSift(b *testing.B) {
	for _, agents := range []int{1, 10, 60} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			const window = 2048
			marks := NewMarks(Options{})
			batch := Hasher{}.NewBatch()
			next := uint64(0)
			sift := func() {
				batch.Reset()
				agent := next/window%uint64(agents) + 1
				for range window {
					next++
					batch.events = append(batch.events, identity{agent, Mark(next * 0x9e3779b97f4a7c15 >> 7 * 0xd6e8feb86659fd93)})
				}
			}
			for range agents * 2 << normalClass / window {
				sift()
				marks.Sift(batch)
			}
			section := []byte(nil)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += window {
				b.StopTimer()
				sift()
				b.StartTimer()
				if marks.Sift(batch) != 0 {
					b.Fatal("a duplicate")
				}
				section = batch.AppendSection(section[:0])
			}
			b.ReportMetric(float64(len(section))/window, "B/event")
		})
	}
}

// processorTime reports the processor time of an operation, which a busy machine changes less than ns/op.
func processorTime(b *testing.B) func() {
	before := usedProcessor(b)
	return func() { b.ReportMetric(float64(usedProcessor(b)-before)/float64(b.N), "cpu-ns/op") }
}

func usedProcessor(b *testing.B) int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return syscall.TimevalToNsec(usage.Utime) + syscall.TimevalToNsec(usage.Stime)
}

func mustSelect(t testing.TB, paths []string) (*event.Selector, []event.Value) {
	t.Helper()
	selector, err := event.NewSelector(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return selector, make([]event.Value, selector.Len())
}

func mustHasher(t testing.TB, seed Seed, selector *event.Selector) Hasher {
	t.Helper()
	hasher, err := NewHasher(seed, selector)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}

// BenchmarkCheckpoint writes and reads the marks of 60 agents that have all they may have.
func BenchmarkCheckpoint(b *testing.B) {
	marks := NewMarks(Options{})
	for agent := range uint64(60) {
		fill(marks, agent+1, 0, 1<<normalClass)
	}
	var checkpoint []byte
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			checkpoint = marks.AppendCheckpoint(checkpoint[:0])
		}
		b.SetBytes(int64(len(checkpoint)))
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			if err := marks.Restore(checkpoint); err != nil {
				b.Fatal(err)
			}
		}
	})
}
