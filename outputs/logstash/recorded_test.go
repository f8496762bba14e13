package logstash

import (
	"bytes"
	"os"
	"testing"
)

// recorded returns the events of a real Filebeat session.
func recorded(t testing.TB, name string) [][]byte {
	t.Helper()
	lines, err := os.ReadFile("../../testdata/recorded/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(lines), []byte("\n"))
}
