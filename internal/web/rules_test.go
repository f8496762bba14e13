package web

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestRules(t *testing.T) {
	answer := get(full().Handler(loopback), "/api/rules")
	var indented bytes.Buffer
	if err := json.Indent(&indented, answer.Body.Bytes(), "", "  "); err != nil {
		t.Fatalf("%d: %v", answer.Code, err)
	}
	golden(t, "rules.json", indented.Bytes())
}

func TestNoRules(t *testing.T) {
	if body := get(started(Options{}).Handler(loopback), "/api/rules").Body.String(); body != "[]\n" {
		t.Error(body)
	}
}
