package logstash

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/logboom/logboom/event"
)

// TestAppendAtTheLimits holds documents against the model that lie on both sides of what the quick way takes.
func TestAppendAtTheLimits(t *testing.T) {
	encoder := mustEncoder(t, Settings{})
	for _, depth := range []int{plainDepth - 2, plainDepth - 1, plainDepth, plainDepth + 1, event.MaxDepth - 2, event.MaxDepth - 1, event.MaxDepth} {
		deep := `{"message":"m","a":` + strings.Repeat(`{"b":[`, depth/2) + strings.Repeat(`]}`, depth/2) + `}`
		checkAppend(t, encoder, Settings{}, []byte(deep))
		deep = `{"message":"m","a":` + strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth) + `}`
		checkAppend(t, encoder, Settings{}, []byte(deep))
	}
	for _, keys := range []int{fewMembers, fewMembers + 1, plainKeys - 2, plainKeys - 1, plainKeys, plainKeys + 1, 1000} {
		var many strings.Builder
		for i := range keys {
			fmt.Fprintf(&many, `,"key number %d":{"a":%d,"b":{}}`, i, i)
		}
		checkAppend(t, encoder, Settings{}, []byte(`{"message":"m"`+many.String()+`}`))
		checkAppend(t, encoder, Settings{}, []byte(`{"message":"m"`+many.String()+`,"key number 3":"again"}`))
	}
	for _, length := range []int{0, 1, 6, 7, 8, 9, 15, 16, 17, 1 << 16} {
		text := strings.Repeat("x", length)
		for _, key := range []string{text, text + `\n`, text + "é", text + "\xff"} {
			checkAppend(t, encoder, Settings{}, []byte(`{"message":"`+key+`","`+key+`":1}`))
			checkAppend(t, encoder, Settings{}, []byte(`{"`+key+`":{},"`+key+`z":1,"z`+key+`":2}`))
			checkAppend(t, encoder, Settings{}, []byte(`{"`+key+`":{},"b":[{"`+key+`":1,"`+key+`":2}]}`))
		}
	}
}

// TestPlainDocuments makes sure that what Beats write is taken the quick way, however large it is.
func TestPlainDocuments(t *testing.T) {
	objects := strings.Repeat(`{"a":1,"key":{"a":"b"}},`, 10*plainKeys)
	for _, document := range []string{
		`{}`, `{"a":[]}`, `{"":""}`, `{"message":"é\u00e9\ud83d\ude00\n"}` + "\n", `{"a":[` + objects + `{}],"b":{"a":1},"key":2}`,
	} {
		var found Found
		_, err := mustEncoder(t, Settings{}).Append(nil, []byte(document), benchmarkOrigin(), &found)
		if err != nil || found.Marks&Rewritten != 0 {
			t.Errorf("%.50s: marks %b, %v", document, found.Marks, err)
		}
	}
}

// TestAppendRefuses holds each end that a document can break off at, and each byte that can be broken, against
// event.Selector.
func TestAppendRefuses(t *testing.T) {
	encoder := mustEncoder(t, Settings{})
	whole := []byte(`{"@timestamp":"2026-11-23T20:00:26.841Z","@metadata":{"beat":"b"},"message":"\u00e9\n\ud83d\ude00é","a":[1.5e+3,true,null,{}],"tags":["x"]}`)
	for end := range whole {
		checkAppend(t, encoder, Settings{}, whole[:end])
	}
	for i := range whole {
		for _, c := range []byte("\"\\{}[],: \n0a-\x00\x80u") {
			broken := bytes.Clone(whole)
			broken[i] = c
			checkAppend(t, encoder, Settings{}, broken)
		}
	}
	for _, end := range []string{"}", "{}", " x", ",", "\x00"} {
		checkAppend(t, encoder, Settings{}, []byte(`{"a":1}`+end))
		checkAppend(t, encoder, Settings{}, []byte(`{"a": 1}`+end))
	}
	var found Found
	if _, err := encoder.Append(nil, []byte("[]"), benchmarkOrigin(), &found); !errors.Is(err, ErrDocument) {
		t.Errorf("Append of an array: %v", err)
	}
}

