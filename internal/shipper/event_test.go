package shipper

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2023, 3, 1, 12, 0, 0, 123456789, time.UTC)

// paths returns the path of each value in a JSON object, with its value.
func paths(t *testing.T, document []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(document, &object); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	found := map[string]any{}
	collect(found, "", object)
	return found
}

func collect(into map[string]any, prefix string, object map[string]any) {
	for key, value := range object {
		if inner, ok := value.(map[string]any); ok {
			collect(into, prefix+key+".", inner)
			continue
		}
		into[prefix+key] = value
	}
}

func TestEventHasTheFieldsOfFilebeat(t *testing.T) {
	agent := NewAgent("vm", 1)
	recorded, err := os.Open("../../testdata/recorded/plain.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer recorded.Close()
	for lines := bufio.NewScanner(recorded); lines.Scan(); {
		want := paths(t, lines.Bytes())
		at, _ := time.Parse(time.RFC3339, want["@timestamp"].(string))
		offset := int64(want["log.offset"].(float64))
		event := agent.AppendEvent(nil, at, want["log.file.path"].(string), offset, want["message"].(string))
		if !bytes.HasPrefix(event, []byte(`{"@timestamp":"`)) || !bytes.Contains(event[:64], []byte(`Z","@metadata":{"beat":`)) {
			t.Fatalf("%s: does not begin as Filebeat's do", event)
		}
		// What the filestream input of 8.6 says otherwise than the log input of 8.0, which was recorded.
		want["@metadata.version"], want["agent.version"] = Version, Version
		want["input.type"], want["ecs.version"] = "filestream", "8.0.0"
		want["agent.name"] = want["agent.hostname"]
		delete(want, "agent.hostname")
		got := paths(t, event)
		want["agent.id"], want["agent.ephemeral_id"] = agent.ID(), got["agent.ephemeral_id"]
		if len(got) != len(want) {
			t.Fatalf("fields %v, want %v", got, want)
		}
		for path, value := range want {
			if got[path] != value {
				t.Fatalf("%s is %v, want %v", path, got[path], value)
			}
		}
	}
}

func TestEventIsDecodedAsItsLine(t *testing.T) {
	agent := NewAgent("host \"x\"\n", 7)
	rapid.Check(t, func(r *rapid.T) {
		message := rapid.String().Draw(r, "message")
		if rapid.Bool().Draw(r, "any bytes") {
			message = string(rapid.SliceOf(rapid.Byte()).Draw(r, "bytes"))
		}
		path := rapid.String().Draw(r, "path")
		offset := rapid.Int64Min(0).Draw(r, "offset")
		at := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(r, "at"))
		checkEvent(t, agent, at, path, offset, message)
	})
}

func checkEvent(t *testing.T, agent *Agent, at time.Time, path string, offset int64, message string) {
	t.Helper()
	event := agent.AppendEvent([]byte("before"), at, path, offset, message)
	rest, found := bytes.CutPrefix(event, []byte("before"))
	if !found || bytes.ContainsAny(rest, "\n\r") {
		t.Fatalf("%q does not stand on one line behind what was there", event)
	}
	got := decode(t, string(rest))
	if want := string([]rune(message)); got.Message != want {
		t.Fatalf("message %q, want %q", got.Message, want)
	}
	if want := string([]rune(path)); got.Log.File.Path != want || got.Log.Offset != offset || got.Log.Flags != nil {
		t.Fatalf("log is %+v, want %q and %d", got.Log, want, offset)
	}
	if !got.Timestamp.Equal(at.Truncate(time.Millisecond)) {
		t.Fatalf("@timestamp %v, want %v", got.Timestamp, at)
	}
}

