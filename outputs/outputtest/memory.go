package outputtest

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/logboom/logboom/outputs"
)

// memory is an output that keeps everything.
type memory struct {
	mutex  sync.Mutex
	bodies map[int][]byte
}

func (m *memory) Write(_ context.Context, batch *outputs.Batch) ([]error, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, event := range batch.Events {
		number, err := numberOf(event.Body)
		if err != nil {
			return nil, err
		}
		m.bodies[number] = bytes.Clone(event.Body)
	}
	return make([]error, len(batch.Events)), nil
}

func (m *memory) Close() error { return nil }

func (m *memory) count() int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return len(m.bodies)
}

// rewound is a log that is read from its beginning, and keeps no cursor.
type rewound struct{ outputs.Log }

func (rewound) LoadCursor(string) (uint64, []byte, error) { return 0, nil, nil }

func (rewound) StoreCursor(string, uint64, []byte) error { return nil }

// numberOf returns the number of an event.
func numberOf(body []byte) (int, error) {
	var event struct{ Number int }
	err := json.Unmarshal(body, &event)
	return event.Number, err
}

// NumberOf returns the number of an event that was received.
func NumberOf(t testing.TB, body []byte) int {
	t.Helper()
	number, err := numberOf(body)
	if err != nil {
		t.Fatalf("received %.200q: %v", body, err)
	}
	return number
}
