package chaos

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/logboom/logboom/sinks/sinktest"
)

const slackLane = "Slack fails"

// slackFaults make Slack fail: 429, 500, ok: false, and hang, before a message was taken, and break the connection after that.
func slackFaults(seed uint64, o Options, s *slack) []fault {
	random := laneRandom(seed, slackLane)
	times := instants(random, max(len(slackAnswers), int(o.Duration/(12*time.Second))), o.Duration)
	answers := deck(random, slackAnswers, len(times))
	var faults []fault
	for i, at := range times {
		a, retryAfter := answers[i], 1+random.IntN(3)
		length := between(random, 500*time.Millisecond, 8*time.Second)
		faults = append(faults, fault{at, slackLane, a.kind, fmt.Sprintf("for %s", length), func(ctx context.Context) (int, error) {
			var met atomic.Int64
			if a.cut {
				s.Cut(func(r sinktest.Request) bool { return isPost(r) && met.Add(1) > 0 })
			} else {
				s.Answer(func(w http.ResponseWriter, _ sinktest.Request) bool {
					met.Add(1)
					a.write(w, retryAfter)
					return true
				})
			}
			defer s.Answer(nil)
			defer s.Cut(nil)
			return last(ctx, length, func() int { return int(met.Load()) }), nil
		}})
	}
	return faults
}

func isPost(r sinktest.Request) bool { return strings.Contains(r.Path, "/chat.") }

// slackAnswer is what a failing Slack says. cut means that it takes what it is sent and breaks the connection.
type slackAnswer struct {
	kind   string
	cut    bool
	status int
	body   string
	hangs  bool
}

var slackAnswers = []slackAnswer{
	{kind: "429", status: http.StatusTooManyRequests, body: `{"ok":false,"error":"ratelimited"}`},
	{kind: "500", status: http.StatusInternalServerError, body: "oops"},
	{kind: "ok: false, internal_error", status: http.StatusOK, body: `{"ok":false,"error":"internal_error"}`},
	{kind: "ok: false, fatal_error", status: http.StatusOK, body: `{"ok":false,"error":"fatal_error"}`},
	{kind: "takes it and breaks the connection", cut: true},
	{kind: "hangs", hangs: true},
}

func (a slackAnswer) write(w http.ResponseWriter, retryAfter int) {
	if a.hangs {
		time.Sleep(2 * slackTimeout)
		return
	}
	if a.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", fmt.Sprint(retryAfter))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body)) // the client may have gone
}
