package webhook

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

func newSink(t *testing.T, options Options) *Sink {
	t.Helper()
	sink, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return sink
}

func to(server *sinktest.Webhook) Options {
	return Options{URL: server.URL, Secret: sinktest.WebhookSecret}
}

// deliver delivers one transition and returns its outcome.
func deliver(t *testing.T, sink *Sink, transition window.Transition) error {
	t.Helper()
	outcomes, err := sink.Deliver(t.Context(), []window.Transition{transition})
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("got %v, %v", outcomes, err)
	}
	return outcomes[0]
}

func TestConforms(t *testing.T) {
	for name, failure := range sinktest.Failures() {
		t.Run(name, func(t *testing.T) {
			sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
				server := sinktest.NewWebhook(t)
				return sinktest.Fixture{
					Open:     func(t *testing.T) sinks.Sink { return newSink(t, to(server)) },
					Received: func(*testing.T) [][]byte { return bodies(server) },
					Expected: wanted,
					Fail:     func(*testing.T) { server.Answer(failure) },
					Mend:     func(*testing.T) { server.Answer(nil) },
					Refuse:   func(transition window.Transition) { server.Refuse(transition.ID) },
					Hang: func(t *testing.T) func() bool {
						answer, reached := sinktest.Hang(t)
						server.Answer(answer)
						return reached
					},
				}
			})
		})
	}
}

func bodies(server *sinktest.Webhook) (bodies [][]byte) {
	for _, delivery := range server.Deliveries() {
		bodies = append(bodies, delivery.Body)
	}
	return bodies
}

// wanted is the body of a transition, put together by hand.
func wanted(t window.Transition) []byte {
	return fmt.Appendf(nil, `{"type":"alert.%s","timestamp":"%s","episode":"%s","group":{"host.name":"%s"},"data":%s}`,
		t.State, sinks.Timestamp(t.Time), t.Episode, t.Key, sinks.Document(t))
}

func TestRequest(t *testing.T) {
	server := sinktest.NewWebhook(t)
	now := time.Now()
	options := to(server)
	options.Token, options.Headers = "a-token", map[string]string{"X-Team": "ops"}
	options.Now = func() time.Time { return now }
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	request := server.Requests()[0]
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Webhook-Id": sinktest.Transition(1).ID,
		"Webhook-Timestamp": strconv.FormatInt(now.Unix(), 10), "Authorization": "Bearer a-token", "X-Team": "ops",
	} {
		if got := request.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !json.Valid(request.Body) || request.Method != http.MethodPost {
		t.Errorf("%s %s", request.Method, request.Body)
	}
}

