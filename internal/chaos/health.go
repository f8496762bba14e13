package chaos

import (
	"context"
	"encoding/json"
	"fmt"
)

// health is what logboom says of itself, as far as a run looks at it: to know how long to wait, never to count.
type health struct {
	Status  string
	Reasons []string
	Journal struct {
		State string
		Used  int64 `json:"used_bytes"`
	}
	Outputs []struct {
		Name        string
		State       string
		Behind      int64 `json:"behind_bytes"`
		InFlight    int   `json:"in_flight"`
		Lost        uint64
		DeadLetters uint64 `json:"dead_letters"`
		LastError   string `json:"last_error"`
	}
	Sinks []struct {
		Name        string
		State       string
		Waiting     uint64
		DeadLetters uint64 `json:"dead_letters"`
		LastError   string `json:"last_error"`
	}
}

func (p *program) health(ctx context.Context) (health, error) {
	_, body, err := p.get(ctx, "/healthz")
	if err != nil {
		return health{}, err
	}
	var h health
	if err := json.Unmarshal(body, &h); err != nil {
		return health{}, fmt.Errorf("parse health: %w: %.200s", err, body)
	}
	return h, nil
}

// isFull tells whether logboom says that there is no room for events, or that it cannot write.
func (p *program) isFull(ctx context.Context) bool {
	h, err := p.health(ctx)
	return err == nil && (h.Journal.State == "full" || h.Journal.State == "failing")
}

// waiting says what is not delivered yet; nothing where all is.
func (h health) waiting() string {
	for _, o := range h.Outputs {
		if o.Behind > 0 || o.InFlight > 0 {
			return fmt.Sprintf("output %s is %s, %d bytes behind, %d in flight %s",
				o.Name, o.State, o.Behind, o.InFlight, o.LastError)
		}
	}
	for _, s := range h.Sinks {
		if s.Waiting > 0 {
			return fmt.Sprintf("sink %s is %s, %d waiting %s", s.Name, s.State, s.Waiting, s.LastError)
		}
	}
	return ""
}
