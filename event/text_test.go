package event

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestTextInRuns: each byte at each place of the eight that are copied together, in a string that has to be decoded.
func TestTextInRuns(t *testing.T) {
	for place := range 20 {
		for c := ' '; c < 256; c++ {
			text := []byte(`"` + strings.Repeat("x", 20) + `\n"`)
			if text[1+place] = byte(c); !json.Valid(text) {
				continue
			}
			var want string
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if got := (Value{raw: text, kind: String}).Text(); got != want {
				t.Fatalf("%q: %q, want %q", text, got, want)
			}
		}
	}
}

func BenchmarkAppendText(b *testing.B) {
	for _, name := range []string{"filebeat", "long", "escapes", "unicode"} {
		b.Run(name, func(b *testing.B) {
			value, _, err := Lookup(documentsOf(b, name)[0], "message")
			if err != nil {
				b.Fatal(err)
			}
			buffer := make([]byte, 0, 1<<14)
			b.SetBytes(int64(len(value.Raw())))
			b.ReportAllocs()
			for b.Loop() {
				buffer = value.AppendText(buffer[:0])
			}
		})
	}
}
