package event

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// recorded returns the events of a real Filebeat session.
func recorded(t testing.TB, name string) [][]byte {
	t.Helper()
	lines, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(lines), []byte("\n"))
}

// typicalPaths are what a rule or two and the recognition of resends name.
var typicalPaths = []string{"@timestamp", "message", "host.name", "agent.id", "log.file.path", "log.offset"}

func BenchmarkScan(b *testing.B) {
	benchmarkDocuments(b, "nothing", nil)
	benchmarkDocuments(b, "time", []string{"@timestamp"})
	benchmarkDocuments(b, "typical", typicalPaths)
}

func benchmarkDocuments(b *testing.B, name string, paths []string) {
	b.Run(name, func(b *testing.B) {
		selector := mustSelect(b, paths...)
		values := make([]Value, selector.Len())
		eachRecorded(b, func(document []byte) {
			if err := selector.Scan(document, values); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkEncodingJSON is what there is to compare with: it finds no values.
func BenchmarkEncodingJSON(b *testing.B) {
	eachRecorded(b, func(document []byte) {
		if !json.Valid(document) {
			b.Fatal("not valid")
		}
	})
}

func eachRecorded(b *testing.B, read func(document []byte)) {
	documents := recorded(b, "nginx.ndjson")
	total := 0
	for _, document := range documents {
		total += len(document)
	}
	b.SetBytes(int64(total / len(documents)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		read(documents[i%len(documents)])
	}
}

func BenchmarkParseTime(b *testing.B) {
	text := []byte("2026-11-23T20:00:26.841Z")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseTime(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTimeParser(b *testing.B) {
	text := []byte("2026-11-23T20:00:26.841Z")
	var parser TimeParser
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parser.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendTime(b *testing.B) {
	buffer := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendTime(buffer[:0], 1795464026841000000)
	}
}
