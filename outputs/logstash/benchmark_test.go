package logstash

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/internal/bench/events"
)

// benchmarkEvents returns events of about 1.2 kB, as Filebeat sends them.
func benchmarkEvents(size int) [][]byte {
	generator := events.New(1, events.Options{Size: size})
	made := make([][]byte, 256)
	for i := range made {
		made[i] = generator.Append(nil)
	}
	return made
}

func benchmarkOrigin() *Origin {
	return &Origin{Arrival: 1795464026841000000, RemoteIP: netip.MustParseAddr("10.1.2.3")}
}

func eachEvent(b *testing.B, documents [][]byte, do func(document []byte)) {
	total := 0
	for _, document := range documents {
		total += len(document)
	}
	b.SetBytes(int64(total / len(documents)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		do(documents[i%len(documents)])
	}
}

func BenchmarkEncode(b *testing.B) {
	truth := true
	settings := map[string]Settings{
		"default": {},
		"none":    {Enrich: []string{EnrichNone}},
		"tags":    {Tags: []string{"web", "production"}, Type: "nginx", IncludeCodecTag: &truth},
		"field":   {AddField: []Field{{Name: "[fields][env]", Value: "production"}}},
	}
	for _, name := range []string{"default", "none", "tags", "field"} {
		b.Run(name, func(b *testing.B) { benchmarkEncode(b, settings[name], benchmarkEvents(0)) })
	}
	b.Run("rewritten", func(b *testing.B) {
		documents := benchmarkEvents(0)
		for i, document := range documents {
			documents[i] = bytes.Replace(document, []byte(`,"message":`), []byte(`, "message":`), 1)
		}
		benchmarkEncode(b, Settings{}, documents)
	})
	b.Run("5kB", func(b *testing.B) { benchmarkEncode(b, Settings{}, benchmarkEvents(5000)) })
}

func benchmarkEncode(b *testing.B, settings Settings, documents [][]byte) {
	encoder, err := NewEncoder(settings)
	if err != nil {
		b.Fatal(err)
	}
	var buffer []byte
	var found Found
	origin := benchmarkOrigin()
	eachEvent(b, documents, func(document []byte) {
		if buffer, err = encoder.Append(buffer[:0], document, origin, &found); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkScan is what merely reading an event costs, to compare with.
func BenchmarkScan(b *testing.B) {
	selector, err := event.NewSelector("@timestamp", "message")
	if err != nil {
		b.Fatal(err)
	}
	var values [2]event.Value
	eachEvent(b, benchmarkEvents(0), func(document []byte) {
		if err := selector.Scan(document, values[:]); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkTemplates measures reading an event for templates and appending what they say, without encoding it.
func BenchmarkTemplates(b *testing.B) {
	texts := map[string][]string{
		"index":    {"%{[@metadata][beat]}-%{[@metadata][version]}-%{+YYYY.MM.dd}"},
		"field":    {"logs-%{[host][name]}"},
		"three":    {"%{[@metadata][beat]}-%{[@metadata][version]}", "%{[@metadata][pipeline]}", "%{[agent][id]}-%{[log][offset]}"},
		"constant": {"logs"},
	}
	for _, name := range []string{"constant", "index", "field", "three"} {
		b.Run(name, func(b *testing.B) { benchmarkTemplates(b, texts[name]) })
	}
}

func benchmarkTemplates(b *testing.B, texts []string) {
	encoder, err := NewEncoder(Settings{})
	if err != nil {
		b.Fatal(err)
	}
	templates, err := NewTemplates(encoder, texts...)
	if err != nil {
		b.Fatal(err)
	}
	origin := benchmarkOrigin()
	document := benchmarkEvents(0)[0]
	var found Found
	written, err := encoder.Append(nil, document, origin, &found)
	if err != nil {
		b.Fatal(err)
	}
	var values Values
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		if err := templates.Scan(&values, &found, written, origin); err != nil {
			b.Fatal(err)
		}
		for i := range texts {
			buffer = templates.Append(buffer[:0], i, &values)
		}
	}
}
