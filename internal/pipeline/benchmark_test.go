package pipeline

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
	"github.com/logboom/logboom/rules"
)

// window is how many events Filebeat sends at once by default.
const windowSize = 2048

func benchmarkHouse(t testing.TB) (*house, *Batch) {
	h := newHouse(t, rules.Rule{
		Name: "errors", Where: "http.response.status_code >= 500", Window: 30 * time.Second, Threshold: rules.MaxThreshold,
		Idle: rules.DefaultIdle,
	})
	generator := events.New(1, events.Options{})
	batch := &Batch{Source: "test", Peer: "192.0.2.1:5"}
	var frames []byte
	for range windowSize {
		document := generator.Append(nil)
		batch.Events = append(batch.Events, document)
		frames = append(frames, '2', 'J', 0, 0, 0, 0)
		frames = append(binary.BigEndian.AppendUint32(frames, uint32(len(document))), document...)
	}
	var stream bytes.Buffer
	compressor, _ := zlib.NewWriterLevel(&stream, 3)
	_, _ = compressor.Write(frames)
	_ = compressor.Close()
	batch.Parts = []Part{{Count: windowSize, Zlib: stream.Bytes()}}
	return h, batch
}

// From the decoded window to the commit on disk nothing is allocated for an event; for a window a few things are.
func TestAnEventCostsNoAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("pools forget under the race detector")
	}
	h, batch := benchmarkHouse(t)
	once := func() {
		if err := h.pipeline.Handle(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	once()
	if allocations := testing.AllocsPerRun(50, once); allocations > 60 {
		t.Errorf("%.0f allocations for a window of %d events", allocations, windowSize)
	}
}

// BenchmarkHandle is a window on its way from its documents to the disk, its fsync included.
func BenchmarkHandle(b *testing.B) {
	for _, stored := range []bool{false, true} {
		name := "judged"
		if stored {
			name = "judged and kept for outputs"
		}
		b.Run(name, func(b *testing.B) {
			h, batch := benchmarkHouse(b)
			if stored {
				h.options.Outputs = []string{"file"}
				h.reopen()
			}
			b.ReportAllocs()
			for count := 1; b.Loop(); count++ {
				if stored && count%64 == 0 { // as an output that keeps up does, lest the journal be full
					log := h.pipeline.Events()
					if err := log.StoreCursor("file", log.Last(), nil); err != nil {
						b.Fatal(err)
					}
				}
				if err := h.pipeline.Handle(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/windowSize, "ns/event")
		})
	}
}
