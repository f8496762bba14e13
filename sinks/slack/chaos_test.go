package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

// chaos is a sink under the delivery loop whose network, process and disk fail at random, on a clock of the test's own.
type chaos struct {
	t       *testing.T
	random  *rand.Rand
	server  *sinktest.Slack
	outbox  *sinktest.Outbox
	cursors sinktest.Cursors
	letters sinktest.DeadLetters
	options Options
	// calm ends the failures.
	calm  bool
	mutex sync.Mutex
	// killed is the process that is: it writes nothing to the disk any more.
	killed bool
	kill   context.CancelFunc
	kills  int
}

// episodeOfTest is what happened, for the judgement at the end.
type episodeOfTest struct{ active, inactive *window.Transition }

func TestChaos(t *testing.T) {
	for _, threshold := range []int{1e6, 20, 3} {
		for _, lookup := range []bool{true, false} {
			t.Run(fmt.Sprintf("threshold %d lookup %v", threshold, lookup), func(t *testing.T) {
				seeds := uint64(60)
				if testing.Short() {
					seeds = 10
				}
				for seed := range seeds {
					server := sinktest.NewSlack(t)
					if !lookup {
						server.Grant("chat:write")
					}
					synctest.Test(t, func(t *testing.T) {
						c := &chaos{
							t: t, random: rand.New(rand.NewPCG(seed, 1)), server: server, outbox: sinktest.NewOutbox(),
						}
						c.options = byToken(server)
						c.options.Interval, c.options.StormThreshold, c.options.BacklogAge = time.Second, threshold, 5*time.Minute
						c.options.Transport = c
						episodes := c.run(40)
						c.judge(episodes, lookup)
						if t.Failed() {
							t.Logf("seed %d, %d kills", seed, c.kills)
						}
					})
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

// run lets transitions happen while everything fails, and returns when nothing is left to do.
func (c *chaos) run(count int) map[string]*episodeOfTest {
	ctx, end := context.WithCancel(c.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			c.process(ctx)
		}
	}()
	episodes := c.happen(count)
	c.change(func() { c.calm = true })
	time.Sleep(3 * time.Hour) // for what Slack asked to wait, and the last minute of a storm
	synctest.Wait()
	end()
	<-ended
	return episodes
}

// process is a logboom from its start to its kill.
func (c *chaos) process(ctx context.Context) {
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	c.change(func() { c.killed, c.kill = false, kill })
	sink, err := New(c.options)
	if err != nil {
		c.t.Error(err)
		return
	}
	delivery := sinks.NewDelivery("slack", sink, c.outbox, c, c.letters.Write, sinks.Options{Last: c.outbox.Last, BatchSize: 7})
	if err := delivery.Run(ctx); err != nil {
		c.t.Error(err)
	}
}

func (c *chaos) change(f func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	f()
}

// LoadCursor and StoreCursor are a disk that a process which was killed does not reach any more.
func (c *chaos) LoadCursor(sink string) (sinks.Cursor, bool, error) {
	return c.cursors.LoadCursor(sink)
}

func (c *chaos) StoreCursor(sink string, cursor sinks.Cursor) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.calm && c.random.IntN(40) == 0 {
		c.die()
	}
	if c.killed {
		return errors.New("this process is no more")
	}
	return c.cursors.StoreCursor(sink, cursor)
}

// die kills the process. The mutex is held.
func (c *chaos) die() {
	if !c.killed {
		c.kills++
		c.killed = true
		c.kill()
	}
}

// RoundTrip is a bad network in front of Slack.
func (c *chaos) RoundTrip(request *http.Request) (*http.Response, error) {
	c.mutex.Lock()
	fault := 100
	if !c.calm {
		fault = c.random.IntN(40)
	}
	retryAfter := 1 + c.random.IntN(30)
	c.mutex.Unlock()
	taken := func() { _, _ = c.server.RoundTrip(request.WithContext(context.WithoutCancel(request.Context()))) }
	switch fault {
	case 0:
		return answerOf(429, fmt.Sprint(retryAfter), `{"ok":false,"error":"ratelimited"}`), nil
	case 1:
		return answerOf(502, "", "<html>bad gateway</html>"), nil
	case 2:
		taken()
		return answerOf(502, "", "<html>bad gateway</html>"), nil
	case 3:
		return nil, errors.New("connection reset by peer")
	case 4:
		taken()
		return nil, errors.New("connection reset by peer")
	case 5:
		return answerOf(200, "", `{"ok":false,"error":"internal_error"}`), nil
	case 6:
		taken()
		return answerOf(200, "", `{"ok":false,"error":"fatal_error"}`), nil
	case 7:
		<-request.Context().Done()
		return nil, request.Context().Err()
	case 8:
		taken()
		<-request.Context().Done()
		return nil, request.Context().Err()
	case 9:
		if strings.Contains(request.URL.Path, "conversations.") {
			break // before the first message a channel that cannot be read looks like one that is not there
		}
		return answerOf(200, "", `{"ok":false,"error":"channel_not_found"}`), nil
	case 10:
		c.change(c.die)
	case 11:
		taken()
		c.change(c.die)
		return nil, errors.New("killed")
	}
	return c.server.RoundTrip(request)
}

func answerOf(status int, retryAfter, body string) *http.Response {
	recorder := httptest.NewRecorder()
	if retryAfter != "" {
		recorder.Header().Set("Retry-After", retryAfter)
	}
	recorder.WriteHeader(status)
	_, _ = io.WriteString(recorder, body)
	return recorder.Result()
}

// happen makes transitions of some keys at random times.
func (c *chaos) happen(count int) map[string]*episodeOfTest {
	episodes := map[string]*episodeOfTest{}
	open := map[string]*window.Transition{}
	for number := range count {
		c.mutex.Lock()
		wait := time.Duration(c.random.ExpFloat64() * float64(5*time.Second))
		if c.random.IntN(20) == 0 {
			wait = 10 * time.Minute
		}
		key := fmt.Sprintf("web%d", c.random.IntN(8))
		c.mutex.Unlock()
		time.Sleep(wait)
		t := c.transition(uint64(number+1), key, open[key])
		copied := t
		if t.State == window.Active {
			open[key] = &copied
			episodes[t.ID] = &episodeOfTest{active: &copied}
		} else {
			episodes[open[key].ID].inactive = &copied
			delete(open, key)
		}
		c.outbox.Add(t)
	}
	return episodes
}

func (c *chaos) transition(number uint64, key string, began *window.Transition) window.Transition {
	now := time.Now().UnixNano()
	t := window.Transition{
		Number: number, Rule: "errors", RuleID: "errors", Grouped: true, Key: key, State: window.Active, Time: now, Start: now,
		Count: 5, Peak: 5, Threshold: 5, Window: time.Second, First: []string{"first"}, Received: now,
	}
	if began != nil {
		t.State, t.Start, t.End, t.Peak, t.Last = window.Inactive, began.Start, now, 9, []string{"last"}
	}
	t.ID = window.TransitionID(t.Rule, []byte(t.Key), t.Start, t.State)
	t.Episode = window.TransitionID(t.Rule, []byte(t.Key), t.Start, window.Active)
	return t
}

// judge looks at what the channel shows at the end.
func (c *chaos) judge(episodes map[string]*episodeOfTest, lookup bool) {
	if after := c.cursors.After("slack"); after != c.outbox.Last() {
		c.t.Errorf("the cursor stands at %d of %d", after, c.outbox.Last())
	}
	if letters := c.letters.All(); len(letters) > 0 {
		c.t.Errorf("dead letters: %+v", letters)
	}
	shown := map[string][]sinktest.Message{}
	for _, m := range c.server.Shown() {
		if m.Metadata == nil {
			c.t.Errorf("a message without a marker: %+v", m)
			continue
		}
		marker := fmt.Sprint(m.Metadata.Payload["id"])
		shown[marker] = append(shown[marker], m)
		if lookup && len(shown[marker]) > 1 {
			c.t.Errorf("it is there twice: %q", m.Text)
		}
	}
	var counted, ended uint64
	for id, e := range episodes {
		heads := shown[id]
		if len(heads) == 0 {
			counted++
			if e.inactive != nil {
				ended++
			}
			continue
		}
		c.judgeEpisode(e, heads, shown, lookup)
	}
	c.judgeDigests(shown, counted, ended, lookup)
	if requests := len(c.server.Requests()); requests > 100*int(c.outbox.Last()) {
		c.t.Errorf("%d requests for %d transitions", requests, c.outbox.Last())
	}
}

// judgeEpisode looks at an episode with a message of its own.
func (c *chaos) judgeEpisode(e *episodeOfTest, heads []sinktest.Message, shown map[string][]sinktest.Message, lookup bool) {
	want := sinks.Headline(*e.active)
	if e.inactive != nil {
		want = sinks.Headline(*e.inactive)
		ends := shown[e.inactive.ID]
		if len(ends) == 0 {
			c.t.Errorf("nothing tells of the end: %s", want)
		}
		for _, end := range ends {
			if end.Text != want || lookup && end.Thread != heads[0].TS {
				c.t.Errorf("the end is told as %+v, want %q", end, want)
			}
		}
	}
	// Without lookups a post of unknown outcome is doubled, and the sink knows of the last one only.
	if last := heads[len(heads)-1]; last.Text != want {
		c.t.Errorf("the message says %q at last, want %q", last.Text, want)
	}
	// Where there is one message only, ACTIVE is never written behind INACTIVE.
	over := false
	for _, change := range c.server.Changes() {
		if lookup && change.TS == heads[0].TS {
			inactive := strings.HasSuffix(change.Text, "INACTIVE")
			if over && !inactive {
				c.t.Errorf("a stale message: %q", change.Text)
			}
			over = over || inactive
		}
	}
}

// judgeDigests looks whether the digests' numbers are those of all that has no message of its own.
func (c *chaos) judgeDigests(shown map[string][]sinktest.Message, counted, ended uint64, lookup bool) {
	var started, active, over uint64
	for marker, messages := range shown {
		if !strings.HasPrefix(marker, "digest-") {
			continue
		}
		text := messages[len(messages)-1].Text
		numbers := text[strings.Index(text, ": ")+2:]
		var s, a, e uint64
		if _, err := fmt.Sscanf(numbers, "%d started, %d active, %d ended", &s, &a, &e); err != nil {
			c.t.Errorf("%q: %v", text, err)
		}
		if s != a+e {
			c.t.Errorf("the numbers do not add up: %q", text)
		}
		if lookup && !strings.Contains(text, ", over: ") {
			c.t.Errorf("the storm is over, and the digest does not say so: %q", text)
		}
		started, active, over = started+s, active+a, over+e
	}
	if lookup && (started != counted || over != ended || active != counted-ended) {
		c.t.Errorf("digests count %d started, %d active, %d ended; want %d, %d, %d",
			started, active, over, counted, counted-ended, ended)
	}
	if !lookup && started < counted {
		c.t.Errorf("digests count %d, want %d", started, counted)
	}
}
