package logstash

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/logboom/logboom/event"
)

// expected is what a reference to a field says, read the slow way from all of a document.
func expected(t *testing.T, document []byte, path, reference string) string {
	t.Helper()
	value, has, err := event.Lookup(document, path)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case !has || value.Kind() == event.Null:
		return reference
	case value.Kind() == event.Array:
		var elements []json.RawMessage
		if err := json.Unmarshal(value.Raw(), &elements); err != nil {
			t.Fatal(err)
		}
		return expectedJoined(t, elements)
	default:
		return value.Text()
	}
}

func expectedJoined(t *testing.T, elements []json.RawMessage) string {
	t.Helper()
	texts := make([]string, len(elements))
	for i, element := range elements {
		value, _, err := event.Lookup([]byte(`{"a":`+string(element)+`}`), "a")
		if err != nil {
			t.Fatal(err)
		}
		var nested []json.RawMessage
		if json.Unmarshal(element, &nested) == nil && value.Kind() == event.Array {
			texts[i] = expectedJoined(t, nested)
			continue
		}
		texts[i] = value.Text()
	}
	return strings.Join(texts, ",")
}

// metadataOf returns the object @metadata of a document, not what stands in dotted keys, or an empty one.
func metadataOf(t *testing.T, document []byte) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil {
		t.Fatal(err)
	}
	if metadata := members["@metadata"]; len(metadata) > 0 && metadata[0] == '{' {
		return metadata
	}
	return []byte("{}")
}

// TestTemplatesReadTheWholeEvent compares what templates say, which look at few members of an event, with what reading
// all of it gives.
func TestTemplatesReadTheWholeEvent(t *testing.T) {
	paths := []string{
		"@version", "message", "line", "tags", "event", "event.original", "_tags", "_@timestamp", "type", "host",
		"host.name", "beat", "fields.env", "a", "a.b", "agent.name", "name", "é", "a b", "a-rather-long-key-1", "fields",
		"@metadata.a", "@metadata.beat", "@metadata.event.original",
	}
	references := make([]string, len(paths))
	for i, path := range paths {
		references[i] = "%{[" + strings.ReplaceAll(path, ".", "][") + "]}"
	}
	for i, settings := range everySettings() {
		encoder := mustEncoder(t, settings)
		all, err := NewTemplates(encoder, references...)
		if err != nil {
			t.Fatal(err)
		}
		some := make([]*Templates, len(references))
		for j := range references {
			some[j], _ = NewTemplates(encoder, references[j])
		}
		random := randomDocument{Rand: rand.New(rand.NewPCG(uint64(i), 2))}
		var values Values
		for range 500 {
			document := random.next()
			var found Found
			written, err := encoder.Append(nil, document, goldenOrigin(), &found)
			if err != nil {
				t.Fatal(err)
			}
			if err := all.Scan(&values, &found, written, goldenOrigin()); err != nil {
				t.Fatal(err)
			}
			for j, path := range paths {
				from, path := written, path
				if below, is := strings.CutPrefix(path, "@metadata."); is {
					from, path = metadataOf(t, document), below
				}
				want := expected(t, from, path, references[j])
				if got := string(all.Append(nil, j, &values)); got != want {
					t.Fatalf("%s of %q says %q, want %q\nwritten %s", references[j], document, got, want, written)
				}
			}
			j := random.IntN(len(paths))
			got := string(all.Append(nil, j, &values))
			if err := some[j].Scan(&values, &found, written, goldenOrigin()); err != nil {
				t.Fatal(err)
			}
			if alone := string(some[j].Append(nil, 0, &values)); alone != got {
				t.Fatalf("%s of %q says %q alone and %q among others", references[j], document, alone, got)
			}
		}
	}
}
