package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

// byToken and byWebhook return options for a server, at a pace for tests.
func byToken(server *sinktest.Slack) Options {
	return Options{
		Token: sinktest.SlackToken, Channel: sinktest.SlackChannel, URL: server.APIURL, Interval: time.Microsecond,
		StormThreshold: 1e6, BacklogAge: eternity,
	}
}

// eternity is an age that no transition of a test has.
const eternity = 100 * 365 * 24 * time.Hour

func byWebhook(server *sinktest.Slack) Options {
	return Options{
		WebhookURL: server.WebhookURL, Interval: time.Microsecond, StormThreshold: 1e6, BacklogAge: eternity,
	}
}

var ways = map[string]func(*sinktest.Slack) Options{"token": byToken, "webhook": byWebhook}

func newSink(t *testing.T, options Options) *Sink {
	t.Helper()
	sink, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return sink
}

// deliver delivers one transition, in as many calls as that takes, and returns its outcome.
func deliver(t *testing.T, sink *Sink, transition window.Transition) error {
	t.Helper()
	for range 10 {
		outcomes, err := sink.Deliver(t.Context(), []window.Transition{transition})
		if err != nil || len(outcomes) != 1 {
			t.Fatalf("got %v, %v", outcomes, err)
		}
		if !errors.Is(outcomes[0], sinks.ErrNotTried) {
			return outcomes[0]
		}
	}
	t.Fatal("it does not come to an end")
	return nil
}

func answerWith(server *sinktest.Slack, status int, header http.Header, body string) {
	server.Answer(func(w http.ResponseWriter, _ sinktest.Request) bool {
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	})
}

// refuse makes a server refuse the message of a transition, with blocks and without.
func refuse(server *sinktest.Slack, transition window.Transition) {
	server.Refuse(escape(sinks.Headline(transition)))
}

func TestConforms(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
				server := sinktest.NewSlack(t)
				again := func(transitions []window.Transition) []window.Transition { return transitions }
				if name == "token" {
					// The first one was on its way when the cursor was stored: it is looked up, and found.
					again = func(transitions []window.Transition) []window.Transition { return transitions[1:] }
				}
				return sinktest.Fixture{
					Again:    again,
					Open:     func(t *testing.T) sinks.Sink { return newSink(t, way(server)) },
					Received: func(*testing.T) [][]byte { return texts(server) },
					Expected: func(transition window.Transition) []byte { return []byte(escape(sinks.Headline(transition))) },
					Fail:     func(*testing.T) { answerWith(server, 500, nil, "<html>sorry</html>") },
					Mend:     func(*testing.T) { server.Answer(nil) },
					Refuse:   func(transition window.Transition) { refuse(server, transition) },
					Hang:     func(t *testing.T) func() bool { return hang(t, server) },
				}
			})
		})
	}
}

func texts(server *sinktest.Slack) (texts [][]byte) {
	for _, message := range server.Messages() {
		texts = append(texts, []byte(message.Text))
	}
	return texts
}

// hang makes the server never answer, until the test ends.
func hang(t *testing.T, server *sinktest.Slack) func() bool {
	var reached atomic.Bool
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	server.Answer(func(http.ResponseWriter, sinktest.Request) bool {
		reached.Store(true)
		<-end
		return true
	})
	return reached.Load
}

func TestRequest(t *testing.T) {
	server := sinktest.NewSlack(t)
	if err := deliver(t, newSink(t, byToken(server)), sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	request := server.Requests()[0]
	if request.Method != http.MethodPost || request.Path != "/api/chat.postMessage" ||
		request.Header.Get("Authorization") != "Bearer "+sinktest.SlackToken ||
		request.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("the request is %+v", request)
	}
	if !strings.Contains(string(request.Body), `"unfurl_links":false,"unfurl_media":false`) {
		t.Errorf("the body is %s", request.Body)
	}
}

// TestOneRequestACall: an intent takes a call of its own, for it has to be on disk first, and each request one.
func TestOneRequestACall(t *testing.T) {
	server := sinktest.NewSlack(t)
	sink := newSink(t, byToken(server))
	for call, want := range []struct {
		requests int
		done     []bool
	}{
		{0, []bool{false, false, false}}, {1, []bool{true, false, false}}, // the beginning
		{1, []bool{true, false, false}}, {2, []bool{true, false, false}}, // the end in the thread
		{3, []bool{true, true, false}}, // the message brought up to date
	} {
		outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 3))
		if err != nil {
			t.Fatal(err)
		}
		for i, outcome := range outcomes {
			if (outcome == nil) != want.done[i] || outcome != nil && !errors.Is(outcome, sinks.ErrNotTried) {
				t.Errorf("call %d: got %v", call, outcomes)
			}
		}
		if got := len(server.Requests()); got != want.requests {
			t.Errorf("call %d: %d requests, want %d", call, got, want.requests)
		}
	}
}