func TestFieldNotAdded(t *testing.T) {
	encoder := mustEncoder(t, Settings{AddField: []Field{{"[host][name]", "x"}}})
	var found Found
	written, err := encoder.Append(nil, []byte(`{"message":"m","host":"h"}`), benchmarkOrigin(), &found)
	if err != nil || found.Marks&FieldNotAdded == 0 || !bytes.Contains(written, []byte(`"host":"h"`)) {
		t.Errorf("%s, marks %b, %v", written, found.Marks, err)
	}
}

// TestAllocations makes sure that events of real Beats, with and without tags, event and a template, need no memory.
func TestAllocations(t *testing.T) {
	encoder := mustEncoder(t, Settings{Type: "nginx", Tags: []string{"web"}})
	documents := append(recorded(t, "nginx.ndjson"), benchmarkEvents(0)...)
	documents = append(documents, []byte(`{"@timestamp":"2026-11-23T20:00:26Z","message":"é\n","event":{"dataset":"d"},"tags":"t"}`))
	templates, err := NewTemplates(encoder, "%{[@metadata][beat]}-%{[@metadata][version]}-%{+xxxx.ww}", "%{[host][name]}%{@version}%{tags}")
	if err != nil {
		t.Fatal(err)
	}
	origin := benchmarkOrigin()
	buffer, said := make([]byte, 0, 8192), make([]byte, 0, 1024)
	var found Found
	var values Values
	i := 0
	allocations := testing.AllocsPerRun(1000, func() {
		buffer, _ = encoder.Append(buffer[:0], documents[i%len(documents)], origin, &found)
		_ = templates.Scan(&values, &found, buffer, origin)
		said = templates.Append(templates.Append(said[:0], 0, &values), 1, &values)
		i++
	})
	if allocations != 0 {
		t.Errorf("%v allocations an event", allocations)
	}
}

func TestEncoderConcurrently(t *testing.T) {
	settings := Settings{Tags: []string{"%{[host][name]}"}, AddField: []Field{{"a", "%{message}"}}}
	encoder := mustEncoder(t, settings)
	templates, err := NewTemplates(encoder, "%{a}%{[@metadata][beat]}")
	if err != nil {
		t.Fatal(err)
	}
	documents := append(recorded(t, "nginx.ndjson")[:20], []byte(`{ "message" : "m", "@metadata":{"beat":"b"} }`))
	once := func() []string {
		var said []string
		var values Values
		var found Found
		for _, document := range documents {
			written, err := encoder.Append(nil, document, benchmarkOrigin(), &found)
			if err != nil || templates.Scan(&values, &found, written, benchmarkOrigin()) != nil {
				t.Error(err)
			}
			said = append(said, string(templates.Append(written, 0, &values)))
		}
		return said
	}
	want := once()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				for i, said := range once() {
					if said != want[i] {
						t.Errorf("%s\nwant %s", said, want[i])
					}
				}
			}
		})
	}
	all.Wait()
}

// TestHostileDocuments makes sure that no document takes much longer than its length asks for: this would not end.
func TestHostileDocuments(t *testing.T) {
	encoder := mustEncoder(t, Settings{})
	const size = 1 << 20
	var keys strings.Builder
	for i := range size / 16 {
		fmt.Fprintf(&keys, `"%d":{"a":1},`, i%100)
	}
	nested := strings.Repeat(`{"a":1,"a":`, event.MaxDepth-2)
	hostile := map[string]string{
		"keys":   `{` + keys.String() + `"message":"m"}`,
		"nested": nested + `"` + strings.Repeat("x", size) + `"` + strings.Repeat(`}`, event.MaxDepth-2),
		"open":   strings.Repeat(`{"a":`, size/5),
		"text":   `{"message":[` + strings.Repeat(`"\"\u0001",`, size/12) + `1]}`,
		"quotes": `{"message":"` + strings.Repeat(`\"`, size/2) + `", "a":1}`,
	}
	for name, document := range hostile {
		t.Run(name, func(t *testing.T) { checkAppend(t, encoder, Settings{}, []byte(document)) })
	}
}
