package lumberjack

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
)

// BenchmarkReadWindow reads windows as Filebeat sends them, without a network: 2048 nginx events each.
func BenchmarkReadWindow(b *testing.B) {
	for _, compress := range []bool{true, false} {
		b.Run(fmt.Sprintf("compressed=%v", compress), func(b *testing.B) {
			input, inflated := benchmarkWindow(b, compress)
			reader := newReading()
			b.ReportAllocs()
			b.SetBytes(int64(inflated))
			for b.Loop() {
				reader.source.Reset(input)
				window, err := reader.read()
				if err != nil || len(window.events) != 2048 {
					b.Fatal(err)
				}
				window.release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/event")
		})
	}
}

// BenchmarkServe is the same over a real connection, with acknowledgements.
func BenchmarkServe(b *testing.B) {
	server := start(b, func(context.Context, *Batch) error { return nil }, Options{})
	input, inflated := benchmarkWindow(b, true)
	conn, err := net.Dial("tcp", server.addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	b.ReportAllocs()
	b.SetBytes(int64(inflated))
	for b.Loop() {
		if _, err := conn.Write(input); err != nil {
			b.Fatal(err)
		}
		expect(b, conn, ack(2048))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/event")
}

// benchmarkWindow makes a window of the recorded events, each with an offset of its own.
func benchmarkWindow(b *testing.B, compress bool) (input []byte, inflated int) {
	b.Helper()
	reader := newReading()
	reader.source.Reset(recorded(b, "nginx.client"))
	window, err := reader.read()
	if err != nil {
		b.Fatal(err)
	}
	var frames []byte
	for i := range uint32(2048) {
		var event map[string]any
		if err := json.Unmarshal(window.events[i%200], &event); err != nil {
			b.Fatal(err)
		}
		event["offset"] = i * 187
		document, _ := json.Marshal(event)
		frames = append(frames, jsonFrame(i+1, string(document))...)
	}
	if compress {
		return append(windowFrame(2048), compressedFrame('2', frames)...), len(frames)
	}
	return append(windowFrame(2048), frames...), len(frames)
}
