package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
)

func mustSelect(t testing.TB, paths ...string) *Selector {
	t.Helper()
	selector, err := NewSelector(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return selector
}

func mustScan(t testing.TB, selector *Selector, document string) []Value {
	t.Helper()
	values := make([]Value, selector.Len())
	if err := selector.Scan([]byte(document), values); err != nil {
		t.Fatalf("Scan(%s): %v", document, err)
	}
	return values
}

// TestSelection: the raw values of a, a.b, a.b.c and d, "-" for missing.
func TestSelection(t *testing.T) {
	selector := mustSelect(t, "a", "a.b", "a.b.c", "d")
	for _, test := range []struct{ name, document, want string }{
		{"empty", `{}`, `- - - -`},
		{"nested", `{"a":{"b":{"c":1}},"d":2}`, `{"b":{"c":1}} {"c":1} 1 2`},
		{"dotted", `{"a.b.c":1}`, `- - 1 -`},
		{"dotted, then nested", `{"a.b":{"c":1}}`, `- {"c":1} 1 -`},
		{"nested, then dotted", `{"a":{"b.c":1}}`, `{"b.c":1} - 1 -`},
		{"white space", " {\t\"a\" :\r\n{ \"b\" : 1 } , \"d\" : [ ] } ", `{ "b" : 1 } 1 - [ ]`},
		{"elsewhere", `{"x":{"a":{"b":1},"d":2},"b":3,"c":4}`, `- - - -`},
		{"parent is no object", `{"a":[{"b":1}],"d":null}`, `[{"b":1}] - - null`},
		{"parent is a string", `{"a":"{\"b\":1}"}`, `"{\"b\":1}" - - -`},
		{"longer and shorter keys", `{"":1,"aa":1,"a.":1,".a":1,"a.b.c.d":1,"a.b.":1,"dd":1}`, `- - - -`},
		{"last wins", `{"d":1,"d":2,"d":"x"}`, `- - - "x"`},
		{"last wins, even null", `{"d":1,"d":null}`, `- - - null`},
		{"wholesale: no merge", `{"a":{"b":{"c":1}},"a":{"x":1}}`, `{"x":1} - - -`},
		{"wholesale: scalar", `{"a":{"b":{"c":1}},"a":5}`, `5 - - -`},
		{"wholesale, deeper", `{"a":{"b":{"c":1},"b":{}}}`, `{"b":{"c":1},"b":{}} {} - -`},
		{"duplicate after another", `{"a":{"b":1},"d":0,"a":{"b":2}}`, `{"b":2} 2 - 0`},
		{"both forms, dotted last", `{"a":{"b":1},"a.b":2}`, `{"b":1} 2 - -`},
		{"both forms, nested last", `{"a.b":2,"a":{"b":1}}`, `{"b":1} 1 - -`},
		{"a parent leaves the dotted form alone", `{"a.b":2,"a":{"x":1}}`, `{"x":1} 2 - -`},
		{"a scalar parent, too", `{"a.b.c":2,"a":1,"a.b":3}`, `1 3 2 -`},
		{"the second parent takes its own", `{"a":{"b":1},"a.b.c":2,"a":{}}`, `{} - 2 -`},
		{"what is replaced does not bring back", `{"a.b":2,"a":{"b":1},"a":{}}`, `{} - - -`},
		{"dotted parent replaced", `{"a.b":{"c":1},"a.b":{}}`, `- {} - -`},
		{"escaped key", `{"\u0061":{"\u0062":1},"\u0064":2}`, `{"\u0062":1} 1 - 2`},
		{"escaped dotted key", `{"a\u002eb":1}`, `- 1 - -`},
		{"escaped duplicate", `{"d":1,"\u0064":2}`, `- - - 2`},
		{"escaped others", `{"\ud800":1,"a\n":1,"\"a":1,"d\u0000":1}`, `- - - -`},
	} {
		values := mustScan(t, selector, test.document)
		got := make([]string, len(values))
		for i, value := range values {
			if got[i] = string(value.Raw()); value.Kind() == Missing {
				got[i] = "-"
			}
		}
		if joined := strings.Join(got, " "); joined != test.want {
			t.Errorf("%s: %s\n got %s\nwant %s", test.name, test.document, joined, test.want)
		}
	}
}

func TestEscapedKeys(t *testing.T) {
	for key, path := range map[string]string{
		`\u0040timestamp`:      "@timestamp",
		`\u0040TIMESTAMP`:      "@TIMESTAMP",
		`\ud83d\ude00`:         "😀",
		`a\/b`:                 "a/b",
		`a\\b`:                 `a\b`,
		`a\"b`:                 `a"b`,
		`\b\f\n\r\t`:           "\b\f\n\r\t",
		`gr\u00F6\u00dfe`:      "größe",
		`h\u006fst.n\u0061me`:  "host.name",
		`größ\u0065 and after`: "größe and after",
	} {
		value, found, err := Lookup([]byte(`{"before":1,"`+key+`":2}`), path)
		if number, ok := value.Int(); err != nil || !found || !ok || number != 2 {
			t.Errorf("Lookup %q under the key %s: %s, %t, %v", path, key, value.Raw(), found, err)
		}
	}
}

// TestEscapedKeysOfOthers: a key with escapes that begins like a path, or goes on behind its end, is another key.
func TestEscapedKeysOfOthers(t *testing.T) {
	for _, key := range []string{`h\u006fst`, `h\u006fst.names`, `\u0068`, `host.nam\u0045`, `\ud83dhost.name`} {
		if value, found, err := Lookup([]byte(`{"`+key+`":1}`), "host.name"); found || err != nil {
			t.Errorf("host.name was found under the key %s: %s, %v", key, value.Raw(), err)
		}
	}
}

func TestLookup(t *testing.T) {
	document := []byte(`{"host":{"name":"vm"},"gone":null}`)
	if value, found, err := Lookup(document, "[host][name]"); value.Text() != "vm" || !found || err != nil {
		t.Errorf("host.name: %q, %t, %v", value.Text(), found, err)
	}
	if value, found, err := Lookup(document, "gone"); value.Kind() != Null || !found || err != nil {
		t.Errorf("null: %s, %t, %v", value.Kind(), found, err)
	}
	if _, found, err := Lookup(document, "host.ip"); found || err != nil {
		t.Errorf("host.ip: %t, %v", found, err)
	}
	var syntax *SyntaxError
	if _, found, err := Lookup([]byte(`{"host"}`), "host"); found || !errors.As(err, &syntax) {
		t.Errorf("malformed: %t, %v", found, err)
	}
}

// TestScanRecorded: the values of a real session are those that decoding gives.
func TestScanRecorded(t *testing.T) {
	selector := mustSelect(t, typicalPaths...)
	values := make([]Value, selector.Len())
	for _, name := range []string{"nginx.ndjson", "plain.ndjson"} {
		for _, document := range recorded(t, name) {
			if err := selector.Scan(document, values); err != nil {
				t.Fatal(err)
			}
			var want struct {
				Time    string `json:"@timestamp"`
				Message string
				Host    struct{ Name string }
				Agent   struct{ ID string }
				Log     struct {
					File   struct{ Path string }
					Offset json.Number
				}
			}
			if err := json.Unmarshal(document, &want); err != nil {
				t.Fatal(err)
			}
			for i, text := range []string{
				want.Time, want.Message, want.Host.Name, want.Agent.ID, want.Log.File.Path, want.Log.Offset.String(),
			} {
				if values[i].Text() != text || text == "" {
					t.Errorf("%s is %q, want %q, in %s", typicalPaths[i], values[i].Text(), text, document)
				}
			}
		}
	}
}

// TestScanResets: nothing is left of the document before, after success or failure, and nothing beyond Len is touched.
func TestScanResets(t *testing.T) {
	selector := mustSelect(t, "a", "b")
	values := make([]Value, 3)
	scan := func(document string) error { return selector.Scan([]byte(document), values) }
	values[2] = Value{kind: True}
	if err := scan(`{"a":1,"b":2}`); err != nil || values[0].Kind() != Number {
		t.Fatalf("%v, %v", values, err)
	}
	if err := scan(`{"b":"x"}`); err != nil || values[0].Kind() != Missing || values[1].Kind() != String {
		t.Errorf("after another document: %v, %v", values, err)
	}
	if err := scan(`{"a":1,"b":2,}`); err == nil || values[0].Kind() != Missing || values[1].Kind() != Missing {
		t.Errorf("after a bad document: %v, %v", values, err)
	}
	if values[2].Kind() != True {
		t.Error("a value beyond Len was changed")
	}
}

// TestValuesEndWhereTheyEnd: appending to what a value returned must not write into the document.
func TestValuesEndWhereTheyEnd(t *testing.T) {
	document := []byte(`{"a":"text","b":1}`)
	value, _, err := Lookup(document, "a")
	if err != nil {
		t.Fatal(err)
	}
	contents, _ := value.Bytes()
	_ = append(value.Raw(), 'x')
	_ = append(contents, 'x')
	if string(document) != `{"a":"text","b":1}` {
		t.Errorf("the document became %s", document)
	}
}

func TestScanPanicsWithoutRoom(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic though there is room for one value of two")
		}
	}()
	_ = mustSelect(t, "a", "b").Scan([]byte(`{}`), make([]Value, 1))
}

