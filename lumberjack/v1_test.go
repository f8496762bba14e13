package lumberjack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestPairsBecomeAnObject(t *testing.T) {
	many := func(count int) (pairs []string) {
		for i := range count {
			pairs = append(pairs, fmt.Sprintf("key %d", i), "v")
		}
		return pairs
	}
	for name, test := range map[string]struct {
		pairs []string
		want  string
	}{
		"logstash-forwarder": {
			[]string{"file", "/var/log/a", "host", "web1", "offset", "7", "line", "hello"},
			`{"file":"/var/log/a","host":"web1","offset":"7","message":"hello"}`,
		},
		"no pair":            {nil, `{}`},
		"empty ones":         {[]string{"", "", "a", ""}, `{"":"","a":""}`},
		"line and message":   {[]string{"line", "a", "message", "b"}, `{"line":"a","message":"b"}`},
		"key twice":          {[]string{"a", "1", "b", "2", "a", "3"}, `{"b":"2","a":"3"}`},
		"line twice":         {[]string{"line", "1", "line", "2"}, `{"message":"2"}`},
		"dots":               {[]string{"a.b", "1", "a", "2"}, `{"a.b":"1","a":"2"}`},
		"escapes":            {[]string{"a\"\\", "\x00\b\t\n\v\f\r\x1f/<>&"}, `{"a\"\\":"\u0000\b\t\n\u000b\f\r\u001f/<>&"}`},
		"UTF-8":              {[]string{"ä", "日本\U0001F600"}, `{"ä":"日本😀"}`},
		"not UTF-8":          {[]string{"a", "x\xff\xc3(\xed\xa0\x80"}, `{"a":"x��(���"}`},
		"as many as allowed": {many(mostPairs), ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, compress := range []bool{false, true} {
				frame := pairsFrame(1, test.pairs...)
				if compress {
					frame = compressedFrame('1', frame)
				}
				var got collector
				conn := start(t, got.handle, Options{}).dial(t)
				send(t, conn, numbered('1', 'W', 1), frame)
				expect(t, conn, numbered('1', 'A', 1))
				if !json.Valid([]byte(got.all()[0])) {
					t.Errorf("not JSON: %s", got.all()[0])
				}
				if test.want != "" && got.all()[0] != test.want {
					t.Errorf("got %s, want %s", got.all()[0], test.want)
				}
			}
		})
	}
}

// Many events of one compressed window: what is made of them must not be overwritten by what is inflated after them.
func TestPairsOfAWholeWindow(t *testing.T) {
	var frames []byte
	var want []string
	for i := range uint32(3000) {
		text := noise(int(i))
		frames = append(frames, pairsFrame(i+1, "line", text)...)
		want = append(want, `{"message":"`+text+`"}`)
	}
	for _, frames := range [][]byte{frames, compressedFrame('1', frames)} {
		var got collector
		conn := start(t, got.handle, Options{}).dial(t)
		send(t, conn, numbered('1', 'W', 3000), frames)
		expect(t, conn, numbered('1', 'A', 3000))
		if !slices.Equal(got.all(), want) {
			t.Error("events differ")
		}
	}
}

// As Logstash takes it.
func TestJSONInAWindowOfVersion1(t *testing.T) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	send(t, conn, numbered('1', 'W', 2), jsonFrame(1, `{"a":1}`), pairsFrame(2, "b", "2"))
	expect(t, conn, numbered('1', 'A', 2))
	if want := []string{`{"a":1}`, `{"b":"2"}`}; !slices.Equal(got.all(), want) {
		t.Errorf("got %q", got.all())
	}
}

func TestPairsBeyondALimitAreRejected(t *testing.T) {
	var tooMany []string
	for i := range mostPairs + 1 {
		tooMany = append(tooMany, fmt.Sprintf("%099d", i), "v")
	}
	long := noise(90_000)
	for name, test := range map[string]struct {
		pairs  []string
		reason string
	}{
		"too many pairs":            {tooMany, "event of 1025 pairs, at most 1024 are taken"},
		"long value":                {[]string{"line", strings.Repeat("x", 200_000), "a", "b"}, "event of 200004 bytes or more"},
		"long key":                  {[]string{strings.Repeat("k", 200_000), "v"}, "event of 200000 bytes or more"},
		"long in sum":               {[]string{"a", long, "b", long, "c", "d"}, "event of 180002 bytes or more"},
		"long when made JSON":       {[]string{"line", strings.Repeat("\x01", 50_000)}, "event of 300014 bytes or more"},
		"second field fills prefix": {[]string{"a", noise(70_000), "b", noise(70_000)}, "event of 140002 bytes or more"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := int64(150_000)
			if strings.Contains(name, "prefix") {
				limit = 100_000
			}
			for _, compress := range []bool{false, true} {
				frames := slices.Concat(pairsFrame(1, "line", "before"), pairsFrame(2, test.pairs...), pairsFrame(3, "line", "after"))
				if compress {
					frames = compressedFrame('1', frames)
				}
				var got collector
				conn := start(t, got.handle, Options{Limits: Limits{Event: limit}}).dial(t)
				send(t, conn, numbered('1', 'W', 3), frames)
				expect(t, conn, numbered('1', 'A', 3))
				if want := []string{`{"message":"before"}`, `{"message":"after"}`}; !slices.Equal(got.all(), want) {
					t.Errorf("got %.100q, want %q", got.all(), want)
				}
				checkRejectedPairs(t, got.rejected, strings.Join(test.pairs, ""), test.reason)
			}
		})
	}
}

func checkRejectedPairs(t *testing.T, rejected []Rejected, whole, reason string) {
	t.Helper()
	if len(rejected) != 1 {
		t.Fatalf("%d rejected", len(rejected))
	}
	if got, want := string(rejected[0].Prefix), whole[:min(len(whole), rejectedPrefix)]; got != want {
		t.Errorf("prefix %.50q of %d bytes, want %.50q of %d", got, len(got), want, len(want))
	}
	if rejected[0].Length != int64(len(whole)) || !strings.HasPrefix(rejected[0].Reason, reason) {
		t.Errorf("length %d, reason %q", rejected[0].Length, rejected[0].Reason)
	}
}

// What is made of pairs decodes to the pairs, as encoding/json sees it.
func FuzzPairs(f *testing.F) {
	f.Add("line", "hello", "file", "/var/log/a")
	f.Add("a", "\x00\"\\\xff", "a", "日本")
	f.Add("", "", "message", "\u2028\ufffd")
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 string) {
		reader := newReading()
		reader.source.Reset(slices.Concat(numbered('1', 'W', 1), pairsFrame(1, key1, value1, key2, value2)))
		window, err := reader.read()
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(window.events[0], &got); err != nil {
			t.Fatalf("%v in %q", err, window.events[0])
		}
		want := make(map[string]string)
		want[valid(name(key1, key2))] = valid(value1)
		want[valid(name(key2, key1))] = valid(value2)
		if !maps.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		window.release()
	})
}

// name is what a key is called beside another one.
func name(key, other string) string {
	if key == "line" && other != "message" {
		return "message"
	}
	return key
}

// valid replaces what is not UTF-8, byte by byte.
func valid(text string) string { return string([]rune(text)) }
