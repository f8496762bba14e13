package elasticsearch

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/elastic"
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

// toBulk makes a server answer every bulk request with a status and a body.
func toBulk(server *sinktest.Elasticsearch, status int, header http.Header, body string) {
	server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		if !strings.HasSuffix(r.Path, "/_bulk") {
			return false
		}
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	})
}

func TestConforms(t *testing.T) {
	sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
		server := sinktest.NewElasticsearch(t)
		return sinktest.Fixture{
			Open:        func(t *testing.T) sinks.Sink { return newSink(t, Options{Hosts: []string{server.URL}}) },
			Received:    func(*testing.T) [][]byte { return server.Documents() },
			Expected:    sinks.Document,
			Fail:        func(*testing.T) { toBulk(server, 503, nil, "<html>try later</html>") },
			Mend:        func(*testing.T) { server.Answer(nil) },
			Refuse:      func(transition window.Transition) { server.Refuse(transition.ID) },
			Hang:        func(t *testing.T) func() bool { return hang(t, server) },
			ExactlyOnce: true,
		}
	})
}

// hang makes the server never answer, until the test ends.
func hang(t *testing.T, server *sinktest.Elasticsearch) func() bool {
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

func TestAnswersForAWholeRequest(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header http.Header
		body   string
		want   string
		delay  time.Duration
	}{
		"too many requests": {429, http.Header{"Retry-After": {"7"}}, `{"error":{"type":"es_rejected_execution_exception",` +
			`"reason":"rejected"},"status":429}`, "es_rejected_execution_exception: rejected", 7 * time.Second},
		"unavailable":       {503, nil, `{"error":"no master","status":503}`, "no master", 0},
		"a gateway's error": {502, http.Header{"Retry-After": {"2"}}, "<html>\nBad Gateway</html>", "<html> Bad Gateway</html>", 2 * time.Second},
		"a wrong password":  {401, nil, `{"error":{"type":"security_exception","reason":"unable to authenticate"}}`, "security_exception", 0},
		"no right":          {403, nil, `{"error":{"type":"security_exception","reason":"unauthorized"}}`, "status 403", 0},
		"a wrong path":      {404, nil, "", "no reason given", 0},
		"a bad request":     {400, nil, `{"error":{"type":"illegal_argument_exception","reason":"what"}}`, "illegal_argument", 0},
		"a redirect":        {301, nil, "moved", "301", 0},
		"not JSON":          {200, nil, "<html>log in</html>", "makes no sense", 0},
		"empty":             {200, nil, "", "makes no sense", 0},
		"cut short":         {200, nil, `{"items":[{"create":{"_id":"`, "makes no sense", 0},
		"too few items":     {200, nil, `{"errors":false,"items":[]}`, "0 items, 3 were sent", 0},
		"others' items": {200, nil, `{"items":[{"create":{"_id":"a","status":201}},{"create":{"_id":"b","status":201}},` +
			`{"create":{"_id":"c","status":201}}]}`, "another document", 0},
		"endless": {200, nil, strings.Repeat(" ", elastic.SmallAnswer+3*largestItem+1), "longer than expected", 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := sinktest.NewElasticsearch(t)
			toBulk(server, test.status, test.header, test.body)
			outcomes, err := newSink(t, Options{Hosts: []string{server.URL}}).Deliver(t.Context(), sinktest.Transitions(1, 3))
			if err != nil {
				t.Fatal(err)
			}
			if requests := server.Requests(); len(requests) != 3 {
				t.Errorf("%d requests, want two for the template and one: the client tries again by itself", len(requests))
			}
			for _, outcome := range outcomes {
				if outcome == nil || sinks.IsPermanent(outcome) || !strings.Contains(outcome.Error(), test.want) {
					t.Errorf("the outcome is %v, want a passing one with %q", outcome, test.want)
				}
				var after *sinks.RetryAfter
				if errors.As(outcome, &after) != (test.delay > 0) || after != nil && after.Delay != test.delay {
					t.Errorf("%v does not ask for %s", outcome, test.delay)
				}
			}
		})
	}
}

