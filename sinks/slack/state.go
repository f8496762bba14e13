package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/logboom/logboom/window"
)

// Bounds of what is kept. Beyond them the oldest goes first: the end of a forgotten episode is posted as a message of its
// own, and details that were not posted yet come with the end.
const (
	mostThreads = 5000
	mostOwed    = 50
)

// stateVersion is the form of a state on disk.
const stateVersion = 2

// state is what the sink has to know after a restart: JSON, beside the cursor. Only transitions that are not done yet are
// given again, so what is owed for the others is all in here.
type state struct {
	Version int `json:"version"`
	// Pending is the post that may be on its way. There is never more than one.
	Pending *intent `json:"pending,omitempty"`
	// Threads are the messages of the episodes that have not ended, the oldest first.
	Threads []*thread `json:"threads,omitempty"`
	// Digests are the digests that are not final, the oldest first.
	Digests []*digest `json:"digests,omitempty"`
	// Done are the numbers beyond the cursor that are done.
	Done []uint64 `json:"done,omitempty"`
	// Began are the times, in nanoseconds, of the alerts that got messages of their own in the last minute.
	Began []int64 `json:"began,omitempty"`
	// Latest is the greatest message id that Slack has given, Channel its id for the channel that is Configured.
	Latest     string `json:"latest,omitempty"`
	Channel    string `json:"channel,omitempty"`
	Configured string `json:"configured,omitempty"`
}

// place is where a message is: Slack's id of the channel, and the message's within it.
type place struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
}

// thread is the message of an episode, and what its thread still lacks.
type thread struct {
	place
	Episode episode `json:"episode"`
	// Owed is the beginning whose details are not in the thread yet.
	Owed *window.Transition `json:"owed,omitempty"`
	// Closed says that nothing can be written into the thread: the end is a message of the channel then.
	Closed bool `json:"closed,omitempty"`
	// Moved says that it is in a channel which is no longer the configured one.
	Moved bool `json:"moved,omitempty"`
	// Told says that the end was told, Refused why it could not be.
	Told    bool   `json:"told,omitempty"`
	Refused string `json:"refused,omitempty"`
}

// State implements sinks.Stateful.
func (s *Sink) State() []byte {
	bytes, err := json.Marshal(&s.state)
	if err != nil {
		panic(fmt.Sprintf("slack: encode the state: %v", err)) // texts and numbers always encode
	}
	return bytes
}

// Restore implements sinks.Stateful. A state that cannot be read must not end alerting: the sink begins anew then, and
// the ends of the episodes that were open get messages of their own.
func (s *Sink) Restore(bytes []byte) error {
	restored := state{Version: stateVersion}
	if len(bytes) > 0 {
		if err := json.Unmarshal(bytes, &restored); err != nil || restored.Version != stateVersion {
			s.options.Logger.Error().Err(err).Int("version", restored.Version).
				Msg("the ids of messages that were kept cannot be read; the ends of open alerts get messages of their own")
			restored = state{}
		}
	}
	restored.Version = stateVersion
	switch {
	case !s.threads():
		restored.moved()
		restored.Threads = nil
	case restored.Configured != "" && restored.Configured != s.options.Channel:
		restored.moved()
	}
	s.state, s.untaken = restored, false
	return nil
}

// moved lets go of a channel that is no longer the configured one, lest its troubles hold up the one that is. What is
// open goes on in the new channel.
func (s *state) moved() {
	s.Pending, s.Latest, s.Channel, s.Configured = nil, "", "", ""
	for _, t := range s.Threads {
		t.Closed, t.Moved, t.Owed = true, true, nil
	}
	for _, d := range s.Digests {
		d.detach()
	}
}

// settled forgets what is before the first transition that is not done.
func (s *state) settled(batch []window.Transition) {
	if len(batch) > 0 {
		s.Done = slices.DeleteFunc(s.Done, func(number uint64) bool { return number < batch[0].Number })
	}
	if len(s.Done) == 0 {
		s.Done = nil
	}
}

func (s *state) done(number uint64) { s.Done = append(s.Done, number) }

// began takes note of an alert with a message of its own.
func (s *state) began(now time.Time) { s.Began = append(s.Began, now.UnixNano()) }

// lately returns how many alerts got messages of their own in the last minute.
func (s *state) lately(now time.Time) int {
	s.Began = slices.DeleteFunc(s.Began, func(at int64) bool {
		return now.UnixNano()-at >= int64(stormWindow) || at > now.UnixNano()
	})
	if len(s.Began) == 0 {
		s.Began = nil
	}
	return len(s.Began)
}

// seen takes note of a message of the configured channel, or of one of its threads. Slack's ids are times with a fixed
// number of digits, so they compare as texts.
func (s *state) seen(at place, configured string) {
	if at.TS == "" {
		return
	}
	if len(at.TS) > len(s.Latest) || len(at.TS) == len(s.Latest) && at.TS > s.Latest {
		s.Latest = at.TS
	}
	s.Channel, s.Configured = at.Channel, configured
}

func (s *state) thread(of episode) *thread {
	for _, t := range s.Threads {
		if t.Episode == of {
			return t
		}
	}
	return nil
}

// open keeps the message of an episode that began.
func (s *state) open(at place, t window.Transition) {
	if at.TS == "" {
		return
	}
	s.Threads = append(s.Threads, &thread{place: at, Episode: episodeOf(&t), Owed: &t})
	if extra := len(s.Threads) - mostThreads; extra > 0 {
		s.Threads = slices.Delete(s.Threads, 0, extra)
	}
	owed := 0
	for _, other := range slices.Backward(s.Threads) {
		if other.Owed != nil {
			if owed++; owed > mostOwed {
				other.Owed = nil
			}
		}
	}
}

func (s *state) close(t *thread) {
	s.Threads = slices.DeleteFunc(s.Threads, func(other *thread) bool { return other == t })
}

// owed returns the oldest thread that lacks its details.
func (s *state) owed() *thread {
	for _, t := range s.Threads {
		if t.Owed != nil {
			return t
		}
	}
	return nil
}

// living returns the digest that takes new alerts.
func (s *state) living() *digest {
	for _, d := range slices.Backward(s.Digests) {
		if d.Over == 0 {
			return d
		}
	}
	return nil
}

func (s *state) digestOf(e episode) *digest {
	for _, d := range s.Digests {
		if d.Open[e] {
			return d
		}
	}
	return nil
}

// replace puts a digest in the place of the one with its id, or behind the others, or removes it where it is final.
func (s *state) replace(d *digest) {
	at := slices.IndexFunc(s.Digests, func(other *digest) bool { return other.ID == d.ID })
	switch {
	case at < 0 && !d.final():
		s.Digests = append(s.Digests, d)
	case at >= 0 && d.final() && !d.Unsure:
		s.Digests = slices.Delete(s.Digests, at, at+1)
	case at >= 0:
		s.Digests[at] = d
	}
}
