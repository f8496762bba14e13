package file

import (
	"testing"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/outputtest"
)

// BenchmarkWrite writes batches as the loop gives them, fsync included, to files that are set aside at 256 MiB.
func BenchmarkWrite(b *testing.B) {
	output, err := New(Options{Path: b.TempDir() + "/events.ndjson", RotateSize: 256 << 20, Keep: 1})
	must(b, err)
	defer output.Close()
	must(b, output.Restore(nil))
	var batch outputs.Batch
	for i := range outputs.DefaultBatchEvents / 2 {
		batch.Events = append(batch.Events, outputs.Event{Body: outputtest.Event(i, 250)})
		batch.Bytes += len(batch.Events[i].Body)
	}
	b.SetBytes(int64(batch.Bytes))
	b.ReportAllocs()
	for b.Loop() {
		if outcomes, err := output.Write(b.Context(), &batch); err != nil || outcomes[0] != nil {
			b.Fatal(outcomes, err)
		}
		output.State()
	}
	b.ReportMetric(float64(b.N*len(batch.Events))/b.Elapsed().Seconds(), "events/s")
}