func TestAnswersForADocument(t *testing.T) {
	for answer, want := range map[string]struct{ done, permanent bool }{
		`"status":201`: {done: true},
		`"status":200`: {done: true},
		`"status":409,"error":{"type":"version_conflict_engine_exception","reason":"exists"}`:                  {done: true},
		`"status":400,"error":{"type":"document_parsing_exception","reason":"bad","caused_by":{"reason":"x"}}`: {permanent: true},
		`"status":400,"error":{"type":"mapper_parsing_exception","reason":"bad"}`:                              {permanent: true},
		`"status":400`: {permanent: true},
		`"status":422,"error":{"type":"odd","reason":"odd"}`:                                 {permanent: true},
		`"status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}`:    {},
		`"status":503,"error":{"type":"unavailable_shards_exception","reason":"no primary"}`: {},
		`"status":500`: {},
		`"status":403,"error":{"type":"cluster_block_exception","reason":"read-only"}`:              {},
		`"status":403,"error":{"type":"security_exception","reason":"unauthorized"}`:                {},
		`"status":401,"error":{"type":"security_exception","reason":"who"}`:                         {},
		`"status":404,"error":{"type":"index_not_found_exception","reason":"no such index"}`:        {},
		`"status":400,"error":{"type":"index_closed_exception","reason":"closed"}`:                  {},
		`"status":400,"error":{"type":"validation_exception","reason":"maximum shards open"}`:       {},
		`"status":400,"error":{"type":"invalid_index_name_exception","reason":"must be lowercase"}`: {},
		`"status":0`: {},
	} {
		body := fmt.Sprintf(`{"errors":true,"items":[{"create":{"_id":"a",%s}}]}`, answer)
		outcomes, err := outcomesOf([]byte(body), []item{{id: "a"}})
		if err != nil {
			t.Errorf("%s: %v", answer, err)
			continue
		}
		if done := outcomes[0] == nil; done != want.done || sinks.IsPermanent(outcomes[0]) != want.permanent {
			t.Errorf("%s gave %v", answer, outcomes[0])
		}
	}
	outcomes, _ := outcomesOf([]byte(`{"items":[{"create":{"_id":"a","status":400,"error":{"type":"t","reason":"r",`+
		`"caused_by":{"reason":"c"}}}}]}`), []item{{id: "a"}})
	if got := outcomes[0].Error(); got != "status 400: t: r (c)" {
		t.Errorf("the reason is %q", got)
	}
}

func TestDocumentsThatAreSentTwiceAreThereOnce(t *testing.T) {
	server := sinktest.NewElasticsearch(t)
	sink := newSink(t, Options{Hosts: []string{server.URL}})
	for range 2 {
		outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 5))
		if err := errors.Join(append(outcomes, err)...); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(server.Documents()); got != 5 {
		t.Errorf("there are %d documents, want 5", got)
	}
}

// TestTooLargeRequestsAreHalved: a proxy takes 5,000 bytes, and one document is larger than that.
func TestTooLargeRequestsAreHalved(t *testing.T) {
	server := sinktest.NewElasticsearch(t)
	server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		if len(r.Body) <= 5000 {
			return false
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(w, "413 Request Entity Too Large")
		return true
	})
	transitions := sinktest.Transitions(1, 30)
	transitions[8].First = []string{strings.Repeat("x", 6000)}
	outcomes, err := newSink(t, Options{Hosts: []string{server.URL}}).Deliver(t.Context(), transitions)
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range outcomes {
		if i == 8 && !sinks.IsPermanent(outcome) || i != 8 && outcome != nil {
			t.Errorf("the outcome of %d is %v", i, outcome)
		}
	}
	var want [][]byte
	for _, transition := range append(transitions[:8:8], transitions[9:]...) {
		want = append(want, sinks.Document(transition))
	}
	if got := server.Documents(); !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
		t.Errorf("there are %d documents, want %d in order", len(got), len(want))
	}
}

func TestLargeBatchesAreSplit(t *testing.T) {
	server := sinktest.NewElasticsearch(t)
	transitions := sinktest.Transitions(1, 30)
	for i := range transitions {
		transitions[i].First, transitions[i].Last = []string{strings.Repeat("x", 1<<20)}, []string{strings.Repeat("y", 1<<20)}
	}
	outcomes, err := newSink(t, Options{Hosts: []string{server.URL}, NoTemplate: true}).Deliver(t.Context(), transitions)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		t.Fatal(err)
	}
	requests := server.Requests()
	for _, request := range requests {
		if len(request.Body) > largestRequest {
			t.Errorf("a request has %d bytes", len(request.Body))
		}
	}
	if len(requests) != 8 || len(server.Documents()) != 30 {
		t.Errorf("%d requests made %d documents", len(requests), len(server.Documents()))
	}
}