// kind is how an answer has to be taken.
type kind int

const (
	done    kind = iota
	passing      // tried again soon, or when Slack says
	kept         // kept, for a person probably has to mend something
	blocked      // kept, for a person has to mend something
	refused      // tried in plain text, then set aside
)

func TestAnswersOfTheAPI(t *testing.T) {
	for answer, test := range map[string]struct {
		status int
		header http.Header
		want   kind
		delay  time.Duration
	}{
		`{"ok":true,"ts":"1.2","warning":"missing_charset"}`: {200, nil, done, 0},
		`{"ok":false,"error":"msg_too_long"}`:                {200, nil, refused, 0},
		`{"ok":false,"error":"msg_blocks_too_long"}`:         {200, nil, refused, 0},
		`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] must be less than 3001"]}}`: {
			200, nil, refused, 0,
		},
		`{"ok":false,"error":"no_text"}`:                {200, nil, refused, 0},
		`{"ok":false,"error":"channel_not_found"}`:      {200, nil, blocked, 0},
		`{"ok":false,"error":"not_in_channel"}`:         {200, nil, blocked, 0},
		`{"ok":false,"error":"is_archived"}`:            {200, nil, blocked, 0},
		`{"ok":false,"error":"invalid_auth"}`:           {200, nil, blocked, 0},
		`{"ok":false,"error":"a_new_error"}`:            {200, nil, kept, time.Minute},
		`{"ok":false}`:                                  {200, nil, kept, time.Minute},
		`{"ok":false,"error":"ratelimited"}`:            {429, http.Header{"Retry-After": {"17"}}, passing, 17 * time.Second},
		`{"ok":false,"error":"ratelimited" }`:           {200, http.Header{"Retry-After": {"3"}}, passing, 3 * time.Second},
		`{"ok":false,"error":"rate_limited"}`:           {200, nil, passing, 0},
		`{"ok":false,"error":"message_limit_exceeded"}`: {200, nil, passing, 0},
		`{"ok":false,"error":"internal_error"}`:         {200, nil, passing, 0},
		`{"ok":false,"error":"service_unavailable"}`:    {503, nil, passing, 0},
		`{"ok":true}`:                                {500, nil, passing, 0},
		`<html>gateway</html>`:                       {502, http.Header{"Retry-After": {"9"}}, passing, 9 * time.Second},
		`<html>slow down</html>`:                     {429, http.Header{"Retry-After": {"5"}}, passing, 5 * time.Second},
		`<html>log in to the hotel's network</html>`: {200, nil, passing, 0},
		``:                       {200, nil, passing, 0},
		`{"ok":"true"}`:          {200, nil, passing, 0},
		`<html>moved</html>`:     {302, nil, kept, time.Minute},
		`<html>not here</html>`:  {404, nil, kept, time.Minute},
		`<html>too large</html>`: {413, nil, refused, 0},
		strings.Repeat(" ", longestAnswer+1) + `{"ok":true}`: {200, nil, passing, 0},
	} {
		server := sinktest.NewSlack(t)
		answerWith(server, test.status, test.header, answer)
		err := deliver(t, newSink(t, byToken(server)), sinktest.Transition(1))
		expectKind(t, answer, err, test.want, test.delay)
		expectRequests(t, answer, server, test.want)
	}
}

func TestAnswersOfAWebhook(t *testing.T) {
	for answer, test := range map[string]struct {
		status int
		header http.Header
		want   kind
		delay  time.Duration
	}{
		"ok":                      {200, nil, done, 0},
		"ok\n":                    {200, nil, done, 0},
		"invalid_payload":         {400, nil, refused, 0},
		"no_text":                 {400, nil, refused, 0},
		"invalid_blocks":          {400, nil, refused, 0},
		"channel_not_found":       {404, nil, blocked, 0},
		"channel_is_archived":     {410, nil, blocked, 0},
		"no_service":              {404, nil, blocked, 0},
		"action_prohibited":       {403, nil, blocked, 0},
		"invalid_token":           {403, nil, blocked, 0},
		"rollup_error":            {500, nil, passing, 0},
		"rate_limited":            {429, http.Header{"Retry-After": {"30"}}, passing, 30 * time.Second},
		"<html>gateway</html>":    {503, nil, passing, 0},
		"<html>hotel</html>":      {200, nil, passing, 0},
		"":                        {200, nil, passing, 0},
		"<html>not found</html>":  {404, nil, kept, time.Minute},
		"<html>413 large</html>":  {413, nil, refused, 0},
		"OK, your post was taken": {200, nil, passing, 0},
	} {
		server := sinktest.NewSlack(t)
		answerWith(server, test.status, test.header, answer)
		err := deliver(t, newSink(t, byWebhook(server)), sinktest.Transition(1))
		expectKind(t, answer, err, test.want, test.delay)
		expectRequests(t, answer, server, test.want)
	}
}

