package alertmanager

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// mostKept is how many alerts are repeated.
const mostKept = 10_000

// keepEnded is how long an alert that has ended is repeated, as Prometheus does.
const keepEnded = 15 * time.Minute

// kept are the alerts that are repeated: each identity's latest, in the order in which they came.
type kept struct {
	alerts []*alert
	places map[identity]*alert
	// dropped counts active ones that there was no room for.
	dropped uint64
}

func newKept() *kept { return &kept{places: map[identity]*alert{}} }

// put takes an alert in the place of the one with its identity.
func (k *kept) put(a *alert) {
	if before := k.places[a.identity()]; before != nil {
		*before = *a
		return
	}
	if len(k.alerts) >= mostKept {
		k.makeRoom()
	}
	k.alerts = append(k.alerts, a)
	k.places[a.identity()] = a
}

// remove forgets the alert of an identity, if there is one.
func (k *kept) remove(which identity) {
	gone := k.places[which]
	k.alerts = slices.DeleteFunc(k.alerts, func(a *alert) bool { return a == gone })
	delete(k.places, which)
}

// makeRoom forgets one alert: the first that has ended, or else the first.
func (k *kept) makeRoom() {
	place := slices.IndexFunc(k.alerts, func(a *alert) bool { return a.Ended != 0 })
	if place < 0 {
		place = 0
		k.dropped++
	}
	delete(k.places, k.alerts[place].identity())
	k.alerts = slices.Delete(k.alerts, place, place+1)
}

// forget drops what has ended long enough ago, and what has ended in a future that a clock set back has left behind.
func (k *kept) forget(now time.Time) {
	k.alerts = slices.DeleteFunc(k.alerts, func(a *alert) bool {
		over := a.Ended != 0 && now.Sub(time.Unix(a.Ended, 0)).Abs() > keepEnded
		if over {
			delete(k.places, a.identity())
		}
		return over
	})
}

// encode returns the alerts in the form that decode reads. Equal alerts give equal bytes.
func (k *kept) encode() []byte {
	text, err := json.Marshal(k.alerts)
	if err != nil {
		panic(fmt.Sprintf("alertmanager: encode the state: %v", err)) // texts and numbers always encode
	}
	return text
}

// decode returns what encode has encoded; nothing is no alerts.
func decode(text []byte) (*kept, error) {
	var alerts []*alert
	if len(text) > 0 {
		if err := json.Unmarshal(text, &alerts); err != nil {
			return nil, fmt.Errorf("read the alerts that are repeated: %w", err)
		}
	}
	k := newKept()
	for _, a := range alerts {
		if a != nil {
			k.put(a)
		}
	}
	return k, nil
}
