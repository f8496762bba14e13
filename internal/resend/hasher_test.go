package resend

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/logboom/logboom/event"
)

func TestSpellingDoesNotMatter(t *testing.T) {
	marker := newMarker(t, 7)
	random := rand.New(rand.NewPCG(1, 2))
	for _, message := range []string{
		"", "a", "1234567", "12345678", "123456789", "12345678901234567", `GET "/caf\u00e9" \ / ü 😀`, "\x00\x01\b\f\n\r\t\u007f<>&",
		`C:\Users\system\u0041`, strings.Repeat(`say "ü" \o/ `, 200), strings.Repeat("x", 5000) + "😀", "\ufffd", "ends in a backslash \\",
	} {
		one := line{"agent", `C:\logs\ü.log`, "12", 10, message}
		var want identity
		for i := range 50 {
			document := one.document(random)
			got := marker.batch(t, document).events[0]
			if i == 0 {
				want = got
			}
			if got != want || got.agent == 0 {
				t.Fatalf("%q: identity %x, before %x: %s", message, got, want, document)
			}
		}
	}
}

func TestEachPartOfAnIdentityMatters(t *testing.T) {
	marker := newMarker(t, 7)
	documents := []string{
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":"m"}`,
		`{"agent":{"id":"b"},"log":{"offset":1,"file":{"path":"p"}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":2,"file":{"path":"p"}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":-1,"file":{"path":"p"}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"q"}},"message":"m"}`,
		`{"agent":{"id":"ap"},"log":{"offset":1,"file":{"path":"p"}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":"mm"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":""}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":"\u0000"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}}}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":{"a":1,"b":2}}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":[1,2]}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":1e999}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","inode":"m"}}}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","inode":"1"}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","device_id":"1"}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","fingerprint":"1"}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","idxhi":1}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","idxlo":1}},"message":"m"}`,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","vol":1}},"message":"m"}`,
	}
	seen := map[Mark]string{}
	for i, got := range marker.marksOf(t, documents...) {
		if before, twice := seen[got.mark]; twice || got.agent == 0 {
			t.Errorf("agent %x, mark %x of %s is that of %s", got.agent, got.mark, documents[i], before)
		}
		seen[got.mark] = documents[i]
	}
	same := marker.marksOf(t,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","inode":5}},"message":{"b":2.0,"a":[{"d":1,"c":"\u0041"}]}}`,
		`{"message":{"a":[{"c":"A","d":1e0}],"b":2},"agent":{"id":"a"},"log":{"file":{"inode":"5","path":"p"},"offset":1e0}}`)
	if same[0] != same[1] {
		t.Error("numbers or keys of objects written differently make another mark")
	}
}

func TestEventsWithoutIdentity(t *testing.T) {
	marker, marks := newMarker(t, 7), NewMarks(Options{Seed: 7})
	var documents [][]byte
	for range 2 {
		documents = append(documents, []byte(`{}`), []byte(`{"message":"m"}`),
			[]byte(`{"log":{"offset":1,"file":{"path":"p"}},"message":"m"}`),
			[]byte(`{"agent":{"id":""},"log":{"offset":1,"file":{"path":"p"}},"message":"m"}`),
			[]byte(`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":null}},"message":"m"}`),
			[]byte(`{"agent":{"id":"a"},"log":{"offset":"1","file":{"path":"p"}},"message":"m"}`),
			[]byte(`{"agent":{"id":"a"},"log":{"offset":1.5,"file":{"path":"p"}},"message":"m"}`),
			[]byte(`{"agent":{"id":"a"},"log":{"file":{"path":"p"}},"message":"m"}`))
	}
	batch := marker.batch(t, documents...)
	if marks.Sift(batch) != 0 || batch.AppendSection(nil) != nil || marks.Stats().Marks != 0 {
		t.Error("events without identity are taken for duplicates or remembered")
	}
}

func TestNearIdenticalIdentitiesDoNotMeet(t *testing.T) {
	count := 10_000_000
	if testing.Short() {
		count = 500_000
	}
	selector, values := mustSelect(t, Paths())
	hashed := make([]uint64, 0, count)
	for _, seed := range []Seed{1, 2} {
		batch := mustHasher(t, seed, selector).NewBatch()
		document := []byte(`{"agent":{"id":"a"},"log":{"offset":000000000,"file":{"path":"p"}},"message":"00000000"}`)
		at := bytes.Index(document, []byte("000000000"))
		document[at] = '1'
		if err := selector.Scan(document, values); err != nil {
			t.Fatal(err)
		}
		text := values[batch.hasher.places[fieldMessage]].Raw()
		for i := range count / 2 {
			if i%1000 == 999 { // the offset, and before that the message
				increment(document[at : at+9])
			}
			increment(text[1 : len(text)-1])
			hashed = append(hashed, uint64(batch.identify(values, document).mark))
		}
	}
	ones := [64]int{}
	for _, mark := range hashed[:100_000] {
		for bit := range ones {
			ones[bit] += int(mark >> bit & 1)
		}
	}
	for bit, count := range ones {
		if math.Abs(float64(count)-50_000) > 5*math.Sqrt(25_000) {
			t.Errorf("bit %d is set in %d of 100,000 marks", bit, count)
		}
	}
	slices.Sort(hashed)
	if distinct := len(slices.Compact(hashed)); distinct != len(hashed) {
		t.Errorf("%d of %d marks are equal; of two seeds half would be, were the seed ignored", len(hashed)-distinct, len(hashed))
	}
}

