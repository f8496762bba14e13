package event

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Documents to measure with. The order of keys is random as Filebeat's is: with a fixed order the branches of a scan
// are foreseen, and it looks twice as fast as it is.

// kindsOfDocuments are what must not become slower when one of them becomes faster.
var kindsOfDocuments = []struct {
	name string
	make func(random *rand.Rand) string
}{
	{"filebeat", filebeatEvent},
	{"numbers", numbersEvent},
	{"pretty", prettyEvent},
	{"long", longEvent},
	{"escapes", escapesEvent},
	{"unicode", unicodeEvent},
	{"deep", deepEvent},
	{"short", func(*rand.Rand) string { return `{"@timestamp":"2026-11-23T20:00:26.841Z","message":"up"}` }},
}

// documentsOf returns as many different documents of a kind as keep the branch predictor from learning them.
func documentsOf(tb testing.TB, name string) [][]byte {
	tb.Helper()
	for _, kind := range kindsOfDocuments {
		if kind.name == name {
			random := rand.New(rand.NewPCG(1, 2))
			documents := make([][]byte, 512)
			for i := range documents {
				documents[i] = []byte(kind.make(random))
			}
			return documents
		}
	}
	tb.Fatalf("no documents of the kind %s", name)
	return nil
}

// shuffled joins members of an object in a random order.
func shuffled(random *rand.Rand, members ...string) string {
	random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return strings.Join(members, ",")
}

// object writes a member whose value is an object of the members given.
func object(random *rand.Rand, key string, members ...string) string {
	return `"` + key + `":{` + shuffled(random, members...) + `}`
}

// filebeatEvent returns an event of about 1 kB, as Filebeat sends it with the processors of its default configuration.
func filebeatEvent(random *rand.Rand) string {
	message := fmt.Sprintf(`"message":"%d.%d.%d.%d - - [23/Nov/2026:08:00:%02d +0000] `+
		`\"GET /api/v1/orders?page=%d HTTP/2.0\"`+
		` %d %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)%s\""`,
		random.IntN(256), random.IntN(256), random.IntN(256), random.IntN(256), random.IntN(60), random.IntN(1e6),
		200+random.IntN(400), random.IntN(1e6), strings.Repeat(" Safari", random.IntN(6)))
	return fmt.Sprintf(`{"@timestamp":"2026-11-23T20:00:26.%03dZ",`, random.IntN(1000)) +
		`"@metadata":{"beat":"filebeat","type":"_doc","version":"8.6.1"},` + shuffled(random,
		message, `"input":{"type":"filestream"}`, `"ecs":{"version":"8.0.0"}`,
		object(random, "log", fmt.Sprintf(`"offset":%d`, random.IntN(1e9)), `"file":{"path":"/var/log/nginx/access.log"}`),
		object(random, "agent", `"id":"20e56f5a-26e1-4008-9294-81293b2293a7"`, `"type":"filebeat"`, `"version":"8.6.1"`,
			`"ephemeral_id":"e2a99796-ae5a-479a-9ed8-719baa52ed9f"`, `"name":"web-17.example.com"`),
		object(random, "host", `"name":"web-17.example.com"`, `"hostname":"web-17"`, `"architecture":"x86_64"`,
			`"containerized":false`, `"id":"5f1c2a9e6b3d4b7a8c9d0e1f2a3b4c5d"`, `"mac":["02-42-AC-11-00-02"]`,
			`"ip":["10.0.3.17","fe80::42:acff:fe11:2"]`, object(random, "os", `"type":"linux"`, `"platform":"ubuntu"`,
				`"family":"debian"`, `"name":"Ubuntu"`, `"version":"22.04.1 LTS (Jammy Jellyfish)"`,
				`"codename":"jammy"`, `"kernel":"5.15.0-56-generic"`)),
	) + `}`
}