// TestBehindAFailedRequestNothingIsSent: the second of several requests fails as a whole.
func TestBehindAFailedRequestNothingIsSent(t *testing.T) {
	server := sinktest.NewElasticsearch(t)
	var bulks atomic.Int32
	server.Answer(func(w http.ResponseWriter, _ sinktest.Request) bool {
		if bulks.Add(1) == 1 {
			return false
		}
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	transitions := sinktest.Transitions(1, 9)
	for i := range transitions {
		transitions[i].First, transitions[i].Last = []string{strings.Repeat("x", 2<<20)}, []string{strings.Repeat("y", 2<<20)}
	}
	outcomes, err := newSink(t, Options{Hosts: []string{server.URL}, NoTemplate: true}).Deliver(t.Context(), transitions)
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range outcomes {
		if (outcome == nil) != (i < 2) {
			t.Errorf("the outcome of %d is %v", i, outcome)
		}
	}
	if bulks.Load() != 2 {
		t.Errorf("%d requests were sent, want 2", bulks.Load())
	}
}

func TestNoHostAndNoAnswer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if _, err := newSink(t, Options{Hosts: []string{server.URL}}).Deliver(t.Context(), sinktest.Transitions(1, 1)); err == nil ||
		sinks.IsPermanent(err) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
	slow := sinktest.NewElasticsearch(t)
	hang(t, slow)
	_, err := newSink(t, Options{Hosts: []string{slow.URL}, Timeout: 20 * time.Millisecond}).
		Deliver(t.Context(), sinktest.Transitions(1, 1))
	if err == nil || !strings.Contains(err.Error(), "no answer within 20ms") {
		t.Errorf("got %v", err)
	}
}

func TestHostsTakeTurns(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	server := sinktest.NewElasticsearch(t)
	sink := newSink(t, Options{Hosts: []string{down.URL, server.URL}, NoTemplate: true})
	for range 3 {
		outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 1))
		if errors.Join(append(outcomes, err)...) == nil {
			return
		}
	}
	t.Error("three tries did not reach the host that is up")
}

func TestServerThatIsNoElasticsearch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }))
	defer server.Close()
	_, err := newSink(t, Options{Hosts: []string{server.URL}}).Deliver(t.Context(), sinktest.Transitions(1, 1))
	if err == nil || !strings.Contains(err.Error(), "not Elasticsearch") {
		t.Errorf("got %v", err)
	}
}

func TestCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"basic":       {Options{Username: "elastic", Password: "password"}, "Basic ZWxhc3RpYzpwYXNzd29yZA=="},
		"key":         {Options{APIKey: "aWQ6a2V5"}, "APIKey aWQ6a2V5"},
		"key in two":  {Options{APIKey: "id:key"}, "APIKey aWQ6a2V5"},
		"none at all": {Options{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := sinktest.NewElasticsearch(t)
			test.options.Hosts = []string{server.URL + "/"}
			if err := newSink(t, test.options).Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := server.Requests()[0].Header.Get("Authorization"); got != test.want {
				t.Errorf("sent %q, want %q", got, test.want)
			}
		})
	}
	server := sinktest.NewElasticsearch(t)
	host := strings.Replace(server.URL, "http://", "http://u:p%20w@", 1)
	if err := newSink(t, Options{Hosts: []string{host}}).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := server.Requests()[0].Header.Get("Authorization"); got != "Basic dTpwIHc=" {
		t.Errorf("of a host with user information %q was sent", got)
	}
}