// increment counts on in digits.
func increment(digits []byte) {
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i]++; digits[i] <= '9' {
			return
		}
		digits[i] = '0'
	}
}

// TestMarksOutliveTheProcess holds the function of the hash, since marks on disk depend on it.
func TestMarksOutliveTheProcess(t *testing.T) {
	got := newMarker(t, 42).marksOf(t, `{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"/p"}},"message":"`+
		strings.Repeat("0123456789", 300)+`"}`)[0]
	if want := (identity{0x61c39fbaff752762, 0x713d76690b87117b}); got != want {
		t.Errorf("identity %#x, want %#x", got, want)
	}
}

func TestRecordedEventsAreDistinct(t *testing.T) {
	for _, name := range []string{"nginx.ndjson", "plain.ndjson"} {
		recorded, err := os.ReadFile("../../testdata/recorded/" + name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(recorded), []byte("\n"))
		marker, marks := newMarker(t, 3), NewMarks(Options{Seed: 3})
		if found := marks.Sift(marker.batch(t, lines...)); found != 0 || marks.Stats().Marks != int64(len(lines)) {
			t.Errorf("%s: %d duplicates, %d marks of %d events", name, found, marks.Stats().Marks, len(lines))
		}
		if found := marks.Sift(marker.batch(t, lines[3:]...)); found != len(lines)-3 {
			t.Errorf("%s: %d of %d resent events found", name, found, len(lines)-3)
		}
	}
}

func TestHasherNeedsItsPaths(t *testing.T) {
	selector, _ := mustSelect(t, Paths()[1:])
	if _, err := NewHasher(1, selector); err == nil || !strings.Contains(err.Error(), "log.offset") {
		t.Errorf("error %v, want one that names log.offset", err)
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	selector, values := mustSelect(t, Paths())
	batch, marks := mustHasher(t, 1, selector).NewBatch(), NewMarks(Options{Seed: 1})
	documents := generated(64)
	documents = append(documents, line{"a", "p", "1", 1, "ü/ü"}.document(rand.New(rand.NewPCG(1, 1))))
	section := make([]byte, 0, 1<<10)
	run := func() {
		batch.Reset()
		for _, document := range documents {
			if err := selector.Scan(document, values); err != nil {
				t.Fatal(err)
			}
			batch.Add(values, document)
		}
		marks.Sift(batch)
		section = batch.AppendSection(section[:0])
	}
	run()
	if allocations := testing.AllocsPerRun(100, run); allocations != 0 {
		t.Errorf("%v allocations a batch", allocations)
	}
}

func TestResetLetsLargeValuesGo(t *testing.T) {
	marker := newMarker(t, 1)
	long := strings.Repeat(`\/`, keptBytes)
	batch := marker.batch(t, []byte(`{"agent":{"id":"`+long+`"},"log":{"offset":1,"file":{"path":"p"}},"message":"m"}`))
	batch.Reset()
	if cap(batch.buffer) > keptBytes || cap(batch.kept[0].rawAgent) > keptOrigin {
		t.Error("the batch keeps a large buffer")
	}
}

// FuzzCanonical compares two strings by their marks and by what encoding/json makes of them.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`a\/b`), []byte(`a/b`))
	f.Add([]byte(`\ud83d\ude00 and some more text \u0041\\u0041`), []byte(`😀 and some more text A\\u0041`))
	f.Add([]byte(`\u0022\u005c\u000a\u0008\u000c\u000d\u0009\u000b`), []byte(`\"\\\n\b\f\r\t\u000B`))
	f.Add([]byte(`C:\\usr\\sys\\u0041 0123456789abcdef`), []byte(`C:\\usr\\sysA`))
	f.Add([]byte(`\ud800 \udc00 \ud800\u0041`), []byte(`\ufffd`))
	selector, values := mustSelect(f, Paths())
	batch := mustHasher(f, 1, selector).NewBatch()
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var marks [2]identity
		var texts [2]string
		for i, inside := range [][]byte{a, b} {
			message := append(append([]byte{'"'}, inside...), '"')
			document := append([]byte(`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p"}},"message":`), append(message, '}')...)
			if !utf8.Valid(inside) || json.Unmarshal(message, &texts[i]) != nil || selector.Scan(document, values) != nil {
				t.Skip()
			}
			if values[batch.hasher.places[fieldMessage]].Kind() != event.String {
				t.Skip()
			}
			marks[i] = batch.identify(values, document)
		}
		if (marks[0] == marks[1]) != (texts[0] == texts[1]) {
			t.Errorf("%q and %q: same mark %v, same text %v", a, b, marks[0] == marks[1], texts[0] == texts[1])
		}
	})
}
