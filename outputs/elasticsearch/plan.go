package elasticsearch

import (
	"net/url"

	"github.com/logboom/logboom/outputs"
)

// plan is what is written for each event, as far as the options say it.
type plan struct {
	texts   texts
	action  Action
	auto    bool     // Elasticsearch makes the ids
	streams *streams // nil where there is an index
	// rest is what stands at the end of each action: what is the same for all events.
	rest []byte
	// path is where requests go.
	path string
}

// answerPath asks for as little as tells what became of each event: not even its id, since an ingest pipeline may change
// that. Answers are in the order of the request.
const answerPath = "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason," +
	"items.*.error.caused_by.reason"

func newPlan(o *Options) *plan {
	p := &plan{texts: textsOf(o), action: o.Action, auto: o.DocumentID == IDAuto, path: answerPath}
	switch {
	case o.Index == "":
		streams := newStreams(o.DataStream)
		p.streams = &streams
	case p.texts.index == none:
		p.path = "/" + url.PathEscape(o.Index) + answerPath
	}
	for _, fixed := range [...]struct{ name, text string }{{"routing", o.Routing}, {"pipeline", o.Pipeline}} {
		if fixed.text != "" && constant(fixed.text) {
			p.rest = appendField(p.rest, fixed.name, []byte(fixed.text))
		}
	}
	return p
}

// appendField appends a member of an action, with a comma before it unless it is the first.
func appendField(dst []byte, name string, value []byte) []byte {
	if len(dst) > 0 && dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(append(append(dst, '"'), name...), `":`...)
	return appendQuoted(dst, value)
}

// appendRest appends what stands in an action behind the index, and the end of the line.
func (p *plan) appendRest(dst []byte, event *outputs.Event) ([]byte, error) {
	if !p.auto {
		var err error
		if dst, err = p.appendID(dst, event); err != nil {
			return nil, err
		}
	}
	for _, optional := range [...]struct {
		name  string
		place int
	}{{"routing", p.texts.routing}, {"pipeline", p.texts.pipeline}} {
		if optional.place == none {
			continue
		}
		if text := event.Texts[optional.place]; len(text) > 0 && !unresolved(text) {
			dst = appendField(dst, optional.name, text)
		}
	}
	if len(p.rest) > 0 {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(dst, p.rest...)
	}
	return append(dst, "}}\n"...), nil
}

func (p *plan) appendID(dst []byte, event *outputs.Event) ([]byte, error) {
	if p.texts.id != none {
		if text := event.Texts[p.texts.id]; len(text) > longestID {
			return nil, errLongID
		} else if len(text) > 0 && !unresolved(text) {
			return appendField(dst, "_id", text), nil
		}
	}
	dst = appendField(dst, "_id", nil)
	dst, _ = event.ID.AppendText(dst[:len(dst)-1]) // never fails, and needs no escapes
	return append(dst, '"'), nil
}
