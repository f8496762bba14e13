package chaos

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks/sinktest"
)

// slack is the fake of Slack on a port of its own.
type slack struct {
	*sinktest.Slack
	url    string
	server *http.Server
}

func newSlack() (*slack, error) {
	address := freeAddress()
	listener, err := net.Listen("tcp", address) //nolint:noctx // until close
	if err != nil {
		return nil, fmt.Errorf("listen for Slack: %w", err)
	}
	s := &slack{Slack: &sinktest.Slack{}, url: "http://" + address + "/api"}
	s.Grant("chat:write", "channels:history")
	s.server = &http.Server{Handler: s.Slack, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(listener) }() // ended by close
	return s, nil
}

func (s *slack) close() { _ = s.server.Close() }

// episode is an episode of the model, with the ids that its alerts have.
type episode struct {
	active, inactive     change
	activeID, inactiveID string
}

// episodesOf puts the model's changes together, and takes their ids from documents.
func episodesOf(model []change, documents [][]byte) (map[string]episode, error) {
	ids := map[change]string{}
	for _, document := range documents {
		parsed, err := parseAlert(document)
		if err != nil {
			return nil, err
		}
		ids[parsed.change()] = parsed.Event.ID
	}
	episodes := map[string]episode{}
	var open episode
	for _, c := range model {
		if c.active {
			open = episode{active: c, activeID: ids[c]}
			continue
		}
		open.inactive, open.inactiveID = c, ids[c]
		episodes[open.activeID] = open
	}
	return episodes, nil
}

// judgeSlack looks at what the channel shows at the end, and at all that it showed.
func judgeSlack(episodes map[string]episode, changes []sinktest.Change, shown []sinktest.Message) AlertCount {
	j := judgement{
		AlertCount: AlertCount{Receiver: "slack", Expected: 2 * len(episodes), MayDouble: true},
		shown:      byMarker(shown), changes: changes,
	}
	var started, ended int
	for id, e := range episodes {
		if len(j.shown[id]) == 0 {
			started, ended = started+1, ended+1
			continue
		}
		j.judgeEpisode(e)
	}
	j.judgeDigests(started, ended)
	return j.AlertCount
}

type judgement struct {
	AlertCount
	shown   map[string][]sinktest.Message
	changes []sinktest.Change
}

// byMarker sorts messages by the id that logboom puts into them.
func byMarker(messages []sinktest.Message) map[string][]sinktest.Message {
	sorted := map[string][]sinktest.Message{}
	for _, m := range messages {
		if m.Metadata != nil && !strings.HasSuffix(m.Metadata.Type, "_details") {
			marker := fmt.Sprint(m.Metadata.Payload["id"])
			sorted[marker] = append(sorted[marker], m)
		}
	}
	return sorted
}

// judgeEpisode looks at an episode that has a message of its own.
func (j *judgement) judgeEpisode(e episode) {
	heads := j.shown[e.activeID]
	j.Stored++
	if ends := len(j.shown[e.inactiveID]); ends == 0 {
		j.Lost++
		j.example("lost: %s", e.inactive)
	} else {
		j.Stored++
		j.Double += ends - 1
	}
	j.Double += len(heads) - 1
	for _, head := range heads {
		if !strings.HasSuffix(head.Text, "INACTIVE") {
			j.Stale++
			j.example("says at last %q, although it is over: %s", head.Text, e.inactive)
		}
		j.judgeOrder(head.TS)
	}
}

// judgeOrder looks for a message that said it was over and then that it was not.
func (j *judgement) judgeOrder(ts string) {
	over := false
	for _, c := range j.changes {
		if c.TS != ts {
			continue
		}
		inactive := strings.HasSuffix(c.Text, "INACTIVE")
		if over && !inactive {
			j.Stale++
			j.example("said again that it goes on: %q", c.Text)
		}
		over = over || inactive
	}
}

// judgeDigests looks whether the digests account for all episodes without a message of their own.
func (j *judgement) judgeDigests(started, ended int) {
	var toldStarted, toldActive, toldEnded int
	for marker, messages := range j.shown {
		if !strings.HasPrefix(marker, "digest-") {
			continue
		}
		text := messages[len(messages)-1].Text
		_, numbers, _ := strings.Cut(text, ": ")
		var s, a, e int
		if _, err := fmt.Sscanf(numbers, "%d started, %d active, %d ended", &s, &a, &e); err != nil {
			j.example("the digest %q: %v", text, err)
			j.Stale++
		}
		toldStarted, toldActive, toldEnded = toldStarted+s, toldActive+a, toldEnded+e
	}
	if toldStarted < started || toldEnded < ended {
		j.Lost += max(0, started-toldStarted) + max(0, ended-toldEnded)
		j.example("digests tell of %d begun and %d ended, and %d and %d have no message of their own",
			toldStarted, toldEnded, started, ended)
	}
	if toldActive > 0 {
		j.Stale += toldActive
		j.example("digests say at last that %d are active", toldActive)
	}
	j.Digested = min(started, toldStarted) + min(ended, toldEnded)
	j.Stored += j.Digested
}