// TestSignature compares with the example that the libraries of the Standard Webhooks are tested with.
func TestSignature(t *testing.T) {
	signer, err := newSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWithoutASecretNothingIsSigned(t *testing.T) {
	server := sinktest.NewWebhook(t)
	server.Answer(sinktest.With(http.StatusOK, nil, ""))
	if err := deliver(t, newSink(t, Options{URL: server.URL}), sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	header := server.Requests()[0].Header
	if _, found := header["Webhook-Signature"]; found || header.Get("Webhook-Id") == "" {
		t.Errorf("the headers are %v", header)
	}
}

func TestWrongSecretKeepsTheAlert(t *testing.T) {
	server := sinktest.NewWebhook(t)
	options := to(server)
	options.Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); !sinks.IsBlocked(err) {
		t.Errorf("got %v", err)
	}
}

func TestBodyByTemplate(t *testing.T) {
	server := sinktest.NewWebhook(t)
	options := to(server)
	options.Body = `{"text": {{toJson .Headline}}, "lines": {{toJson .Samples}}, "all": {{.Document}}}`
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	want := `{"text": "Alert 'too many lines' for web0 <a&b> changed state to ACTIVE", ` +
		`"lines": ["101","102 <x> & \"y\"","103"], "all": ` + string(sinks.Document(sinktest.Transition(1))) + `}`
	if got := string(server.Deliveries()[0].Body); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBodyThatIsNoJSON(t *testing.T) {
	server := sinktest.NewWebhook(t)
	options := to(server)
	options.ContentType, options.Body = "text/plain; charset=utf-8", "{{.Headline}}"
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	request := server.Requests()[0]
	if string(request.Body) != sinks.Headline(sinktest.Transition(1)) || request.Header.Get("Content-Type") != options.ContentType {
		t.Errorf("got %s of %s", request.Body, request.Header.Get("Content-Type"))
	}
}

// TestTemplateThatFailsAtWork has one that is fine with all that it is tried on.
func TestTemplateThatFailsAtWork(t *testing.T) {
	server := sinktest.NewWebhook(t)
	options := to(server)
	for _, source := range []string{
		`{{if eq .Rule "too many lines"}}{{index .Samples 99}}{{end}}{}`, `{{if eq .Rule "too many lines"}}oops{{end}}{}`,
	} {
		options.Body = source
		if err := deliver(t, newSink(t, options), sinktest.Transition(1)); !sinks.IsPermanent(err) {
			t.Errorf("%s gave %v", source, err)
		}
	}
	if len(server.Requests()) != 0 {
		t.Error("something was sent")
	}
}

func TestOneMessageACall(t *testing.T) {
	server := sinktest.NewWebhook(t)
	outcomes, err := newSink(t, to(server)).Deliver(t.Context(), sinktest.Transitions(1, 3))
	if err != nil || fmt.Sprint(outcomes) != fmt.Sprint([]error{nil, sinks.ErrNotTried, sinks.ErrNotTried}) {
		t.Errorf("got %v, %v", outcomes, err)
	}
	if got := len(server.Deliveries()); got != 1 {
		t.Errorf("%d messages were posted", got)
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for want, options := range map[string]Options{
		"url: not a URL":                    {URL: "hidden"},
		"secret: not base64":                {URL: "http://a", Secret: "whsec_hidden!"},
		"secret: it has 6 bytes":            {URL: "http://a", Secret: "whsec_aGlkZGVu"},
		"secret: it has 65 bytes":           {URL: "http://a", Secret: strings.Repeat("aGlk", 21) + "aGk="},
		"token: set either":                 {URL: "http://a", Token: "x", Username: "a", Password: "b"},
		"headers":                           {URL: "http://a", Headers: map[string]string{"a b": "c"}},
		"content_type: not":                 {URL: "http://a", ContentType: "/", Body: "{}"},
		"content_type: it is for a body":    {URL: "http://a", ContentType: "text/plain"},
		"parse the body template":           {URL: "http://a", Body: "{{"},
		"put values in by toJson":           {URL: "http://a", Body: `{"rule": "{{.Rule}}"}`},
		"it makes no valid JSON":            {URL: "http://a", Body: `{{.Rule}}`, ContentType: "application/cloudevents+json"},
		"ca: it holds no PEM":               {URL: "http://a", Secret: key, CA: []byte("x")},
		"url: not a URL such as https://ex": {URL: "http://user:hidden@a"},
	} {
		_, err := New(options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	_, err := New(Options{URL: "a", Secret: "b", Token: " ", Body: "{{"})
	for _, want := range []string{"url:", "secret:", "token:", "template"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	server := sinktest.NewWebhook(t)
	sink := newSink(t, to(server))
	for status, good := range map[int]bool{
		200: true, 204: true, 400: true, 403: true, 404: true, 405: true, 501: true,
		301: false, 401: false, 407: false, 500: false, 503: false,
	} {
		server.Answer(sinktest.With(status, nil, "words"))
		if err := sink.Check(t.Context()); (err == nil) != good {
			t.Errorf("%d gave %v", status, err)
		}
	}
	for _, request := range server.Requests() {
		if request.Method != http.MethodOptions || len(request.Body) != 0 {
			t.Errorf("checking sent %s %s", request.Method, request.Body)
		}
	}
	if err := newSink(t, Options{URL: "http://127.0.0.1:1/"}).Check(t.Context()); err == nil {
		t.Error("nothing listens there")
	}
}

func TestAuthorityOfItsOwn(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := deliver(t, newSink(t, Options{URL: server.URL, CA: ca}), sinktest.Transition(1)); err != nil {
		t.Error(err)
	}
}

// TestNoSecretIsShown: neither by printing, nor in an error of a connection, nor of a server that sends it back.
func TestNoSecretIsShown(t *testing.T) {
	const key = "whsec_aGlkZGVuLWhpZGRlbi1oaWRkZW4taGlkZGVu"
	down := "http://127.0.0.1:1/hooks/path-hidden"
	echo := sinktest.NewWebhook(t)
	echo.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintln(w, r.Header, r.Path, r.Query)
		return true
	})
	for _, options := range []Options{
		{URL: down, Secret: key, Token: "token-hidden"},
		{URL: echo.URL + "/path-hidden?key=hidden", Secret: key, Username: "me", Password: "hidden"},
		{URL: echo.URL, Secret: key, Token: "token-hidden", Headers: map[string]string{"X-Key": "hidden"}},
	} {
		sink := newSink(t, options)
		for _, printed := range []any{
			options, &options, sink.options, sink.signer, sink.client, sink.Check(t.Context()),
			deliver(t, sink, sinktest.Transition(1)),
		} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				text := fmt.Sprintf(verb, printed)
				if strings.Contains(text, "hidden") || strings.Contains(text, "aGlkZGVu") || strings.Contains(text, "bWU6") {
					t.Errorf("%s of %T shows a secret: %s", verb, printed, text)
				}
			}
		}
	}
}
