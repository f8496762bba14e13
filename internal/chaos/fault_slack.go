package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks/sinktest"
)

// slackFaults make Slack fail: 429, 500, ok: false, and hang, each before and after the message was taken.
func slackFaults(seed uint64, o Options, s *slack) []fault {
	const lane = "Slack fails"
	random := laneRandom(seed, lane)
	var faults []fault
	for _, at := range instants(random, max(3, int(o.Duration/(12*time.Second))), o.Duration) {
		answer := drawAnswer(random)
		length := between(random, 500*time.Millisecond, 8*time.Second)
		faults = append(faults, fault{at, lane, fmt.Sprintf("%s for %s", answer.what, length), func(ctx context.Context) error {
			if answer.cut {
				s.Cut(isPost)
			} else {
				s.Answer(answer.write)
			}
			pause(ctx, length)
			s.Answer(nil)
			s.Cut(nil)
			return nil
		}})
	}
	return faults
}

func isPost(r sinktest.Request) bool { return strings.Contains(r.Path, "/chat.") }

// answer is what a failing Slack says. cut means that it takes what it is sent and breaks the connection.
type answer struct {
	what  string
	cut   bool
	write func(http.ResponseWriter, sinktest.Request) bool
}

func drawAnswer(random *rand.Rand) answer {
	says := func(what string, status, retryAfter int, body string) answer {
		return answer{what: what, write: func(w http.ResponseWriter, _ sinktest.Request) bool {
			if retryAfter > 0 {
				w.Header().Set("Retry-After", fmt.Sprint(retryAfter))
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // the client may have gone
			return true
		}}
	}
	switch random.IntN(6) {
	case 0:
		return says("429", http.StatusTooManyRequests, 1+random.IntN(3), `{"ok":false,"error":"ratelimited"}`)
	case 1:
		return says("500", http.StatusInternalServerError, 0, "oops")
	case 2:
		return says("ok: false, internal_error", http.StatusOK, 0, `{"ok":false,"error":"internal_error"}`)
	case 3:
		return says("ok: false, fatal_error", http.StatusOK, 0, `{"ok":false,"error":"fatal_error"}`)
	case 4:
		return answer{what: "takes it and breaks the connection", cut: true}
	default:
		return answer{what: "hangs", write: func(http.ResponseWriter, sinktest.Request) bool {
			time.Sleep(6 * time.Second) // longer than logboom waits
			return true
		}}
	}
}