func FuzzAppendEvent(f *testing.F) {
	for _, seed := range []string{"", "1", "a\tb\x00\x7f", "\xff\xc3", "\u2028\u2029\ufffd", `"\`, "日本語", "<a href=&>"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, path, message string) {
		checkEvent(t, NewAgent("vm", 1), noon, path, 5, message)
	})
}

func TestEventEscapesAsFilebeatDoes(t *testing.T) {
	for text, want := range map[string]string{
		"<a>&":             `"<a>&"`,
		"a\"b\\c":          `"a\"b\\c"`,
		"\n\r\t\x00\x1f":   `"\n\r\t\u0000\u001f"`,
		"x\xffy\xc3":       `"x\ufffdy\ufffd"`,
		"\u2028é\u2029":    `"\u2028é\u2029"`,
		"\ufffd is itself": "\"\ufffd is itself\"",
	} {
		if got := string(appendString(nil, text)); got != want {
			t.Errorf("%q is encoded as %s, want %s", text, got, want)
		}
		if got := string(appendString(nil, []byte(text))); got != want {
			t.Errorf("%q as bytes is encoded as %s, want %s", text, got, want)
		}
	}
}

func TestOrderOfKeysIsRandomAndSeeded(t *testing.T) {
	one, same, other := NewAgent("vm", 3), NewAgent("vm", 3), NewAgent("vm", 4)
	keys := regexp.MustCompile(`"(log|message|input|ecs|host|agent)":`)
	orders := map[string]bool{}
	differ := false
	for range 10_000 {
		event := one.AppendEvent(nil, noon, "/x", 0, "m")
		if !bytes.Equal(event, same.AppendEvent(nil, noon, "/x", 0, "m")) {
			t.Fatal("two agents of one seed differ")
		}
		differ = differ || !bytes.Equal(event, other.AppendEvent(nil, noon, "/x", 0, "m"))
		orders[strings.Join(keys.FindAllString(string(event), -1), "")] = true
	}
	if !differ || one.ID() == other.ID() {
		t.Error("two agents of different seeds are the same")
	}
	if len(orders) != 720 {
		t.Errorf("%d orders of 6 keys in 10,000 events, want all 720", len(orders))
	}
}

func TestInnerOrdersAreRandom(t *testing.T) {
	chance := uint64(0)
	logs, identities := map[[2]uint8]int{}, map[[5]uint8]int{}
	for i := range uint64(240) {
		chance = i
		logs[shuffled[[2]uint8](&chance)]++
		identities[shuffled[[5]uint8](&chance)]++
	}
	if len(logs) != 2 || len(identities) != 120 {
		t.Errorf("%d and %d orders of 240 numbers, want 2 and 120", len(logs), len(identities))
	}
}

func TestIdentityIsAUUID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for seed := range uint64(50) {
		agent := NewAgent("vm", seed)
		ephemeral := decode(t, string(agent.AppendEvent(nil, noon, "/x", 0, ""))).Agent["ephemeral_id"]
		if !form.MatchString(agent.ID()) || !form.MatchString(ephemeral) || agent.ID() == ephemeral {
			t.Errorf("ids %s and %s: want two UUIDs of version 4", agent.ID(), ephemeral)
		}
	}
}

func TestTimeOfEventIsUTCInMilliseconds(t *testing.T) {
	agent := NewAgent("vm", 1)
	east := noon.In(time.FixedZone("east", 7200))
	before := time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
	var got []string
	for _, at := range []time.Time{noon, east, noon.Add(time.Second), before, noon} {
		got = append(got, string(agent.AppendEvent(nil, at, "", 0, "")[15:39]))
	}
	want := []string{
		"2023-03-01T12:00:00.123Z", "2023-03-01T12:00:00.123Z", "2023-03-01T12:00:01.123Z", "1969-12-31T23:59:59.999Z",
		"2023-03-01T12:00:00.123Z",
	}
	if !slices.Equal(got, want) {
		t.Errorf("times %q, want %q", got, want)
	}
}

const accessLine = `167.24.37.211 - - [23/Nov/2026:08:00:01 +0000] "GET /static/css/main.4d3c1a.css HTTP/2.0" 200 7602 ` +
	`"https://www.example.com/search?q=log+shipping" "Go-http-client/2.0"`

func TestAppendEventAllocatesNothing(t *testing.T) {
	agent := NewAgent("vm", 1)
	buffer := make([]byte, 0, 2048)
	at := noon
	if allocations := testing.AllocsPerRun(1000, func() {
		at = at.Add(700 * time.Millisecond)
		buffer = agent.AppendEvent(buffer[:0], at, "/var/log/nginx/access.log", 12345, accessLine+"é\xff")
	}); allocations != 0 {
		t.Errorf("%v allocations an event, want 0", allocations)
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	agent := NewAgent("vm", 1)
	buffer := make([]byte, 0, 2048)
	at := noon
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(100 * time.Microsecond)
		buffer = agent.AppendEvent(buffer[:0], at, "/var/log/nginx/access.log", 12345, accessLine)
	}
	b.SetBytes(int64(len(buffer)))
}
