package lumberjack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

var sessions = []struct{ name, events string }{
	{"nginx", "nginx"}, {"plain", "plain"}, {"nginx-uncompressed", "nginx"},
}

func TestRecordedSessions(t *testing.T) {
	for _, session := range sessions {
		for _, chunk := range []int{1 << 20, 1000, 7} {
			t.Run(fmt.Sprintf("%s in pieces of %d", session.name, chunk), func(t *testing.T) {
				playRecorded(t, session.name, session.events, chunk)
			})
		}
	}
}

func playRecorded(t *testing.T, session, events string, chunk int) {
	var got collector
	conn := start(t, got.handle, Options{}).dial(t)
	for piece := range slices.Chunk(recorded(t, session+".client"), chunk) {
		send(t, conn, piece)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if want := recorded(t, session+".server"); !bytes.Equal(answer, want) {
		t.Errorf("answered %q, want %q", answer, want)
	}
	want := strings.Split(strings.TrimSuffix(string(recorded(t, events+".ndjson")), "\n"), "\n")
	if session != events {
		compareEvents(t, messages(t, got.all()), messages(t, want))
		return
	}
	compareEvents(t, got.all(), want)
}

func compareEvents(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("event %d is %s, want %s", i, got[i], want[i])
		}
	}
}

// messages returns the lines in alphabetical order. The uncompressed session shipped the same lines as the other one, in
// windows that came in another order, at another time.
func messages(t *testing.T, events []string) (lines []string) {
	t.Helper()
	for _, event := range events {
		var document struct{ Message string }
		if err := json.Unmarshal([]byte(event), &document); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, document.Message)
	}
	slices.Sort(lines)
	return lines
}
