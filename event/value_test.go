package event

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

// valueOf returns a value as Scan gives it.
func valueOf(t testing.TB, raw string) Value {
	t.Helper()
	value, found, err := Lookup([]byte(`{"v":`+raw+`}`), "v")
	if err != nil || !found {
		t.Fatalf("value %s: %t, %v", raw, found, err)
	}
	return value
}

func TestValues(t *testing.T) {
	for _, test := range []struct {
		raw  string
		kind Kind
		text string
		any  any
	}{
		{`null`, Null, "", nil},
		{`true`, True, "true", true},
		{`false`, False, "false", false},
		{`200`, Number, "200", 200},
		{`-0.50`, Number, "-0.50", -0.5},
		{`1E2`, Number, "1E2", 100},
		{`1e999`, Number, "1e999", math.Inf(1)},
		{`-1e999`, Number, "-1e999", math.Inf(-1)},
		{`9223372036854775807`, Number, "9223372036854775807", math.MaxInt64},
		{`9223372036854775808`, Number, "9223372036854775808", 9223372036854775808.0},
		{`""`, String, "", ""},
		{`"GET / \"x\""`, String, `GET / "x"`, `GET / "x"`},
		{`"ä\u00e4\ud83d\ude00"`, String, "ää😀", "ää😀"},
		{
			`{ "a": [1, 2.5, "x", null, {"b": true}] }`, Object, `{ "a": [1, 2.5, "x", null, {"b": true}] }`,
			map[string]any{"a": []any{1, 2.5, "x", nil, map[string]any{"b": true}}},
		},
		{`[]`, Array, "[]", []any{}},
		{`{"a":1,"a":{"b":1e2}}`, Object, `{"a":1,"a":{"b":1e2}}`, map[string]any{"a": map[string]any{"b": 100}}},
	} {
		value := valueOf(t, test.raw)
		if value.Kind() != test.kind || string(value.Raw()) != test.raw {
			t.Errorf("%s: kind %s, raw %s", test.raw, value.Kind(), value.Raw())
		}
		if got := value.Text(); got != test.text {
			t.Errorf("%s: text %q, want %q", test.raw, got, test.text)
		}
		if got := string(value.AppendText([]byte("before "))); got != "before "+test.text {
			t.Errorf("%s: appended %q", test.raw, got)
		}
		if got := value.Any(); !reflect.DeepEqual(got, test.any) {
			t.Errorf("%s: any %#v, want %#v", test.raw, got, test.any)
		}
	}
}

func TestMissing(t *testing.T) {
	var value Value
	if value.Kind() != Missing || value.Raw() != nil || value.Text() != "" || value.Any() != nil {
		t.Errorf("the zero value is %s, %q, %v", value.Kind(), value.Text(), value.Any())
	}
	if got := value.AppendText([]byte("x")); string(got) != "x" {
		t.Errorf("appended %q", got)
	}
}

// TestConversionsOfOtherKinds: nothing but a number is one, nothing but a string has contents.
func TestConversionsOfOtherKinds(t *testing.T) {
	values := []Value{{}}
	for _, raw := range []string{`null`, `true`, `false`, `"1"`, `{}`, `[1]`, `1`} {
		values = append(values, valueOf(t, raw))
	}
	for _, value := range values {
		_, isInt := value.Int()
		_, isFloat := value.Float()
		if isNumber := value.Kind() == Number; isInt != isNumber || isFloat != isNumber {
			t.Errorf("%s: int %t, float %t", value.Raw(), isInt, isFloat)
		}
		if _, isText := value.Bytes(); isText != (value.Kind() == String) {
			t.Errorf("%s: bytes %t", value.Raw(), isText)
		}
	}
}

func TestBytes(t *testing.T) {
	for raw, plain := range map[string]bool{
		`"plain"`: true, `"größe 😀"`: true, `""`: true, `"a\nb"`: false, `"\\"`: false, "\"bad \xff\"": false,
	} {
		contents, ok := valueOf(t, raw).Bytes()
		if ok != plain || plain && string(contents) != raw[1:len(raw)-1] {
			t.Errorf("%s: %q, %t", raw, contents, ok)
		}
	}
}

// TestTextLikeEncodingJSON: escapes, halves of surrogate pairs and bad UTF-8 in all neighbourhoods.
func TestTextLikeEncodingJSON(t *testing.T) {
	pieces := []string{
		`a`, `ä`, `😀`, `\n`, `\b`, `\f`, `\r`, `\t`, `\/`, `\\`, `\"`, `\u0000`, `\uFFFD`, `\u00E4`,
		`\ud83d`, `\ude00`, `\uD83D\uDE00`, `\udbff`, `\udfff`, "\xff", "\xc3", "\xed\xa0\x80", "\xe2\x82", "",
	}
	for _, first := range pieces {
		for _, second := range pieces {
			for _, third := range pieces {
				raw := `"` + first + second + third + `"`
				var want string
				if err := json.Unmarshal([]byte(raw), &want); err != nil {
					t.Fatal(err)
				}
				if got := valueOf(t, raw).Text(); got != want {
					t.Errorf("%q: %q, want %q", raw, got, want)
				}
			}
		}
	}
}

func TestKindNames(t *testing.T) {
	if got := Missing.String() + " " + Array.String() + " " + Kind(99).String(); got != "missing array kind 99" {
		t.Error(got)
	}
}
