package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// isSimple says by means of encoding/json whether Members.Scan shall accept a document, but for the limits.
func isSimple(t *testing.T, document []byte) bool {
	t.Helper()
	document = bytes.TrimRight(document, " \t\r\n")
	if !isEvent(document) || !utf8.Valid(document) || hasOddEscape(document) {
		return false
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, document); err != nil || !bytes.Equal(compact.Bytes(), document) {
		return false
	}
	return hasSimpleKeys(t, document)
}

// hasSimpleKeys looks for keys twice in an object, and for escapes in keys.
func hasSimpleKeys(t *testing.T, value json.RawMessage) bool {
	t.Helper()
	switch value[0] {
	case '[':
		var elements []json.RawMessage
		if err := json.Unmarshal(value, &elements); err != nil {
			t.Fatal(err)
		}
		for _, element := range elements {
			if !hasSimpleKeys(t, element) {
				return false
			}
		}
	case '{':
		seen := map[string]bool{}
		for _, m := range members(t, value) {
			if seen[m.key] || strings.ContainsFunc(m.key, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' }) ||
				!hasSimpleKeys(t, m.value) {
				return false
			}
			seen[m.key] = true
		}
	}
	return true
}

// checkMembers compares what Scan says and finds with encoding/json. It must say yes where nothing but a limit can be the
// reason for a no.
func checkMembers(t *testing.T, scan *Members, document []byte) {
	t.Helper()
	input := bytes.Clone(document)
	simple, got := isSimple(t, document), scan.Scan(document)
	if !bytes.Equal(document, input) {
		t.Fatalf("Scan changed %q", input)
	}
	if got && !simple {
		t.Fatalf("Scan says yes to %q", document)
	}
	document = bytes.TrimRight(document, " \t\r\n")
	few := bytes.Count(document, []byte(`":`)) <= MaxMembers && len(document) >= blockLength
	if simple && few && !got && len(document) > len("{}") && canMark && depthOf(document) <= maxMembersDepth {
		t.Fatalf("Scan says no to %q", document)
	}
	if !got {
		return
	}
	want := members(t, document)
	if len(scan.All()) != len(want) {
		t.Fatalf("%d members of %q, want %d", len(scan.All()), document, len(want))
	}
	for i, m := range scan.All() {
		key, value := document[m.Start:m.Value], document[m.Value:m.End]
		if string(key) != `"`+want[i].key+`":` || !bytes.Equal(value, want[i].value) {
			t.Fatalf("member %s%s of %q, want %v", key, value, document, want[i])
		}
	}
}

func TestMembers(t *testing.T) {
	var scan Members
	for _, kind := range kindsOfDocuments {
		for _, document := range documentsOf(t, kind.name)[:50] {
			checkMembers(t, &scan, document)
		}
	}
	random := rand.New(rand.NewPCG(5, 6))
	const damage = `{}[]",:\ue1-. ` + "\t\n\x00\xff"
	for range 20_000 {
		document := randomObject(random, 0)
		if random.IntN(3) > 0 {
			document = strings.NewReplacer(" ", "", "\n", "", "\t", "", `\u0061`, "e", `\u002e`, "", `\n`, "", `\ud83d`, "",
				`\ude00`, "").Replace(document)
		}
		key := strings.Repeat("é", random.IntN(60)) + strings.Repeat("p", 1+random.IntN(70))
		padded := []byte(`{"` + key + `":1,"o":` + document + `}`)
		checkMembers(t, &scan, []byte(document))
		checkMembers(t, &scan, padded)
		padded[random.IntN(len(padded))] = damage[random.IntN(len(damage))]
		checkMembers(t, &scan, padded)
	}
}

// TestMembersAtTheLimits holds documents on both sides of each limit against encoding/json, and each length of a key.
func TestMembersAtTheLimits(t *testing.T) {
	var scan Members
	pad := `{"padding":"` + strings.Repeat("x", blockLength) + `"`
	for depth := maxMembersDepth - 3; depth < maxMembersDepth+3; depth++ {
		checkMembers(t, &scan, []byte(pad+`,"a":`+strings.Repeat(`[`, depth)+strings.Repeat(`]`, depth)+`}`))
		checkMembers(t, &scan, []byte(pad+`,"a":`+strings.Repeat(`{"b":`, depth)+`1`+strings.Repeat(`}`, depth)+`}`))
	}
	for keys := MaxMembers - 3; keys < MaxMembers+3; keys++ {
		var many strings.Builder
		for i := range keys {
			fmt.Fprintf(&many, `,"key number %d":{"a":%d,"b":{}}`, i, i)
		}
		checkMembers(t, &scan, []byte(pad+many.String()+`}`))
		checkMembers(t, &scan, []byte(pad+many.String()+`,"key number 3":1}`))
	}
	many := strings.Repeat(`{"a":{"b":1},"c":2},`, 10*MaxMembers)
	if canMark && !scan.Scan([]byte(pad+`,"many":[`+many+`{}],"c":1}`)) {
		t.Error("objects that are closed count still")
	}
	for at := range 3 * blockLength {
		text := bytes.Repeat([]byte("x"), 3*blockLength)
		text[at] = 0xff
		checkMembers(t, &scan, fmt.Appendf(nil, `{"a":"%s"}`, text))
	}
	for length := range 3 * blockLength {
		key := strings.Repeat("k", length)
		for _, document := range []string{
			`{"` + key + `":1,"` + key + `k":2,"k` + key + `":3,"l":{"` + key + `":1}}`, `{"` + key + `":1,"b":2,"` + key + `":1}`,
			`{"a":[{"` + key + `":1},{"` + key + `":1}],"p":"` + key + key + `"}`, `{"` + key + `\n":1,"p":"` + pad[2:] + `}`,
		} {
			checkMembers(t, &scan, []byte(document))
			checkMembers(t, &scan, []byte(strings.Replace(document, "k", "é", 1)))
			checkMembers(t, &scan, []byte(strings.Replace(document, "k", "\xff", 1)))
		}
	}
}

func FuzzMembers(f *testing.F) {
	for _, kind := range kindsOfDocuments {
		f.Add(documentsOf(f, kind.name)[0])
	}
	var scan Members
	f.Fuzz(func(t *testing.T, document []byte) { checkMembers(t, &scan, document) })
}

func TestMembersDoesNotAllocate(t *testing.T) {
	var scan Members
	document := documentsOf(t, "filebeat")[0]
	if allocated := testing.AllocsPerRun(100, func() { scan.Scan(document) }); allocated != 0 {
		t.Errorf("Scan allocates %v times", allocated)
	}
}

func BenchmarkMembers(b *testing.B) {
	documents := documentsOf(b, "filebeat")
	var scan Members
	for i := 0; b.Loop(); i++ {
		if !scan.Scan(documents[i%len(documents)]) && canMark {
			b.Fatal("not accepted")
		}
	}
}
