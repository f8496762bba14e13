package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The oracles: what Scan shall find, said in terms of encoding/json.

// isEvent says by means of encoding/json whether Scan shall accept a document.
func isEvent(document []byte) bool {
	return json.Valid(document) && bytes.TrimLeft(document, " \t\r\n")[0] == '{' && depthOf(document) <= MaxDepth
}

// depthOf returns how deeply a valid document is nested.
func depthOf(document []byte) int {
	deepest, depth := 0, 0
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// member is a key and value of an object, in the order of the document and with duplicates.
type member struct {
	key   string
	value json.RawMessage
}

func members(t *testing.T, object json.RawMessage) []member {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var list []member
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		list = append(list, member{key.(string), value})
	}
	return list
}

// finding is a value and the keys that lead to it.
type finding struct {
	keys  []string
	value json.RawMessage
}

// find fills found, by path, with what the rules in the documentation of Scan give for all paths there are.
func find(t *testing.T, object json.RawMessage, outer []string, found map[string]finding) {
	t.Helper()
	for _, member := range members(t, object) {
		keys := append(slices.Clone(outer), member.key)
		for path, earlier := range found {
			if len(earlier.keys) >= len(keys) && slices.Equal(earlier.keys[:len(keys)], keys) {
				delete(found, path)
			}
		}
		if member.value[0] == '{' {
			find(t, member.value, keys, found)
		}
		found[strings.Join(keys, ".")] = finding{keys, member.value}
	}
}

// checkScan compares Scan with the oracles.
func checkScan(t *testing.T, selector *Selector, paths []string, document []byte) {
	t.Helper()
	before := bytes.Clone(document)
	values := make([]Value, selector.Len())
	err := selector.Scan(document, values)
	if want := isEvent(document); (err == nil) != want {
		t.Fatalf("Scan(%q): %v, but an event is %t", document, err, want)
	}
	if !bytes.Equal(before, document) {
		t.Fatalf("Scan changed %q", before)
	}
	if err != nil {
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > int64(len(document)) {
			t.Fatalf("Scan(%q): %v", document, err)
		}
		return
	}
	if depthOf(document) > 50 {
		return // the oracle below takes the square of it
	}
	found := map[string]finding{}
	find(t, document, nil, found)
	for _, path := range paths {
		index, _ := selector.Index(path)
		compareValue(t, document, path, values[index], found[path].value)
		if !bytes.Contains(document, []byte(".")) && !bytes.Contains(document, []byte("\\")) {
			compareDecoded(t, document, path, values[index])
		}
	}
}

func compareValue(t *testing.T, document []byte, path string, got Value, want json.RawMessage) {
	t.Helper()
	if string(got.Raw()) != string(want) || (got.Kind() == Missing) != (want == nil) {
		t.Fatalf("%s in %q is %s %q, want %q", path, document, got.Kind(), got.Raw(), want)
	}
	var text string
	if got.Kind() == String && (json.Unmarshal(want, &text) != nil || got.Text() != text) {
		t.Fatalf("%s in %q is %q, want %q", path, document, got.Text(), text)
	}
}

// compareDecoded compares with a document that was decoded into a map, which knows nothing of dotted keys.
func compareDecoded(t *testing.T, document []byte, path string, got Value) {
	t.Helper()
	var decoded map[string]any
	if json.Unmarshal(document, &decoded) != nil {
		return // a number that no float64 can hold
	}
	var want any = decoded
	found := true
	for _, segment := range strings.Split(path, ".") {
		object, _ := want.(map[string]any)
		if want, found = object[segment]; !found {
			break
		}
	}
	if found != (got.Kind() != Missing) || !reflect.DeepEqual(onlyFloats(got.Any()), want) {
		t.Fatalf("%s in %q is %v, want %v", path, document, got.Any(), want)
	}
}

// onlyFloats makes each int a float64, which is the only number that encoding/json gives.
func onlyFloats(decoded any) any {
	switch typed := decoded.(type) {
	case int:
		return float64(typed)
	case []any:
		for i := range typed {
			typed[i] = onlyFloats(typed[i])
		}
	case map[string]any:
		for key := range typed {
			typed[key] = onlyFloats(typed[key])
		}
	}
	return decoded
}

var oraclePaths = []string{
	"a", "a.b", "a.b.c", "a.c", "b.c.a", "d", "message", "@timestamp", "host.name", "log.file.path", "😀",
}

func FuzzScan(f *testing.F) {
	for _, document := range recorded(f, "nginx.ndjson")[:3] {
		f.Add(document)
	}
	for _, document := range []string{
		`{"a":{"b":{"c":1}},"a.b":{"c":2},"a":{"b.c":3},"d":[1,{"a":2}]}`,
		`{"\u0061":{"\u0062":"\ud83d\ude00\n"},"\ud83d\ude00":1}`,
		`{"a":"` + strings.Repeat("x", 30) + `\"","d":-1.5e+3}`, `{"a":[[[[{"b":[]}]]]], "d" : null }`,
		"{\"a\xff\":\"\xc3\"}",
		`{"d":tru}`, `{"d":01}`, `[]`, ``, `{"a":{"b":1},"a":{}}`, strings.Repeat(`{"a":[`, 600),
	} {
		f.Add([]byte(document))
	}
	selector := mustSelect(f, oraclePaths...)
	f.Fuzz(func(t *testing.T, document []byte) { checkScan(t, selector, oraclePaths, document) })
}

// TestScanProperty scans documents made of few keys, so that duplicates and both forms of a field meet often, and
// documents damaged in one byte.
func TestScanProperty(t *testing.T) {
	selector := mustSelect(t, oraclePaths...)
	const damage = `{}[]",:\ue1-. ` + "\t\n\x00"
	random := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		document := []byte(randomObject(random, 0))
		checkScan(t, selector, oraclePaths, document)
		document[random.IntN(len(document))] = damage[random.IntN(len(damage))]
		checkScan(t, selector, oraclePaths, document)
	}
}

func randomObject(random *rand.Rand, depth int) string {
	keys := []string{"a", "b", "c", "a.b", "b.c", "a.b.c", "d", "\\u0061", "a\\u002eb", "message", "", "a\\n"}
	list := make([]string, random.IntN(6))
	for i := range list {
		list[i] = fmt.Sprintf(`"%s":%s`, keys[random.IntN(len(keys))], randomValue(random, depth))
	}
	return "{" + strings.Join(list, randomSpace(random)+",") + "}" + randomSpace(random)
}

func randomSpace(random *rand.Rand) string { return []string{"", "", "", " ", "\n\t "}[random.IntN(5)] }

func randomValue(random *rand.Rand, depth int) string {
	scalars := []string{
		`1`, `-2.5`, `1e2`, `"x"`, `""`, `"a longer text, 16+"`, `"\ud83d\ude00"`, `"\""`,
		`true`, `false`, `null`, `0`, `{}`, `[]`,
	}
	switch choice := random.IntN(10); {
	case depth < 4 && choice < 5:
		return randomObject(random, depth+1)
	case depth < 4 && choice < 6:
		return "[" + randomObject(random, depth+1) + "," + randomValue(random, depth+1) + "]"
	default:
		return randomSpace(random) + scalars[random.IntN(len(scalars))]
	}
}
