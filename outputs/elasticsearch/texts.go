package elasticsearch

import (
	"bytes"

	"github.com/logboom/logboom/outputs/logstash"
)

// texts are which of an event's texts says what; none where all events have the same, or nothing.
type texts struct {
	index, pipeline, routing, id int
	list                         []string
}

// none is the place of a text that is not made.
const none = -1

func textsOf(o *Options) texts {
	t := texts{index: none, pipeline: none, routing: none, id: none}
	if o.Index == "" {
		t.index = t.add(streamText)
	} else if !constant(o.Index) {
		t.index = t.add(o.Index)
	}
	if !constant(o.Pipeline) {
		t.pipeline = t.add(o.Pipeline)
	}
	if !constant(o.Routing) {
		t.routing = t.add(o.Routing)
	}
	if o.idFromText() {
		t.id = t.add(o.DocumentID)
	}
	return t
}

func (t *texts) add(text string) int {
	t.list = append(t.list, text)
	return len(t.list) - 1
}

// constant tells whether a text, which is well formed, has no reference.
func constant(text string) bool {
	template, err := logstash.ParseTemplate(text)
	if err != nil {
		return false
	}
	_, is := template.Constant()
	return is
}

// Texts returns the texts that the output needs made of each event, in the order of outputs.Event.Texts.
func (o *Output) Texts() []string { return o.plan.texts.list }

// unresolved tells whether a reference has stayed in a text because the event has no such field.
func unresolved(text []byte) bool { return bytes.Contains(text, []byte("%{")) }
