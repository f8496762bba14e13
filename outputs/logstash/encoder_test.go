package logstash

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/logboom/logboom/event"
)

func mustEncoder(t testing.TB, settings Settings) *Encoder {
	t.Helper()
	encoder, err := NewEncoder(settings)
	if err != nil {
		t.Fatal(err)
	}
	return encoder
}

// everySettings are settings that make a difference to the model.
func everySettings() []Settings {
	no, yes := false, true
	added := []Field{
		{Name: "[fields][env]", Value: "production"},
		{Name: "a", Value: "x\"y"},
		{Name: "message", Value: "2"},
		{Name: "[agent][b][name]", Value: "deep"},
		{Name: "[@metadata][topic]", Value: "t"},
		{Name: "a.b", Value: "dotted"},
		{Name: "a", Value: "again"},
		{Name: "event", Value: "e"},
	}
	return []Settings{
		{},
		{Enrich: []string{EnrichNone}},
		{Enrich: []string{EnrichAll}, Type: "nginx"},
		{Enrich: []string{EnrichSourceMetadata}, Tags: []string{"web", "beats_input_raw_event"}},
		{IncludeCodecTag: &no},
		{IncludeCodecTag: &yes, ECSCompatibility: ECSDisabled},
		{Tags: []string{"web", "ü"}, Type: "ty\"pe"},
		{AddField: added},
		{AddField: added, Tags: []string{"x"}, ECSCompatibility: ECSv1},
	}
}

// checkAppend holds what Append says about one document against the model and the promises of the package.
func checkAppend(t testing.TB, encoder *Encoder, settings Settings, document []byte) {
	t.Helper()
	origin := benchmarkOrigin()
	input := bytes.Clone(document)
	prefix := []byte(`{"earlier":1}` + "\n{")
	found := Found{Time: 1, Metadata: prefix, Marks: 0xff} // of the event before
	written, err := encoder.Append(bytes.Clone(prefix), document, origin, &found)
	checker, _ := event.NewSelector()
	if scanned := checker.Scan(document, nil); (err == nil) != (scanned == nil) {
		t.Fatalf("Append of %q: %v, where Scan says %v", document, err, scanned)
	}
	if !bytes.Equal(input, document) {
		t.Fatalf("Append changed the document %q to %q", input, document)
	}
	if !bytes.HasPrefix(written, prefix) {
		t.Fatalf("Append of %q changed what was in the buffer: %q", document, written)
	}
	if written = written[len(prefix):]; err != nil {
		if !errors.Is(err, ErrDocument) || len(written) > 0 {
			t.Fatalf("Append of %q: %v, %q", document, err, written)
		}
		return
	}
	checkWritten(t, checker, document, written)
	want := model(t, document, settings, origin)
	if got := decoded(t, written); !same(got, want) {
		t.Fatalf("settings %+v\ninput %q\ngot  %s\nwant %s", settings, document, written, indent(want))
	}
	if at, _, _ := event.Lookup(written, "@timestamp"); len(settings.AddField) == 0 {
		if nanoseconds, err := event.ParseTime([]byte(at.Text())); err != nil || nanoseconds != found.Time {
			t.Fatalf("input %q: found time %d, written %s", document, found.Time, at.Text())
		}
	}
}

// checkWritten checks that what was written is plain, and in bounds.
func checkWritten(t testing.TB, checker *event.Selector, document, written []byte) {
	t.Helper()
	if err := checker.Scan(written, nil); err != nil {
		t.Fatalf("input %q\nwritten %q: %v", document, written, err)
	}
	if bytes.ContainsAny(written, "\n\r\t") {
		t.Fatalf("input %q\nwritten %q has white space", document, written)
	}
	if len(written) > 7*len(document)+1024 {
		t.Fatalf("input of %d bytes: written %d", len(document), len(written))
	}
	var rewriter rewriter
	var o outline
	if !rewriter.rewrite(written, &o) {
		t.Fatalf("input %q\nwritten %q cannot be rewritten", document, written)
	}
	escapes := bytes.Contains(written, []byte(`\/`)) || bytes.Contains(written, []byte(`\u`)) // may be kept
	if !escapes && !bytes.Equal(written, rewriter.out) {
		t.Fatalf("input %q\nwritten %q\nis not plain, that would be %q", document, written, rewriter.out)
	}
	if o.has(nameMetadata) || bytes.Contains(written, []byte(`"@metadata.`)) && hasDotted(decoded(t, written)) {
		t.Fatalf("input %q\nwritten %q has @metadata", document, written)
	}
}

func hasDotted(object map[string]any) bool {
	for key := range object {
		if strings.HasPrefix(key, "@metadata.") {
			return true
		}
	}
	return false
}

func indent(value map[string]any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return text.String()
}

func TestAppendIsTheModel(t *testing.T) {
	documents := 10_000
	if testing.Short() {
		documents = 1000
	}
	for i, settings := range everySettings() {
		encoder := mustEncoder(t, settings)
		random := randomDocument{Rand: rand.New(rand.NewPCG(uint64(i), 1))}
		for range documents / len(everySettings()) * 3 {
			checkAppend(t, encoder, settings, random.next())
		}
	}
}

func TestAppendRecordedEvents(t *testing.T) {
	encoder := mustEncoder(t, Settings{})
	for _, document := range append(recorded(t, "nginx.ndjson"), recorded(t, "plain.ndjson")...) {
		checkAppend(t, encoder, Settings{}, document)
		var found Found
		if _, err := encoder.Append(nil, document, benchmarkOrigin(), &found); err != nil || found.Marks != 0 {
			t.Errorf("marks %b for an event of a real Filebeat: %s", found.Marks, document)
		}
	}
}

func FuzzAppend(f *testing.F) {
	for _, document := range append(recorded(f, "nginx.ndjson")[:3], recorded(f, "plain.ndjson")[:2]...) {
		f.Add(document, uint8(0))
	}
	random := randomDocument{Rand: rand.New(rand.NewPCG(9, 9))}
	for i := range uint8(40) {
		f.Add(random.next(), i)
	}
	settings := everySettings()
	encoders := make([]*Encoder, len(settings))
	for i := range settings {
		encoders[i] = mustEncoder(f, settings[i])
	}
	f.Fuzz(func(t *testing.T, document []byte, which uint8) {
		i := int(which) % len(settings)
		checkAppend(t, encoders[i], settings[i], document)
	})
}
