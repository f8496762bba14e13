package lumberjack

import (
	"fmt"
	"sync"
	"testing"

	client "github.com/elastic/go-lumber/client/v2"
)

// Events as go-lumber's client, the one inside Filebeat, sends them.
func clientEvents(from, count int) []interface{} {
	events := make([]interface{}, count)
	for i := range events {
		events[i] = map[string]interface{}{"message": fmt.Sprintf("line %d", from+i), "offset": from + i}
	}
	return events
}

func checkClientEvents(t *testing.T, got []string, count int) {
	t.Helper()
	if len(got) != count {
		t.Fatalf("%d events, want %d", len(got), count)
	}
	for i, event := range got {
		if want := fmt.Sprintf(`{"message":"line %d","offset":%d}`, i, i); event != want {
			t.Fatalf("event %d is %s, want %s", i, event, want)
		}
	}
}

func TestClientSync(t *testing.T) {
	for _, level := range []int{0, 3, 9} {
		t.Run(fmt.Sprintf("level %d", level), func(t *testing.T) {
			var got collector
			server := start(t, got.handle, Options{})
			sender, err := client.SyncDial(server.addr, client.CompressionLevel(level))
			if err != nil {
				t.Fatal(err)
			}
			defer sender.Close()
			total := 0
			for _, size := range []int{1, 10, 15, 23, 35, 2048, 2048} {
				if n, err := sender.Send(clientEvents(total, size)); err != nil || n != size {
					t.Fatalf("sent %d of %d: %v", n, size, err)
				}
				total += size
			}
			checkClientEvents(t, got.all(), total)
		})
	}
}

func TestClientAsync(t *testing.T) {
	for _, level := range []int{0, 3, 9} {
		t.Run(fmt.Sprintf("level %d", level), func(t *testing.T) {
			var got collector
			server := start(t, got.handle, Options{})
			sender, err := client.AsyncDial(server.addr, 3, client.CompressionLevel(level))
			if err != nil {
				t.Fatal(err)
			}
			const windows, size = 30, 500
			var acknowledged sync.WaitGroup
			for i := range windows {
				acknowledged.Add(1)
				err := sender.Send(func(sequence uint32, err error) {
					defer acknowledged.Done()
					if sequence != size || err != nil {
						t.Errorf("acknowledged %d: %v", sequence, err)
					}
				}, clientEvents(i*size, size))
				if err != nil {
					t.Fatal(err)
				}
			}
			acknowledged.Wait()
			_ = sender.Close()
			checkClientEvents(t, got.all(), windows*size)
			eventually(t, "no byte in flight", func() bool { return server.Stats().BytesInFlight == 0 })
		})
	}
}
