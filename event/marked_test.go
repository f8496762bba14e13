package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// checkMarked compares the scan with marks with encoding/json and, values and all, with the plain one. It asks for the
// former whatever the length of the document.
func checkMarked(t *testing.T, selector *Selector, document []byte) {
	t.Helper()
	if !canMark {
		t.Skip("this machine cannot mark strings")
	}
	plain, marked := make([]Value, selector.Len()), make([]Value, selector.Len())
	err := selector.scanPlain(document, plain)
	if (err == nil) != isEvent(document) {
		t.Fatalf("scanPlain(%q): %v, but an event is %t", document, err, isEvent(document))
	}
	scanner := selector.NewScanner()
	for _, used := range usedBefore {
		scanner.scanMarked(used, marked)
	}
	if got := scanner.scanMarked(document, marked); got != (err == nil) {
		t.Fatalf("scanMarked(%q) is %t, but scanPlain says %v", document, got, err)
	} else if !got {
		clear(marked)
	}
	checkPlain(t, document, marked)
	if !reflect.DeepEqual(plain, marked) {
		t.Fatalf("scanMarked(%q) found\n%v, but scanPlain\n%v", document, marked, plain)
	}
	got := selector.Scan(document, marked)
	checkPlain(t, document, marked)
	if !reflect.DeepEqual(got, err) || !reflect.DeepEqual(plain, marked) {
		t.Fatalf("Scan(%q): %v and\n%v, but scanPlain: %v and\n%v", document, got, marked, err, plain)
	}
}

// usedBefore are documents that a scanner has read before the one that matters: with as many values as there can be, and one that
// ends in the middle of a string with escapes.
var usedBefore = [][]byte{
	[]byte(`{"@timestamp":"t","message":"m\/","host":{"name":"h"},"agent":{"id":"i"},"log":{"file":{"path":"p"},"offset":1},` +
		`"a":{"b":{"c":1}},"d":[1,{"a":2}],"p":"p"}`),
	[]byte(`{"message":"\u0041` + strings.Repeat(`\\x`, 100) + `}`),
}

// checkPlain looks for odd escapes in what is said to have none, and takes that word away, which only one way to read can give.
// Where there is none in the document, all of it must be said.
func checkPlain(t *testing.T, document []byte, values []Value) {
	t.Helper()
	for i := range values {
		value := &values[i]
		if value.Plain() && hasOddEscape(value.raw) {
			t.Fatalf("%q is said to be plain, in %q", value.raw, document)
		}
		if canMark && len(document) >= blockLength && value.kind != Missing && !value.Plain() && !hasOddEscape(document) {
			t.Fatalf("%q is not said to be plain, in %q", value.raw, document)
		}
		value.plain = false
	}
}

// hasOddEscape looks at each escape of a valid document. Backslashes stand in strings alone.
func hasOddEscape(document []byte) bool {
	for i := 0; i < len(document); i++ {
		if document[i] == '\\' {
			if i++; document[i] == 'u' || document[i] == '/' {
				return true
			}
		}
	}
	return false
}

// paddings put a document behind a number of bytes: in a string, in white space, behind as many empty strings as they
// make, and behind escapes.
var paddings = []func(document string, length int) string{
	func(document string, length int) string {
		return `{"p":"` + strings.Repeat("x", length) + `",` + document[1:]
	},
	func(document string, length int) string { return strings.Repeat(" ", length) + document },
	func(document string, length int) string {
		return `{` + strings.Repeat(" ", length%5) + strings.Repeat(`"":"",`, length/5) + document[1:]
	},
	func(document string, length int) string {
		return `{"p":"` + strings.Repeat("x", length%2) + strings.Repeat(`\\`, length/2) + `",` + document[1:]
	},
	func(document string, length int) string {
		return `{"` + strings.Repeat("x", length%6) + strings.Repeat(`\u00e4`, length/6) + `":1,` + document[1:]
	},
}

// eachPadded calls with a document behind paddings such that each of its bytes comes to stand at, before and behind the
// border of a block, and of a part.
func eachPadded(document string, check func(document []byte)) {
	for _, pad := range paddings {
		for _, border := range []int{blockLength, maxBlocks * blockLength} {
			for length := max(0, border-len(document)-10); length <= border+1; length++ {
				check([]byte(pad(document, length)))
			}
		}
	}
}