// numbersEvent returns an event of about 1 kB that is mostly numbers in nested arrays.
func numbersEvent(random *rand.Rand) string {
	rows := make([]string, 16)
	for i := range rows {
		rows[i] = fmt.Sprintf("[%d,[%d,%.3f],%d,[%.2e,%d],-%d,%d]", random.IntN(10), random.IntN(1e9), random.Float64()*1e3,
			random.IntN(1000), random.Float64(), random.IntN(100), random.IntN(1e6), random.IntN(1e4))
	}
	return `{"@timestamp":"2026-11-23T20:00:26.841Z","points":[` + strings.Join(rows, ",") + `]}`
}

// prettyEvent returns an event of about 500 bytes, one member a line and indented by four spaces a level.
func prettyEvent(random *rand.Rand) string {
	inner := make([]string, 8)
	for i := range inner {
		inner[i] = fmt.Sprintf("        \"key_%d\": \"%s\"", i, strings.Repeat("v", random.IntN(30)))
	}
	outer := []string{
		`    "@timestamp": "2026-11-23T20:00:26.841Z"`, `    "message": "one line of text, as they come"`,
		fmt.Sprintf(`    "status": %d`, random.IntN(1000)), "    \"tags\": [\n        \"a\",\n        \"b\"\n    ]",
		"    \"labels\": {\n" + strings.Join(inner, ",\n") + "\n    }", `    "empty": {}`, `    "gone": null`,
	}
	random.Shuffle(len(outer), func(i, j int) { outer[i], outer[j] = outer[j], outer[i] })
	return "{\n" + strings.Join(outer, ",\n") + "\n}\n"
}

// longEvent returns an event with a message of about 10 kB, a stack trace with its lines and quotes escaped.
func longEvent(random *rand.Rand) string {
	var message strings.Builder
	for message.Len() < 10_000 {
		fmt.Fprintf(&message, `\n\tat com.example.orders.%s.handle(Handler.java:%d) [orders-1.%d.jar:?]`,
			strings.Repeat("x", random.IntN(40)), random.IntN(1000), random.IntN(9))
	}
	return `{"@timestamp":"2026-11-23T20:00:26.841Z",` + shuffled(random,
		`"message":"`+message.String()+`"`, `"host":{"name":"web-17"}`, `"ecs":{"version":"8.0.0"}`) + `}`
}

// escapesEvent returns an event whose message is JSON itself, so that every few bytes there is an escape.
func escapesEvent(random *rand.Rand) string {
	var message strings.Builder
	for message.Len() < 800 {
		key := strings.Repeat("k", 1+random.IntN(8))
		fmt.Fprintf(&message, `\"%s\":\"\u00%02x\\\\%d\",`, key, random.IntN(256), random.IntN(100))
	}
	return `{"@timestamp":"2026-11-23T20:00:26.841Z",` + shuffled(random,
		`"message":"`+message.String()+`"`, `"host":{"name":"web-17"}`, `"ecs":{"version":"8.0.0"}`) + `}`
}

// unicodeEvent returns an event of about 1 kB with text in which most characters take two to four bytes.
func unicodeEvent(random *rand.Rand) string {
	words := []string{"größe", "журнал", "ログ", "événement", "😀", "ok"}
	var message strings.Builder
	for message.Len() < 900 {
		message.WriteString(words[random.IntN(len(words))] + " ")
	}
	return `{"@timestamp":"2026-11-23T20:00:26.841Z",` + shuffled(random,
		`"message":"`+message.String()+`"`, `"host":{"name":"größe"}`, `"ecs":{"version":"8.0.0"}`) + `}`
}

// deepEvent returns an event nested 300 levels deep, in objects and arrays by turns of chance.
func deepEvent(random *rand.Rand) string {
	document, end := `{"@timestamp":"2026-11-23T20:00:26.841Z","deep":`, "}"
	for range 300 {
		if random.IntN(2) == 0 {
			document, end = document+`{"k":`, "}"+end
		} else {
			document, end = document+"[1,", "]"+end
		}
	}
	return document + "null" + end
}
