package chaos

import (
	"encoding/json"
	"fmt"
	"time"
)

// alert is an alert document, as far as it is compared.
type alert struct {
	Active bool `json:"alert"`
	Event  struct {
		ID, Action, Reason string
		Start, End         time.Time
	}
	Rule    struct{ Name string }
	Logboom struct {
		Key         string
		Count, Peak int
	}
}

func parseAlert(text []byte) (alert, error) {
	var parsed alert
	if err := json.Unmarshal(text, &parsed); err != nil {
		return alert{}, fmt.Errorf("parse alert: %w: %.200s", err, text)
	}
	return parsed, nil
}

// change returns what an alert says, in the model's form.
func (a alert) change() change {
	c := change{
		rule: a.Rule.Name, key: a.Logboom.Key, active: a.Active, start: a.Event.Start.UnixNano(),
		count: a.Logboom.Count, peak: a.Logboom.Peak,
	}
	if !a.Active {
		c.end = a.Event.End.UnixNano()
	}
	return c
}

// AlertCount is what one receiver of alerts has.
type AlertCount struct {
	// Receiver is its name in the configuration. LeftOut says that it was not there at all; the rest is zero then.
	Receiver string
	LeftOut  bool
	// Expected is how many alerts the model has, Stored how many of them the receiver has.
	Expected, Stored int
	// Lost, Double, and Foreign are alerts that are missing, there more than once, and not in the model.
	Lost, Double, Foreign int
	// Stale is how many messages of a chat say something at the end that is over.
	Stale int
	// Own is how many alerts logboom raised about itself, which no model expects.
	Own int
	// Digested is how many are told in digests alone.
	Digested int
	// Examples tell the first violations one by one.
	Examples []string
	// MayDouble says that the receiver promises at least once only.
	MayDouble bool
}

// Violated tells whether a promise was broken.
func (c AlertCount) Violated() bool {
	return c.Lost > 0 || c.Foreign > 0 || c.Stale > 0 || c.Double > 0 && !c.MayDouble
}

func (c *AlertCount) example(format string, values ...any) {
	if len(c.Examples) < mostExamples {
		c.Examples = append(c.Examples, fmt.Sprintf(format, values...))
	}
}

// compareAlerts holds documents against the model. Alerts of rules that the model does not know are logboom's own.
func compareAlerts(receiver string, rules []rule, model []change, documents [][]byte) (AlertCount, error) {
	c := AlertCount{Receiver: receiver, Expected: len(model)}
	known := map[string]bool{}
	for _, r := range rules {
		known[r.name] = true
	}
	got, ids := map[change]int{}, map[string]int{}
	for _, document := range documents {
		parsed, err := parseAlert(document)
		if err != nil {
			return c, err
		}
		if ids[parsed.Event.ID]++; ids[parsed.Event.ID] == 2 {
			c.Double++
			c.example("the id %s is there twice: %s", parsed.Event.ID, document)
		}
		if !known[parsed.Rule.Name] {
			c.Own++
			continue
		}
		got[parsed.change()]++
	}
	c.compare(model, got)
	return c, nil
}

func (c *AlertCount) compare(model []change, got map[change]int) {
	expected := map[change]bool{}
	for _, want := range model {
		expected[want] = true
		if got[want] == 0 {
			c.Lost++
			c.example("lost: %s", want)
		} else {
			c.Stored++
		}
	}
	for have := range got {
		if !expected[have] {
			c.Foreign++
			c.example("not in the model: %s", have)
		}
	}
}
