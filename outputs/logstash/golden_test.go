package logstash

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is written now into the golden files")

// Each golden file is one rule of the reference: the settings, what the Beat sent, what Logstash writes as the reference
// has it (reference.json, made by hand, compared as values), and what is written here (written.json, compared as bytes).
// It may have templates with what they say, and marks.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) { testGolden(t, file) })
	}
}

// goldenOrigin is where all events of the golden files come from.
func goldenOrigin() *Origin {
	return &Origin{
		Arrival:  1795478400500000000, // 2026-11-24T00:00:00.5Z
		RemoteIP: netip.MustParseAddr("192.0.2.7"),
		TLS:      &TLSPeer{Verified: true, Version: "TLSv1.3", Subject: "CN=web1,O=Example", Cipher: "TLS_AES_128_GCM_SHA256"},
	}
}

func testGolden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	section := func(name string) []byte { return []byte(sectionOf(string(text), name)) }
	var settings Settings
	if err := json.Unmarshal(section("settings.json"), &settings); err != nil {
		t.Fatal(err)
	}
	encoder := mustEncoder(t, settings)
	var found Found
	written, err := encoder.Append(nil, section("input.json"), goldenOrigin(), &found)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		writeGolden(t, file, string(text), string(written))
	} else if want := section("written.json"); !bytes.Equal(written, want) {
		t.Errorf("written %s\nwant    %s", written, want)
	}
	if got, want := decoded(t, written), decoded(t, section("reference.json")); !reflect.DeepEqual(got, want) {
		t.Errorf("written   %s\nreference %s", written, indent(want))
	}
	if marks := marksText(found.Marks); marks != string(section("marks")) {
		t.Errorf("marks %q, want %q", marks, section("marks"))
	}
	for line := range strings.Lines(string(section("templates"))) {
		text, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " => ")
		if got := evaluate(t, encoder, text, &found, written, goldenOrigin()); strings.ReplaceAll(got, "\n", `\n`) != want {
			t.Errorf("template %s says %q, want %q", text, got, want)
		}
	}
}

// sectionOf returns the lines behind "-- name --", up to the next such line; "" if there are none.
func sectionOf(text, name string) string {
	_, behind, has := strings.Cut(text, "\n-- "+name+" --\n")
	if !has {
		return ""
	}
	section, _, _ := strings.Cut(behind, "\n-- ")
	return strings.TrimSuffix(section, "\n")
}

// writeGolden writes a golden file with what is written now behind the reference.
func writeGolden(t *testing.T, file, text, written string) {
	t.Helper()
	reference := "-- reference.json --\n" + sectionOf(text, "reference.json") + "\n"
	before, behind, _ := strings.Cut(text, reference)
	behind = strings.TrimPrefix(behind, "-- written.json --\n"+sectionOf(text, "written.json")+"\n")
	text = before + reference + "-- written.json --\n" + written + "\n" + behind
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func marksText(marks Marks) string {
	var set []string
	for i, name := range []string{"time_invalid", "time_missing", "tags_renamed", "event_not_object", "field_not_added", "rewritten"} {
		if marks&(1<<i) != 0 {
			set = append(set, name)
		}
	}
	return strings.Join(set, ",")
}

// evaluate returns what one text says about an event.
func evaluate(t testing.TB, encoder *Encoder, text string, found *Found, written []byte, origin *Origin) string {
	t.Helper()
	templates, err := NewTemplates(encoder, text)
	if err != nil {
		t.Fatal(err)
	}
	var values Values
	if err := templates.Scan(&values, found, written, origin); err != nil {
		t.Fatal(err)
	}
	return string(templates.Append(nil, 0, &values))
}
