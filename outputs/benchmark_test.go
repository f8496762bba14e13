//go:build unix

package outputs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zlib"
	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/bench/events"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/file"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/rules"
)

// benchmarkWindow is how many events a Beat sends at once.
const benchmarkWindow = 2048

// BenchmarkDelivery is all that an output to a file costs for events of about 1.2 kB that are in the journal, compressed as
// they came: reading, inflating, encoding, writing, fsync. One operation is one event.
func BenchmarkDelivery(b *testing.B) {
	folder := b.TempDir()
	stored, err := journal.Open(journal.Options{
		Directory: filepath.Join(folder, "journal"), SegmentBytes: 64 << 20, Budget: 8 << 30, Reserve: 1, Logger: zerolog.Nop(),
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stored.Close()
	set, err := rules.Compile([]rules.Rule{{Name: "r", Window: time.Second, Threshold: 1_000_000}})
	if err != nil {
		b.Fatal(err)
	}
	taken, err := pipeline.New(pipeline.Options{
		Journal: stored, Rules: set, Outputs: []string{"test"}, Logger: zerolog.Nop(),
		DeadLetter: func(context.Context, []pipeline.DeadLetter) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer taken.Close(b.Context())
	window := windowOf(events.New(1, events.Options{}))
	count := 0
	for ; count < b.N || count == 0; count += benchmarkWindow {
		if err := taken.Handle(b.Context(), window); err != nil {
			b.Fatal(err)
		}
	}
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		b.Fatal(err)
	}
	output, err := file.New(file.Options{Path: filepath.Join(folder, "events.ndjson"), Logger: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	delivery := outputs.NewDelivery("test", output, taken.Events(), outputs.Options{Encoder: encoder})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	before := processorTime(b)
	b.ResetTimer()
	go func() { ended <- delivery.Run(ctx) }()
	for delivery.Stats().Written < uint64(count) {
		time.Sleep(10 * time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(processorTime(b)-before)/float64(count), "cpu-ns/event")
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

// processorTime is what the process has taken of the processor, in nanoseconds: waiting for the disk, and for others that
// want the processor, is no part of it.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// windowOf returns a window of events as Filebeat sends it.
func windowOf(generator *events.Generator) *pipeline.Batch {
	batch := &pipeline.Batch{Source: "lumberjack", Peer: "192.0.2.7:50000"}
	var frames []byte
	for range benchmarkWindow {
		document := generator.Append(nil)
		batch.Events = append(batch.Events, document)
		frames = append(frames, '2', 'J', 0, 0, 0, 0)
		frames = append(binary.BigEndian.AppendUint32(frames, uint32(len(document))), document...)
	}
	var stream bytes.Buffer
	w, _ := zlib.NewWriterLevel(&stream, 3)
	_, _ = w.Write(frames)
	_ = w.Close()
	batch.Parts = []pipeline.Part{{Count: benchmarkWindow, Zlib: stream.Bytes()}}
	return batch
}