func expectKind(t *testing.T, answer string, err error, want kind, delay time.Duration) {
	t.Helper()
	answer = sinks.Reason(answer)
	if (err == nil) != (want == done) || sinks.IsPermanent(err) != (want == refused) || sinks.IsBlocked(err) != (want == blocked) {
		t.Errorf("%q gave %v", answer, err)
		return
	}
	var after *sinks.RetryAfter
	if errors.As(err, &after) != (delay > 0) || after != nil && after.Delay != delay {
		t.Errorf("%q gave %v, want a delay of %s", answer, err, delay)
	}
}

func expectRequests(t *testing.T, answer string, server *sinktest.Slack, want kind) {
	t.Helper()
	count := 1
	if want == refused {
		count = 2 // the second in plain text
	}
	if got := len(server.Requests()); got != count {
		t.Errorf("%q was asked for %d times, want %d", sinks.Reason(answer), got, count)
	}
}

func TestRemedyIsNamed(t *testing.T) {
	server := sinktest.NewSlack(t)
	options := byToken(server)
	options.Token = "xoxb-wrong-token"
	err := deliver(t, newSink(t, options), sinktest.Transition(1))
	if err == nil || !strings.Contains(err.Error(), "call chat.postMessage: status 200, invalid_auth (check the token)") {
		t.Errorf("got %v", err)
	}
}

// TestMessageThatIsRefusedFallsBackToPlainText: Slack does not like the blocks, and takes the sentence.
func TestMessageThatIsRefusedFallsBackToPlainText(t *testing.T) {
	for name, way := range ways {
		server := sinktest.NewSlack(t)
		server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
			if !strings.Contains(string(r.Body), "blocks") {
				return false
			}
			if name == "token" {
				fmt.Fprint(w, `{"ok":false,"error":"invalid_blocks"}`)
				return true
			}
			http.Error(w, "invalid_blocks", http.StatusBadRequest)
			return true
		})
		if err := deliver(t, newSink(t, way(server)), sinktest.Transition(1)); err != nil {
			t.Errorf("by %s: %v", name, err)
		}
		messages := server.Messages()
		if len(messages) != 1 || messages[0].Text != escape(sinks.Headline(sinktest.Transition(1))) || messages[0].Blocks != nil {
			t.Errorf("by %s: got %+v", name, messages)
		}
	}
}

