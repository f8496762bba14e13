package slack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/window"
)

// lateNet holds one update for 20 s: the client gives up after 10 s, Slack takes it all the same.
type lateNet struct {
	http.RoundTripper
	hold func(body string) bool
}

func (n *lateNet) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if strings.HasSuffix(r.URL.Path, "chat.update") && n.hold(string(body)) {
		late := r.Clone(context.WithoutCancel(r.Context()))
		late.Body = io.NopCloser(bytes.NewReader(body))
		go func() {
			time.Sleep(20 * time.Second)
			if response, err := n.RoundTripper.RoundTrip(late); err == nil {
				_ = response.Body.Close()
			}
		}()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return n.RoundTripper.RoundTrip(r)
}

// The last words of a digest stand also where an update of before comes late, and episodes are open still.
func TestDigestIsNotStaleWhileSomethingIsOpen(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		held := false
		l.options.Transport = &lateNet{l.server, func(body string) bool {
			if !held && strings.Contains(body, "31 started") {
				held = true
				return true
			}
			return false
		}}
		var open []window.Transition
		for i := range 30 {
			open = append(open, l.begin(fmt.Sprint("web", i)))
		}
		go func() {
			time.Sleep(105 * time.Second)
			l.begin("extra") // its update is held
			time.Sleep(12 * time.Second)
			for _, o := range open[:20] {
				l.end(o)
			}
		}()
		l.run(6 * time.Hour)
		l.expect("after six hours", l.server.Shown()[0].Text, "Alert storm, over: 31 started, 11 active, 20 ended")
	})
}
