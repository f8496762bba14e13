package event

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// TestSyntaxErrors: place and reason of what is refused, once as it stands and once where a path leads to it.
func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct {
		document string
		offset   int64
		reason   string
	}{
		{``, 0, reasonEnd},
		{"  \n", 3, reasonEnd},
		{`5`, 0, reasonNotObject},
		{`null`, 0, reasonNotObject},
		{` [{}]`, 1, reasonNotObject},
		{"\ufeff{}", 0, reasonNotObject},
		{`{`, 1, reasonEnd},
		{`{}{}`, 2, reasonTrailing},
		{`{} x`, 3, reasonTrailing},
		{"{}\x00", 2, reasonTrailing},
		{`{a:1}`, 1, reasonKey},
		{`{"a":1,}`, 7, reasonKey},
		{`{,}`, 1, reasonKey},
		{`{"a"}`, 4, reasonColon},
		{`{"a",1}`, 4, reasonColon},
		{`{"a":}`, 5, reasonValue},
		{`{"a":'x'}`, 5, reasonValue},
		{`{"a":+1}`, 5, reasonValue},
		{`{"a":NaN}`, 5, reasonValue},
		{"{\"a\":\v1}", 5, reasonValue},
		{`{"a":1 "b":2}`, 7, reasonMember},
		{`{"a":1]`, 6, reasonMember},
		{`{"a":[1}`, 7, reasonElement},
		{`{"a":[1 2]}`, 8, reasonElement},
		{`{"a":[1,]}`, 8, reasonValue},
		{`{"a":[,1]}`, 6, reasonValue},
		{`{"a":{"b":1]}`, 11, reasonMember},
		{`{"a":[{"b"}]}`, 10, reasonColon},
		{`{"a":[{1}]}`, 7, reasonKey},
		{`{"a":tru}`, 8, reasonLiteral},
		{`{"a":True}`, 5, reasonValue},
		{`{"a":nul`, 8, reasonEnd},
		{`{"a":falsey}`, 10, reasonMember},
		{`{"a":-}`, 6, reasonNumber},
		{`{"a":01}`, 6, reasonMember},
		{`{"a":1.}`, 7, reasonNumber},
		{`{"a":.5}`, 5, reasonValue},
		{`{"a":1e}`, 7, reasonNumber},
		{`{"a":1e+}`, 8, reasonNumber},
		{`{"a":1`, 6, reasonEnd},
		{`{"a":"x`, 7, reasonEnd},
		{`{"a":"x\`, 8, reasonEnd},
		{`{"a":"x\"`, 9, reasonEnd},
		{`{"a":"\x"}`, 7, reasonEscape},
		{`{"a":"\u12g4"}`, 10, reasonHex},
		{`{"a":"\u123`, 11, reasonEnd},
		{"{\"a\":\"1234567\n890\"}", 13, reasonControl},
		{"{\"a\":\"\x00\"}", 6, reasonControl},
		{"{\"\t\":1}", 2, reasonControl},
		{"{\"a\\t\t\":1}", 5, reasonControl},
	} {
		for _, paths := range [][]string{nil, {"a"}, {"a.b"}} {
			assertRefused(t, mustSelect(t, paths...), test.document, test.offset, test.reason)
		}
		if json.Valid([]byte(test.document)) && test.reason != reasonNotObject {
			t.Errorf("encoding/json accepts %q", test.document)
		}
	}
}

func assertRefused(t *testing.T, selector *Selector, document string, offset int64, reason string) {
	t.Helper()
	err := selector.Scan([]byte(document), make([]Value, selector.Len()))
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("Scan(%q): %v, want a SyntaxError", document, err)
		return
	}
	if syntax.Offset != offset || syntax.Reason != reason {
		t.Errorf("Scan(%q): %v, want %s at byte %d", document, err, reason, offset)
	}
}

// TestEveryTruncation: no beginning of an event is an event, and the error is at its end.
func TestEveryTruncation(t *testing.T) {
	document := `{"a":{"b":[1.5e-3,"\u00e4\n",true,false,null,{}]},"c":"0123456789abcdef"}`
	selector := mustSelect(t, "a.b", "c")
	mustScan(t, selector, document)
	for length := range len(document) {
		assertRefused(t, selector, document[:length], int64(length), reasonEnd)
	}
}

// TestEveryByteInStrings puts each byte at each place of the eight that are looked at together.
func TestEveryByteInStrings(t *testing.T) {
	selector := mustSelect(t, "a")
	values := make([]Value, 1)
	for place := range 20 {
		for c := range 256 {
			text := []byte(strings.Repeat("x", 20))
			text[place] = byte(c)
			document := append(append([]byte(`{"a":"`), text...), `"}`...)
			err := selector.Scan(document, values)
			if valid := json.Valid(document); (err == nil) != valid {
				t.Errorf("byte %#x at %d: %v, but valid is %t", c, place, err, valid)
			}
			if err == nil && string(values[0].inside()) != string(text) {
				t.Errorf("byte %#x at %d: %q", c, place, values[0].Raw())
			}
		}
	}
}

func TestMaxDepth(t *testing.T) {
	arrays := func(depth int) string {
		return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	objects := func(depth int) string {
		return strings.Repeat(`{"a":`, depth-1) + `{}` + strings.Repeat("}", depth-1)
	}
	for _, paths := range [][]string{nil, {"a"}, {"a.a.a"}, {strings.Repeat("a.", MaxSegments-1) + "a"}} {
		selector := mustSelect(t, paths...)
		mustScan(t, selector, arrays(MaxDepth))
		mustScan(t, selector, objects(MaxDepth))
		assertRefused(t, selector, arrays(MaxDepth+1), int64(len(`{"a":`)+MaxDepth-1), reasonDeep)
		assertRefused(t, selector, objects(MaxDepth+1), int64(len(`{"a":`)*MaxDepth), reasonDeep)
		assertRefused(t, selector, strings.Repeat(`{"a":`, 1<<20), int64(len(`{"a":`)*MaxDepth), reasonDeep)
	}
}

// TestErrorHidesDocument: what people log is theirs.
func TestErrorHidesDocument(t *testing.T) {
	err := mustSelect(t, "a").Scan([]byte(`{"password":secret}`), make([]Value, 1))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}