// TestBorders: no token is read in another way where it stands at the border of a block or of a part.
func TestBorders(t *testing.T) {
	selector := mustSelect(t, oraclePaths...)
	for _, document := range []string{
		`{"a":{"b":{"c":1}},"d":"x"}`, `{ "a" : { "b.c" : [ ] } , "d" : null }`, `{"\u0061":"\"\\","d":"\ud83d\ude00"}`,
		`{"d":[true,false,null,-0.5e+10,123456789,{}]}`, `{"message":"\\\\\"","host.name":"","a":{"\u0062":"\\"}}`,
		"{\"d\":\"\xff\xc3ä😀\",\"😀\":1}", `{"\\":"\\\\","@timestamp":"2026-11-23T20:00:26.841Z"}`,
	} {
		eachPadded(document, func(document []byte) {
			if !json.Valid(document) {
				t.Fatalf("the test made %q", document)
			}
			checkMarked(t, selector, document)
		})
	}
}

// TestBordersRefused: the same for what is not valid.
func TestBordersRefused(t *testing.T) {
	selector := mustSelect(t, "a.b", "d")
	for _, document := range []string{
		`{"d":"\x"}`, `{"d":"\u12g4"}`, `{"d":"\u123"}`, "{\"d\":\"\x1f\"}", "{\"d\":\"\\\x00\"}", `{"d":"\"}`, `{"d":"\\"x"}`,
		`{"d":\"x"}`, `{"d":"x"\}`, `{"d":"x","a":{"b":1}]}`, `{"d":"x","a":[1}}`, `{"d":"x`, `{"d":"x}`, `{"d`, `{"d":1 1}`,
		`{"d" "x"}`, `{"d":01}`, `{"d":1.}`, `{"d":1e}`, `{"d":-}`, `{"d":tru}`, `{"d":nulll}`, "{\"d\":\x0c1}", `{"d":1,}`,
		`{"d":[1,]}`, `{"d":[{"a"}]}`, `{"d":[{"a":1,}]}`, `{"d":1}}`, `{"d":{"a":{}`, `{"a":{"b":"x"`, `{"d":"\u00e`,
		"{\"d\":\"x\"}\x00}", `{"d":"x"}{}`, `{"a":{"b"}}`, `{"d":1"x":2}`, `{d":1}`, `{"d":'x'}`, `{"d":/}`, `{"d":1:2}`,
		`{"d":1.5.5}`, `{"d":1e+}`, `{"d":--1}`, `{"d":+1}`, `{"d":}`, `{"d":]}`,
	} {
		eachPadded(document, func(document []byte) {
			if json.Valid(document) {
				t.Fatalf("the test made %q", document)
			}
			checkMarked(t, selector, document)
		})
	}
}

