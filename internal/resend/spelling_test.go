package resend

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/logboom/logboom/event"
)

// line is what an event is about. Its fields are its whole identity.
type line struct {
	agent, path, inode string
	offset             int
	message            string
}

// document returns the line as an event, written differently each time: in the order of keys, nested or dotted, the escapes,
// the form of the number.
func (l line) document(random *rand.Rand) []byte {
	offset := strconv.Itoa(l.offset)
	switch random.IntN(4) {
	case 0:
		offset += ".0"
	case 1:
		offset += "e0"
	}
	file := []string{`"path":` + spell(l.path, random)}
	if l.inode != "" {
		file = append(file, `"inode":`+spell(l.inode, random), `"device_id":"66305"`)
	}
	log := []string{`"offset":` + offset, `"file":` + object(file, random)}
	members := []string{
		`"agent":` + object([]string{`"id":` + spell(l.agent, random), `"type":"filebeat"`}, random),
		`"message":` + spell(l.message, random),
		fmt.Sprintf(`"@timestamp":"%d"`, random.Uint64()),
	}
	if random.IntN(3) == 0 {
		members = append(members, `"log.offset":`+offset, `"log.file":`+object(file, random))
	} else {
		members = append(members, `"log":`+object(log, random))
	}
	return []byte(object(members, random))
}

func object(members []string, random *rand.Rand) string {
	random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members, ",") + "}"
}

// spell writes a JSON string in one of the many ways.
func spell(text string, random *rand.Rand) string {
	if random.IntN(2) == 0 {
		encoded, _ := json.Marshal(text)
		return string(encoded)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, char := range text {
		switch {
		case random.IntN(4) == 0 && char > 0xffff:
			fmt.Fprintf(&b, `\u%04X\u%04x`, 0xd800+(char-0x10000)>>10, 0xdc00+(char-0x10000)&0x3ff)
		case random.IntN(4) == 0 && char <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, char)
		case char == '/' && random.IntN(2) == 0:
			b.WriteString(`\/`)
		default:
			encoded, _ := json.Marshal(string(char))
			b.Write(encoded[1 : len(encoded)-1])
		}
	}
	return b.String() + `"`
}

// marker turns documents into batches.
type marker struct {
	hasher   Hasher
	selector *event.Selector
	values   []event.Value
}

func newMarker(t testing.TB, seed Seed) *marker {
	t.Helper()
	selector, values := mustSelect(t, Paths())
	return &marker{mustHasher(t, seed, selector), selector, values}
}

func (m *marker) batch(t testing.TB, documents ...[]byte) *Batch {
	t.Helper()
	batch := m.hasher.NewBatch()
	for _, document := range documents {
		if err := m.selector.Scan(document, m.values); err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		batch.Add(m.values, document)
	}
	return batch
}

// marksOf returns the identities of documents.
func (m *marker) marksOf(t testing.TB, documents ...string) []identity {
	t.Helper()
	var list [][]byte
	for _, document := range documents {
		list = append(list, []byte(document))
	}
	return m.batch(t, list...).events
}
