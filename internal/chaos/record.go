package chaos

import (
	"encoding/json"
	"fmt"
	"time"
)

// record is an event as a receiver has it, as far as it is compared.
type record struct {
	Timestamp string `json:"@timestamp"`
	Message   string `json:"message"`
	Agent     struct {
		ID string `json:"id"`
	} `json:"agent"`
	Log struct {
		Offset int64 `json:"offset"`
		File   struct {
			Path string `json:"path"`
		} `json:"file"`
	} `json:"log"`
}

// parseRecord reads the JSON that a receiver has.
func parseRecord(text []byte) (record, error) {
	var parsed record
	if err := json.Unmarshal(text, &parsed); err != nil {
		return record{}, fmt.Errorf("parse event: %w: %.200s", err, text)
	}
	return parsed, nil
}

// receipt is one event that a receiver got. At is when, zero where nobody knows.
type receipt struct {
	record
	at time.Time
}