func TestOneRefusedMessageDoesNotBlockTheChannel(t *testing.T) {
	server := sinktest.NewSlack(t)
	refuse(server, sinktest.Transition(1))
	sink := newSink(t, byToken(server))
	if err := deliver(t, sink, sinktest.Transition(1)); !sinks.IsPermanent(err) || !strings.Contains(err.Error(), "msg_too_long") {
		t.Errorf("got %v", err)
	}
	if err := deliver(t, sink, sinktest.Transition(2)); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var posted []time.Duration
		sink := newSink(t, Options{Token: "xoxb-1", Channel: "C1", Transport: roundTrip(func(*http.Request) *http.Response {
			posted = append(posted, time.Since(start))
			recorder := httptest.NewRecorder()
			fmt.Fprint(recorder, `{"ok":true}`)
			return recorder.Result()
		}), BacklogAge: eternity})
		for number := range uint64(6) {
			if err := deliver(t, sink, sinktest.Transition(2*number+1)); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprint(posted); got != "[0s 0s 0s 1s 2s 3s]" {
			t.Errorf("messages went out after %s", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		for range 2 { // the intent, and the message
			if outcomes, _ := sink.Deliver(ctx, sinktest.Transitions(13, 1)); outcomes[0] == nil {
				t.Error("a message was sent although its context ended while it waited")
			}
		}
	})
}

// roundTrip answers without a network, for a clock that does not run on one.
type roundTrip func(*http.Request) *http.Response

func (r roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return r(request), nil }

func TestNoAnswerInTime(t *testing.T) {
	for name, way := range ways {
		server := sinktest.NewSlack(t)
		hang(t, server)
		options := way(server)
		options.Timeout = 20 * time.Millisecond
		err := deliver(t, newSink(t, options), sinktest.Transition(1))
		if err == nil || sinks.IsPermanent(err) || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("by %s: got %v", name, err)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	server, other := sinktest.NewSlack(t), sinktest.NewSlack(t)
	answerWith(server, http.StatusTemporaryRedirect, http.Header{"Location": {other.APIURL + "/chat.postMessage"}}, "")
	if err := deliver(t, newSink(t, byToken(server)), sinktest.Transition(1)); err == nil || sinks.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
	if got := len(other.Requests()); got != 0 {
		t.Error("the token went to where it was redirected")
	}
}

func TestCheck(t *testing.T) {
	server := sinktest.NewSlack(t)
	for name, way := range ways {
		if err := newSink(t, way(server)).Check(t.Context()); err != nil {
			t.Errorf("by %s: %v", name, err)
		}
	}
	if got := len(server.Messages()); got != 0 {
		t.Errorf("checking posted %d messages", got)
	}
	wrong := byToken(server)
	wrong.Token = "xoxb-wrong-token"
	if err := newSink(t, wrong).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "invalid_auth") {
		t.Errorf("got %v", err)
	}
	gone := byWebhook(server)
	gone.WebhookURL += "x"
	if err := newSink(t, gone).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "no_service") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		want    []string
	}{
		"nothing":    {Options{}, []string{"token and channel, or webhook_url"}},
		"no channel": {Options{Token: "x"}, []string{"token and channel"}},
		"both":       {Options{Token: "x", Channel: "C", WebhookURL: "https://h/hidden"}, []string{"either"}},
		"no URL":     {Options{WebhookURL: "hidden"}, []string{"webhook_url: not a URL"}},
		"newline":    {Options{Token: "hidden\n", Channel: "C"}, []string{"token: it holds"}},
		"all":        {Options{URL: "slack.com", TextTemplate: "{{.Nope}}", DetailsTemplate: "{{"}, []string{"url:", "Nope", "details template"}},
	} {
		_, err := New(test.options)
		if err == nil {
			t.Errorf("%s: New succeeded", name)
			continue
		}
		for _, part := range test.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v does not name %q", name, err, part)
			}
		}
		if strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v shows a secret", name, err)
		}
	}
}

// TestNoSecretIsShown: neither by printing options, nor in an error of a connection or of a server that sends it back.
func TestNoSecretIsShown(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	echo := sinktest.NewSlack(t)
	echo.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "%s may not call %s", r.Header.Get("Authorization"), r.Path)
		return true
	})
	for _, options := range []Options{
		{Token: "xoxb-hidden", Channel: "C1", URL: down.URL},
		{Token: "xoxb-hidden", Channel: "C1", URL: strings.Replace(down.URL, "http://", "http://u:hidden@", 1)},
		{WebhookURL: down.URL + "/services/T1/B1/hidden"},
		{Token: "xoxb-hidden", Channel: "C1", URL: echo.APIURL},
		{WebhookURL: strings.Replace(echo.WebhookURL, "webhook-secret", "hidden", 1)},
	} {
		sink := newSink(t, options)
		for _, printed := range []any{options, sink.options, sink.secrets, sink.Check(t.Context()), deliver(t, sink, sinktest.Transition(1))} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				if text := fmt.Sprintf(verb, printed); strings.Contains(text, "hidden") {
					t.Errorf("%s of %T shows a secret: %s", verb, printed, text)
				}
			}
		}
	}
}

// FuzzAnswer: no answer is taken for success but one that says so, and no word of one message for an error of another.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"ok":true}`, `{"ok":false,"error":"ratelimited"}`, "ok", "no_text", "", "\xff", `{"ok":true,"ok":false}`, `[]`, `null`,
	} {
		f.Add(200, "30", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte) {
		a := answer{status: status, header: http.Header{"Retry-After": {retryAfter}}, body: body}
		now := time.Unix(1_800_000_000, 0)
		api, webhook := a.ofAPI(now, nil), a.ofWebhook(now)
		if status != http.StatusOK && (api == nil || webhook == nil) {
			t.Errorf("status %d with %q is success", status, body)
		}
		if api == nil && !strings.Contains(string(body), "true") || webhook == nil && strings.TrimSpace(string(body)) != "ok" {
			t.Errorf("%q is success", body)
		}
		for _, err := range []error{api, webhook} {
			var after *sinks.RetryAfter
			if errors.As(err, &after) && after.Delay < 0 {
				t.Errorf("%q gives a delay of %s", body, after.Delay)
			}
			if err != nil && (len(err.Error()) > 2000 || strings.ContainsAny(err.Error(), "\n\r")) {
				t.Errorf("%q gives the error %q", body, err)
			}
		}
	})
}
