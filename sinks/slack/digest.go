package slack

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// The bounds of what a digest remembers. What is beyond them is still counted.
const (
	mostOpen   = 20_000
	mostTalked = 200 // rules, and keys, of which a digest knows how often they alerted
	mostLatest = 3
)

// stormWindow is the time in which alerts are counted.
const stormWindow = time.Minute

// confirmDelay is how long after an update of unknown outcome the last one is repeated: by then the network has given up
// what it may still have held, and nothing older can come behind the final numbers.
const confirmDelay = 30 * time.Second

// digest is one message for many episodes. Started is always the sum of those that are active and those that ended.
type digest struct {
	place
	// ID marks the message; it is made of the first transition's.
	ID string `json:"id"`
	// Backlog says that it is about what happened while messages could not be delivered.
	Backlog bool `json:"backlog,omitempty"`
	// Started counts the episodes, Ended those of them that are over. Strays counts ends of episodes that began before
	// and whose message is not known.
	Started uint64 `json:"started"`
	Ended   uint64 `json:"ended"`
	Strays  uint64 `json:"strays,omitempty"`
	// Open are the episodes that are active, Unnamed is the number of those that are not remembered.
	Open    episodes `json:"open,omitempty"`
	Unnamed uint64   `json:"unnamed,omitempty"`
	// Rules and Keys count episodes.
	Rules map[string]uint64 `json:"rules,omitempty"`
	Keys  map[string]uint64 `json:"keys,omitempty"`
	// Latest are headlines, the newest last.
	Latest []string `json:"latest,omitempty"`
	// First and Last are the times of the events of the first and the last transition.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// WindowEnd is when the present minute ends, InWindow the number of episodes that began in it.
	WindowEnd int64 `json:"window_end"`
	InWindow  int   `json:"in_window"`
	// Over is when the storm was found to be over, zero before.
	Over int64 `json:"over,omitempty"`
	// Shown is when the message was last written, Unsure whether an update since the post has an unknown outcome. Fixed
	// says that the message cannot be changed, so that what is new is a message of its own.
	Shown  int64 `json:"shown"`
	Unsure bool  `json:"unsure,omitempty"`
	Fixed  bool  `json:"fixed,omitempty"`
}

func newDigest(first *window.Transition, backlog bool, now time.Time) *digest {
	return &digest{
		ID: "digest-" + first.ID, Backlog: backlog, Open: episodes{}, Rules: map[string]uint64{}, Keys: map[string]uint64{},
		First: first.Time, Last: first.Time, WindowEnd: now.Add(stormWindow).UnixNano(),
	}
}

func (d *digest) clone() *digest {
	cloned := *d
	cloned.Open, cloned.Rules, cloned.Keys = maps.Clone(d.Open), maps.Clone(d.Rules), maps.Clone(d.Keys)
	cloned.Latest = slices.Clone(d.Latest)
	if cloned.Open == nil {
		cloned.Open = episodes{}
	}
	if cloned.Rules == nil {
		cloned.Rules = map[string]uint64{}
	}
	if cloned.Keys == nil {
		cloned.Keys = map[string]uint64{}
	}
	return &cloned
}

// active is the number of episodes that have not ended.
func (d *digest) active() uint64 { return uint64(len(d.Open)) + d.Unnamed }

// final tells whether nothing can change any more.
func (d *digest) final() bool { return d.Over != 0 && d.active() == 0 }

// fold counts a transition.
func (d *digest) fold(t *window.Transition) {
	d.First, d.Last = min(d.First, t.Time), max(d.Last, t.Time)
	d.Latest = append(d.Latest, shortName(sinks.Headline(*t)))
	d.Latest = d.Latest[max(0, len(d.Latest)-mostLatest):]
	if t.State != window.Active {
		d.end(episodeOf(t))
		return
	}
	d.Started++
	d.InWindow++
	if len(d.Open) < mostOpen {
		d.Open[episodeOf(t)] = true
	} else {
		d.Unnamed++
	}
	tally(d.Rules, t.Rule)
	if t.Grouped {
		tally(d.Keys, t.Key)
	}
}

func (d *digest) end(e episode) {
	switch {
	case d.Open[e]:
		delete(d.Open, e)
		d.Ended++
	case d.Unnamed > 0:
		d.Unnamed--
		d.Ended++
	default:
		d.Strays++
	}
}

func tally(counts map[string]uint64, name string) {
	name = shortName(name)
	if _, known := counts[name]; known || len(counts) < mostTalked {
		counts[name]++
	}
}

// shortName returns what is kept of a rule's name, a key or a headline: names can be as long as a line.
func shortName(name string) string {
	runes := []rune(strings.ToValidUTF8(name[:min(len(name), utf8.UTFMax*longestName)], "\uFFFD"))
	return string(runes[:min(len(runes), longestName)])
}

// roll begins the next minute where the present one is over and was busy, and tells whether the storm is over.
func (d *digest) roll(now time.Time, threshold int) (over bool) {
	if d.Over != 0 || now.UnixNano() < d.WindowEnd {
		return false
	}
	if 2*d.InWindow < threshold {
		return true
	}
	d.WindowEnd, d.InWindow = now.Add(stormWindow).UnixNano(), 0
	return false
}

// due returns when the digest has to be looked after though nothing happens; the zero time for never.
func (d *digest) due() time.Time {
	switch {
	case d.Over == 0:
		return time.Unix(0, d.WindowEnd)
	case d.Unsure:
		return time.Unix(0, d.Shown).Add(confirmDelay)
	}
	return time.Time{}
}