func TestTLS(t *testing.T) {
	fake := sinktest.NewElasticsearch(t)
	server := httptest.NewUnstartedServer(fake)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	server.StartTLS()
	defer server.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, test := range map[string]struct {
		options Options
		well    bool
	}{
		"own authority": {Options{CA: authority}, true},
		"system's":      {Options{}, false},
		"not verified":  {Options{InsecureSkipVerify: true}, true},
	} {
		test.options.Hosts = []string{server.URL}
		if err := newSink(t, test.options).Check(t.Context()); (err == nil) != test.well {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := New(Options{Hosts: []string{server.URL}, CA: []byte("nonsense")}); err == nil {
		t.Error("a CA without a certificate was taken")
	}
}

func TestCheck(t *testing.T) {
	for status, well := range map[int]bool{200: true, 403: true, 401: false, 404: false, 503: false} {
		server := sinktest.NewElasticsearch(t)
		server.Answer(func(w http.ResponseWriter, _ sinktest.Request) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, "{}")
			return true
		})
		other := sinktest.NewElasticsearch(t)
		err := newSink(t, Options{Hosts: []string{other.URL, server.URL}}).Check(t.Context())
		if (err == nil) != well {
			t.Errorf("status %d gave %v", status, err)
		}
		if err != nil && (!strings.Contains(err.Error(), server.URL) || strings.Contains(err.Error(), other.URL)) {
			t.Errorf("%v does not name the host alone", err)
		}
	}
}

func TestTemplateIsInstalledOnce(t *testing.T) {
	server := sinktest.NewElasticsearch(t)
	for range 2 {
		sink := newSink(t, Options{Hosts: []string{server.URL}})
		for first := range uint64(2) {
			if _, err := sink.Deliver(t.Context(), sinktest.Transitions(first+1, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var paths []string
	for _, request := range server.Requests() {
		paths = append(paths, request.Method+" "+request.Path)
	}
	want := "GET /_index_template/logboom-alerts, PUT /_index_template/logboom-alerts, POST /alerts/_bulk, POST /alerts/_bulk, " +
		"GET /_index_template/logboom-alerts, POST /alerts/_bulk, POST /alerts/_bulk"
	if got := strings.Join(paths, ", "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if !json.Valid(server.Template("logboom-alerts")) {
		t.Errorf("the template is %s", server.Template("logboom-alerts"))
	}
}

func TestTemplateOfAnotherVersionOrIndex(t *testing.T) {
	for body, covered := range map[string]bool{
		`{"index_templates":[{"index_template":{"index_patterns":["alerts"],"version":3}}]}`:     true,
		`{"index_templates":[{"index_template":{"index_patterns":["x","alerts"],"version":4}}]}`: true,
		`{"index_templates":[{"index_template":{"index_patterns":["alerts"],"version":2}}]}`:     false,
		`{"index_templates":[{"index_template":{"index_patterns":["alerts"]}}]}`:                 false,
		`{"index_templates":[{"index_template":{"index_patterns":["other"],"version":3}}]}`:      false,
		`{"index_templates":[]}`: false, `[]`: false, ``: false, `{"index_templates":[null]}`: false,
	} {
		if coversIndex([]byte(body), "alerts") != covered {
			t.Errorf("%s: want %t", body, covered)
		}
	}
}

func TestTemplateThatIsRefused(t *testing.T) {
	for status, goesOn := range map[int]bool{
		400: true, 403: true, 404: true, 405: true, 401: false, 429: false, 500: false, 503: false,
	} {
		server := sinktest.NewElasticsearch(t)
		server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
			if !strings.HasPrefix(r.Path, "/_index_template/") {
				return false
			}
			w.WriteHeader(status)
			fmt.Fprint(w, `{"error":{"type":"security_exception","reason":"not allowed"}}`)
			return true
		})
		var logged bytes.Buffer
		sink := newSink(t, Options{Hosts: []string{server.URL}, Logger: zerolog.New(&logged)})
		_, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 1))
		if (err == nil) != goesOn || (len(server.Documents()) == 1) != goesOn {
			t.Errorf("status %d gave %v and %d documents", status, err, len(server.Documents()))
		}
		if said := strings.Contains(logged.String(), "index template was refused"); said != goesOn {
			t.Errorf("status %d logged %s", status, logged.String())
		}
		if sinks.IsPermanent(err) {
			t.Errorf("status %d is permanent", status)
		}
	}
}

func TestNoTemplate(t *testing.T) {
	server := sinktest.NewElasticsearch(t)
	sink := newSink(t, Options{Hosts: []string{server.URL}, Index: "other", NoTemplate: true})
	if _, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 1)); err != nil {
		t.Fatal(err)
	}
	if requests := server.Requests(); len(requests) != 1 || requests[0].Path != "/other/_bulk" {
		t.Errorf("the requests were %v", requests)
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	_, err := New(Options{
		Hosts: []string{"localhost:9200", "http://u:hidden@h/?a=b", "http://%zz:hidden"}, Index: "Al erts",
		Username: "u", APIKey: "k",
	})
	if err == nil {
		t.Fatal("New succeeded")
	}
	for _, part := range []string{"localhost:9200", "h must end", "not a URL", "lower case", "password", "api_key"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "hidden") {
		t.Errorf("%v shows a password", err)
	}
	for _, index := range []string{".", "..", "a*", "a b", "-a", "_a", "+a", "a/b", "a#", strings.Repeat("a", 256), "A", "%{x}"} {
		if _, err := New(Options{Hosts: []string{"http://h"}, Index: index}); err == nil {
			t.Errorf("the index %q was taken", index)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("no host was taken")
	}
}

// TestNoSecretIsShown: neither by printing what holds one, nor in an error of a server that sends it back.
func TestNoSecretIsShown(t *testing.T) {
	server := sinktest.NewElasticsearch(t)
	host := strings.Replace(server.URL, "http://", "http://user:hidden%2Fone@", 1)
	options := Options{Hosts: []string{host}, Username: "elastic", Password: "hidden-two"}
	keyed := Options{Hosts: []string{server.URL}, APIKey: "id:hidden-three"}
	echo := "hidden/one hidden%2Fone hidden-two hidden-three id:hidden-three aWQ6aGlkZGVuLXRocmVl " + host
	server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, r.Header.Get("Authorization"), echo)
		return true
	})
	for _, options := range []Options{options, keyed} {
		sink := newSink(t, options)
		_, delivered := sink.Deliver(t.Context(), sinktest.Transitions(1, 1))
		sink.template = true
		outcomes, _ := sink.Deliver(t.Context(), sinktest.Transitions(1, 1))
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			for _, printed := range []any{options, sink.Check(t.Context()), delivered, outcomes[0]} {
				text := fmt.Sprintf(verb, printed)
				for _, secret := range secretsOf(options) {
					if strings.Contains(text, secret) {
						t.Errorf("%s of %T shows %s: %s", verb, printed, secret, text)
					}
				}
			}
		}
	}
}