func TestScanDoesNotAllocate(t *testing.T) {
	selector := mustSelect(t, typicalPaths...)
	values := make([]Value, selector.Len())
	document := recorded(t, "nginx.ndjson")[0]
	odd := []byte(`{"\u0040timestamp":"2026","x":[{"y":[[1,{}]]},"\n\ud83d\ude00"],` +
		`"log":{"offset":1},"log":2, "a" : 1e5 }`)
	allocations := testing.AllocsPerRun(100, func() {
		if selector.Scan(document, values) != nil || selector.Scan(odd, values) != nil {
			t.Fatal("not valid")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func TestSelectorIsShared(t *testing.T) {
	selector := mustSelect(t, typicalPaths...)
	documents := recorded(t, "nginx.ndjson")
	var scans sync.WaitGroup
	for range 4 {
		scans.Go(func() {
			values := make([]Value, selector.Len())
			for _, document := range documents {
				if err := selector.Scan(document, values); err != nil || values[0].Kind() != String {
					t.Errorf("%v, %v", values[0].Kind(), err)
				}
			}
		})
	}
	scans.Wait()
}

// TestTooManyPaths: as many as a number of two bytes can tell are taken, and not one more.
func TestTooManyPaths(t *testing.T) {
	paths := make([]string, 0, math.MaxUint16)
	for i := range math.MaxUint16 - 1 {
		paths = append(paths, fmt.Sprintf("a.k%d", i))
	}
	selector, err := NewSelector(paths...)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]Value, selector.Len())
	document := `{"a":{"k65533":"` + strings.Repeat("x", blockLength) + `"}}`
	if err := selector.Scan([]byte(document), values); err != nil || values[65533].Kind() != String {
		t.Fatalf("%v, found %s", err, values[65533].Kind())
	}
	if _, err := NewSelector(append(paths, "a.one", "b")...); !errors.Is(err, ErrPath) {
		t.Fatalf("got %v, want ErrPath", err)
	}
}
