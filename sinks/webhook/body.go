package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/window"
)

// envelope is the body that is sent where no template makes another. Its field order is the order of the keys.
type envelope struct {
	Type      string            `json:"type"`
	Timestamp string            `json:"timestamp"`
	Episode   string            `json:"episode"`
	Group     map[string]string `json:"group,omitempty"`
	Data      json.RawMessage   `json:"data"`
}

// body returns what is sent for a transition. A template that fails although it was tried is a reason never to send this
// one: a body of another form would be no better.
func (s *Sink) body(t window.Transition) ([]byte, error) {
	if s.template == nil {
		return encode(envelope{
			Type: "alert." + t.State.String(), Timestamp: sinks.Timestamp(t.Time), Episode: message.Text(t.Episode),
			Group: message.GroupOf(t), Data: sinks.Document(t),
		}), nil
	}
	text, err := s.template.Execute(message.Of(t))
	if err == nil && s.options.isJSON() {
		err = mustBeJSON(text)
	}
	if err != nil {
		return nil, &sinks.Permanent{Err: fmt.Errorf("make the body: %w", err)}
	}
	return []byte(text), nil
}

func encode(e envelope) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		panic(fmt.Sprintf("webhook: encode a body: %v", err)) // texts, and a document that is JSON, always encode
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'})
}
