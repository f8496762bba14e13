package events

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// shape is what the tests read of an event.
type shape struct {
	Timestamp time.Time `json:"@timestamp"`
	Message   string    `json:"message"`
	Log       struct {
		Offset int64 `json:"offset"`
	} `json:"log"`
	Host struct {
		Name string `json:"name"`
	} `json:"host"`
	Source struct {
		Address string `json:"address"`
	} `json:"source"`
	HTTP struct {
		Response struct {
			Status int `json:"status_code"`
		} `json:"response"`
	} `json:"http"`
}

func decode(t testing.TB, event []byte) shape {
	t.Helper()
	var s shape
	if err := json.Unmarshal(event, &s); err != nil {
		t.Fatalf("%v: %s", err, event)
	}
	return s
}

func TestSizes(t *testing.T) {
	for _, size := range []int{200, 400, 600, 1000, 1200, 2000, 10_000, 100_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			g, total := New(7, Options{Size: size}), 0
			const events = 500
			var event []byte
			for range events {
				event = g.Append(event[:0])
				decode(t, event)
				total += len(event)
			}
			if mean := total / events; mean < size*95/100 || mean > size*105/100 {
				t.Errorf("%d bytes an event, want %d; the last is %s", mean, size, event)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	const keys, hosts, rate = 100, 3, 1000
	g := New(1, Options{Keys: keys, Hosts: hosts, FirstHost: 5, Rate: rate, Failures: 0.1})
	addresses, names, failed, last := map[string]int{}, map[string]bool{}, 0, int64(-1)
	const events = 20 * keys
	for i := range events {
		want := DefaultStart.Add(time.Duration(i) * time.Second / rate)
		event := g.Append(nil)
		s := decode(t, event)
		if stamp := want.Format("2006-01-02T15:04:05.000Z"); string(event[TimestampOffset:][:TimestampSize]) != stamp {
			t.Fatalf("event %d: not %s: %s", i, stamp, event)
		}
		addresses[s.Source.Address]++
		names[s.Host.Name] = true
		if s.HTTP.Response.Status >= 500 {
			failed++
		}
		for _, part := range []string{s.Source.Address + " - - [", fmt.Sprintf(`" %d `, s.HTTP.Response.Status)} {
			if !strings.Contains(s.Message, part) {
				t.Fatalf("no %s in %s", part, s.Message)
			}
		}
		if s.Log.Offset <= last {
			t.Fatalf("offset %d after %d", s.Log.Offset, last)
		}
		last = s.Log.Offset
	}
	if len(names) != hosts || !names["web-00005"] {
		t.Errorf("hosts %v", names)
	}
	if failed < events*7/100 || failed > events*13/100 {
		t.Errorf("%d of %d failed, want about a tenth", failed, events)
	}
	for address, count := range addresses {
		if count != events/keys {
			t.Errorf("%s %d times", address, count)
		}
	}
	if len(addresses) != keys {
		t.Errorf("%d addresses, want %d", len(addresses), keys)
	}
}

func TestAgentAndOffset(t *testing.T) {
	g := New(1, Options{FirstOffset: 1e14})
	event := string(g.Append(nil))
	if !strings.Contains(event, `"id":"`+g.AgentID()+`"`) || decode(t, []byte(event)).Log.Offset != 1e14 {
		t.Error(event)
	}
}

// TestOrders reads the orders of keys at each level: none may prevail.
func TestOrders(t *testing.T) {
	g, orders := New(1, Options{}), map[string]map[string]int{}
	const events = 300
	for range events {
		collect(t, orders, "", g.Append(nil))
	}
	for level, found := range orders {
		members := strings.Count(anyOf(found), ",") + 1
		want := min(events/3, factorial(members))
		if level == "@metadata" {
			want = 1
		}
		if len(found) < want {
			t.Errorf("%d orders of %d members of %q, want at least %d", len(found), members, level, want)
		}
	}
	for _, level := range []string{"", "host", "host.os", "agent", "cloud", "http", "log"} {
		if orders[level] == nil {
			t.Errorf("no object %q", level)
		}
	}
}

// collect notes the order of keys of an object, and of those in it.
func collect(t *testing.T, orders map[string]map[string]int, level string, object []byte) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		if value[0] == '{' {
			collect(t, orders, strings.TrimPrefix(level+"."+key.(string), "."), value)
		}
	}
	if orders[level] == nil {
		orders[level] = map[string]int{}
	}
	orders[level][strings.Join(keys, ",")]++
}

func anyOf(found map[string]int) string {
	for order := range found {
		return order
	}
	return ""
}

func factorial(n int) int {
	if n < 2 {
		return 1
	}
	return min(1000, n*factorial(n-1))
}

func TestSameSeedSameEvents(t *testing.T) {
	a, b, other := New(3, Options{}), New(3, Options{}), New(4, Options{})
	for range 100 {
		x, y, z := a.Append(nil), b.Append(nil), other.Append(nil)
		if !bytes.Equal(x, y) {
			t.Fatalf("not the same:\n%s\n%s", x, y)
		}
		if bytes.Equal(x, z) {
			t.Fatal("another seed gives the same")
		}
	}
}

func TestAllocations(t *testing.T) {
	for _, size := range []int{200, 1200, 10_000} {
		g, buffer := New(1, Options{Size: size}), make([]byte, 0, 2*size)
		if n := testing.AllocsPerRun(1000, func() { buffer = g.Append(buffer[:0]) }); n != 0 {
			t.Errorf("%d bytes: %v allocations an event", size, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	g := New(1, Options{})
	var buffer []byte
	for b.Loop() {
		buffer = g.Append(buffer[:0])
		b.SetBytes(int64(len(buffer)))
	}
}

// TestCompressed guards what makes them cost what real ones do: Filebeat's nginx events are 59 to 90 bytes on the wire each.
func TestCompressed(t *testing.T) {
	g := New(1, Options{})
	var plain []byte
	const events = 2048
	for range events {
		plain = g.Append(plain)
	}
	var wire bytes.Buffer
	compressor, err := zlib.NewWriterLevel(&wire, 3)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = compressor.Write(plain)
	_ = compressor.Close()
	t.Logf("%d bytes an event, %d on the wire", len(plain)/events, wire.Len()/events)
	if each := wire.Len() / events; each < 50 || each > 120 {
		t.Errorf("%d bytes an event on the wire", each)
	}
}