// TestEveryEscape: each byte behind runs of backslashes, on both sides of the border of a block.
func TestEveryEscape(t *testing.T) {
	selector := mustSelect(t, "a")
	for place := blockLength - 24; place < blockLength; place++ {
		for run := range 5 {
			for c := range 256 {
				text := strings.Repeat("x", place) + strings.Repeat(`\`, run) + string([]byte{byte(c)}) + "0123"
				checkMarked(t, selector, []byte(`{"a":"`+text+`","b":"y"}`))
			}
		}
	}
}

// TestLongRunsOfBackslashes: runs that fill blocks and parts.
func TestLongRunsOfBackslashes(t *testing.T) {
	selector := mustSelect(t, "a", "b")
	for run := range 3 * blockLength {
		for _, before := range []int{0, 1, maxBlocks*blockLength - 100} {
			text := strings.Repeat("x", before) + strings.Repeat(`\`, run)
			checkMarked(t, selector, []byte(`{"a":"`+text+`","b":"y"}`))
			checkMarked(t, selector, []byte(`{"a":"`+text+`"","b":"y"}`))
		}
	}
}

// TestEscapeInLongKey: a key that is longer than two blocks, or that began in the part before, with an escape anywhere.
func TestEscapeInLongKey(t *testing.T) {
	path := strings.Repeat("k", 4*blockLength)
	selector := mustSelect(t, path)
	for place := range path {
		document := `{"` + path[:place] + `\u006b` + path[place+1:] + `":1}`
		for _, padding := range []int{0, maxBlocks*blockLength - 200} {
			checkMarked(t, selector, []byte(paddings[0](document, padding)))
		}
		if value := mustScan(t, selector, document)[0]; string(value.Raw()) != "1" {
			t.Fatalf("%s was not found in %s", path, document)
		}
	}
}

// TestMarkedDocuments: documents of all kinds, whole, cut off anywhere and damaged in one byte.
func TestMarkedDocuments(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	selector := mustSelect(t, typicalPaths...)
	for _, kind := range kindsOfDocuments {
		for _, document := range documentsOf(t, kind.name)[:4] {
			if !json.Valid(document) {
				t.Fatalf("the test made %q", document)
			}
			checkMarked(t, selector, document)
			for range 300 {
				checkMarked(t, selector, document[:random.IntN(len(document))])
				damaged := bytes.Clone(document)
				damaged[random.IntN(len(document))] = "{}[]\",:\\ue1-. \t\n\x00\xff"[random.IntN(18)]
				checkMarked(t, selector, damaged)
			}
		}
	}
}

func FuzzMarked(f *testing.F) {
	for _, document := range recorded(f, "nginx.ndjson")[:2] {
		f.Add(document, uint16(0))
	}
	for _, document := range []string{
		`{"a":{"b":{"c":1}},"a.b":{"c":2},"a":{"b.c":3},"d":[1,{"a":2}]}`, `{"\u0061":"\\\"","d":-1.5e+3 }`,
		"{\"a\":\"\x01\"}", `{"d":tru}`, `{"a":"\u00zz"}`, strings.Repeat(`{"a":[`, 600), `{"a":"\`,
	} {
		f.Add([]byte(document), uint16(blockLength-8))
		f.Add([]byte(document), uint16(maxBlocks*blockLength-8))
	}
	selector := mustSelect(f, oraclePaths...)
	f.Fuzz(func(t *testing.T, document []byte, padding uint16) {
		checkMarked(t, selector, document)
		if len(document) > 0 {
			pad := paddings[int(padding)%len(paddings)]
			checkMarked(t, selector, []byte(pad(string(document), int(padding)%(2*maxBlocks*blockLength))))
		}
	})
}

// TestMarkedDoesNotAllocate: neither do documents of many parts, nor those that are read twice.
func TestMarkedDoesNotAllocate(t *testing.T) {
	selector := mustSelect(t, typicalPaths...)
	values := make([]Value, selector.Len())
	for _, kind := range kindsOfDocuments {
		documents := documentsOf(t, kind.name)
		allocations := testing.AllocsPerRun(10, func() {
			for _, document := range documents[:8] {
				if err := selector.Scan(document, values); err != nil {
					t.Fatal(err)
				}
			}
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations", kind.name, allocations)
		}
	}
}

// BenchmarkDocuments compares both scans on all kinds of documents.
func BenchmarkDocuments(b *testing.B) {
	selector := mustSelect(b, typicalPaths...)
	values, scanner := make([]Value, selector.Len()), selector.NewScanner()
	for _, kind := range kindsOfDocuments {
		documents := documentsOf(b, kind.name)
		for _, way := range []struct {
			name string
			scan func(document []byte) bool
		}{
			{"plain", func(document []byte) bool { return selector.scanPlain(document, values) == nil }},
			{"marked", func(document []byte) bool { return scanner.scanMarked(document, values) }},
		} {
			b.Run(fmt.Sprintf("%s/%s", kind.name, way.name), func(b *testing.B) {
				if way.name == "marked" && !canMark {
					b.Skip("this machine cannot mark strings")
				}
				b.SetBytes(int64(len(bytes.Join(documents, nil)) / len(documents)))
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if clear(values); !way.scan(documents[i%len(documents)]) {
						b.Fatal("not valid")
					}
				}
			})
		}
	}
}