// secretsOf returns the texts that must not show.
func secretsOf(options Options) []string {
	if options.APIKey != "" {
		return []string{"id:hidden-three", "aWQ6aGlkZGVuLXRocmVl"}
	}
	return []string{"hidden/one", "hidden%2Fone", "hidden-two"}
}

// FuzzBulkAnswer: whatever a server answers, nothing counts as done that it did not say so of by its id.
func FuzzBulkAnswer(f *testing.F) {
	f.Add([]byte(`{"errors":false,"items":[{"create":{"_id":"a","status":201}},{"create":{"_id":"b","status":409}}]}`))
	f.Add([]byte(`{"items":[{"create":{"_id":"a","status":400,"error":{"type":"t","reason":"r"}}},{"create":{"_id":"b"}}]}`))
	f.Add([]byte(`{"items":[{"index":{"_id":"a","status":201}},null]}`))
	f.Add([]byte(`{"items":[{"create":{"_id":"a","status":-200}},{"create":{"_id":"b","status":1e3}}]}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		items := []item{{id: "a"}, {id: "b"}}
		outcomes, err := outcomesOf(body, items)
		if err != nil {
			return
		}
		if len(outcomes) != len(items) {
			t.Fatalf("%d outcomes for %d items", len(outcomes), len(items))
		}
		for i, outcome := range outcomes {
			if outcome == nil && !bytes.Contains(body, []byte(items[i].id)) && !bytes.Contains(body, []byte(`\u00`)) {
				t.Errorf("%s counts as done in %q", items[i].id, body)
			}
			if outcome != nil && len(outcome.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(outcome.Error()))
			}
		}
		_ = elastic.Answer{Status: 500, Body: body}.Failure().Error()
	})
}

// FuzzTemplateAnswer: no answer about a template ends the process.
func FuzzTemplateAnswer(f *testing.F) {
	f.Add([]byte(`{"index_templates":[{"index_template":{"index_patterns":["alerts"],"version":1}}]}`))
	f.Fuzz(func(_ *testing.T, body []byte) { coversIndex(body, "alerts") })
}
