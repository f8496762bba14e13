package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/outputs"
)

func TestEventsAreWritten(t *testing.T) {
	for _, level := range []int{0, 1, 9} {
		s := newServer(t)
		o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "%{[@metadata][beat]}-%{+YYYY.MM.dd}", CompressionLevel: level})
		documents := numbered(0, 2000) // more than is compressed at once
		for range 2 {                  // the second time with a request that was used before
			batch := batchOf(t, o, documents...)
			each(t, write(t, o, batch), "done")
			kept := s.kept()
			if len(kept) != len(documents) {
				t.Fatalf("%d documents, want %d", len(kept), len(documents))
			}
			for i, event := range batch.Events {
				got := kept["filebeat-2026.11.24/"+idOf(i)]
				if got.body != string(event.Body) || got.writes != 1 {
					t.Fatalf("level %d: document %d is %+v, want %s once", level, i, got, event.Body)
				}
			}
		}
		if n, r := s.received(); n != 2 || (r.Header.Get("Content-Encoding") == "gzip") != (level > 0) {
			t.Errorf("%d requests, the last with %v", n, r.Header)
		}
	}
}

func TestActions(t *testing.T) {
	document := `{"@timestamp":"2026-11-24T10:00:00.000Z","@metadata":{"pipeline":"filebeat-8-nginx"},"key":"k\"1","empty":"",` +
		`"message":"m"}`
	id := idOf(0)
	for name, test := range map[string]struct {
		options Options
		line    string
		path    string
	}{
		"index": {Options{Index: "logs"}, `{"create":{"_id":"` + id + `"}}`, "/logs/_bulk"},
		"index over": {
			Options{Index: "logs", Action: ActionIndex}, `{"index":{"_id":"` + id + `"}}`, "/logs/_bulk",
		},
		"no id": {Options{Index: "logs", DocumentID: IDAuto}, `{"create":{}}`, "/logs/_bulk"},
		"no id, fixed": {
			Options{Index: "logs", DocumentID: IDAuto, Pipeline: "p", Routing: "r"},
			`{"create":{"routing":"r","pipeline":"p"}}`, "/logs/_bulk",
		},
		"id of a field": {Options{Index: "logs", DocumentID: "%{key}"}, `{"index":{"_id":"k\"1"}}`, "/logs/_bulk"},
		"id of no field": {
			Options{Index: "logs", DocumentID: "x%{nothing}"}, `{"index":{"_id":"` + id + `"}}`, "/logs/_bulk",
		},
		"id that is empty": {
			Options{Index: "logs", DocumentID: "%{empty}", Action: ActionCreate}, `{"create":{"_id":"` + id + `"}}`, "/logs/_bulk",
		},
		"pipeline of the event": {
			Options{Index: "l%{+YYYY}", Pipeline: "%{[@metadata][pipeline]}"},
			`{"create":{"_index":"l2026","_id":"` + id + `","pipeline":"filebeat-8-nginx"}}`, "/_bulk",
		},
		"pipeline of no field": {
			Options{Index: "logs", Pipeline: "%{[@metadata][nothing]}", Routing: "%{nothing}"},
			`{"create":{"_id":"` + id + `"}}`, "/logs/_bulk",
		},
		"pipeline that is empty": {
			Options{Index: "logs", Pipeline: "%{empty}", Routing: "%{empty}"}, `{"create":{"_id":"` + id + `"}}`, "/logs/_bulk",
		},
		"routing": {
			Options{Index: "logs", Pipeline: "p", Routing: "%{key}"},
			`{"create":{"_id":"` + id + `","routing":"k\"1","pipeline":"p"}}`, "/logs/_bulk",
		},
		"all from the event": {
			Options{Index: "i-%{message}", Pipeline: "p-%{message}", Routing: "r-%{message}", DocumentID: "d-%{message}"},
			`{"index":{"_index":"i-m","_id":"d-m","routing":"r-m","pipeline":"p-m"}}`, "/_bulk",
		},
		"data stream": {Options{}, `{"create":{"_index":"logs-generic-default","_id":"` + id + `"}}`, "/_bulk"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			test.options.Hosts = []string{s.URL}
			var body []byte
			s.answerWith(func(_ http.ResponseWriter, _ *http.Request, received []byte) bool {
				body = received
				return false
			})
			o := newOutput(t, test.options)
			each(t, write(t, o, batchOf(t, o, document)), "done")
			line, _, _ := strings.Cut(string(body), "\n")
			if _, r := s.received(); line != test.line || r.URL.Path != test.path {
				t.Errorf("%s to %s, want\n%s to %s", line, r.URL.Path, test.line, test.path)
			}
		})
	}
}

func TestDataStreams(t *testing.T) {
	for name, test := range map[string]struct{ document, index, has string }{
		"none":      {`{"message":"m"}`, "logs-generic-default", `{"data_stream":{"type":"logs","dataset":"generic","namespace":"default"},"`},
		"all":       {`{"data_stream":{"type":"metrics","dataset":"a.b","namespace":"n"}}`, "metrics-a.b-n", `"data_stream":{"type":"metrics","dataset":"a.b","namespace":"n"}`},
		"some":      {`{"data_stream":{"dataset":"nginx.access","x":1.0}}`, "logs-nginx.access-default", `"data_stream":{"dataset":"nginx.access","namespace":"default","type":"logs","x":1.0}`},
		"null":      {`{"data_stream":{"dataset":"<d>","type":null}}`, "logs-<d>-default", `"data_stream":{"dataset":"<d>","namespace":"default","type":"logs"}`},
		"empty":     {`{"data_stream":{}}`, "logs-generic-default", `"data_stream":{"dataset":"generic","namespace":"default","type":"logs"}`},
		"nothing":   {`{"data_stream":null}`, "logs-generic-default", `"data_stream":{"dataset":"generic","namespace":"default","type":"logs"}`},
		"no object": {`{"data_stream":"x","z":1}`, "logs-generic-default", `"data_stream":{"dataset":"generic","namespace":"default","type":"logs"}`},
		"elsewhere": {`{"a":{"data_stream":1},"b":"\"data_stream\""}`, "logs-generic-default", `{"data_stream":{"dataset":"generic","namespace":"default","type":"logs"},`},
		"dots":      {`{"data_stream.dataset":"d"}`, "logs-d-default", `{"data_stream":{"namespace":"default","type":"logs"},`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			o := newOutput(t, Options{Hosts: []string{s.URL}})
			each(t, write(t, o, batchOf(t, o, test.document, test.document)), "done")
			for key, kept := range s.kept() {
				if !strings.HasPrefix(key, test.index+"/") || strings.Count(kept.body, test.has) != 1 ||
					strings.Count(kept.body, `"data_stream":`) > 1+strings.Count(test.document, `"data_stream":1`) {
					t.Errorf("%s: %s, want %s in %s", key, kept.body, test.has, test.index)
				}
			}
		})
	}
	s := newServer(t)
	o := newOutput(t, Options{Hosts: []string{s.URL}, DataStream: DataStream{Dataset: "web", Namespace: "prod"}})
	outcomes := write(t, o, batchOf(t, o, `{"a":1}`, `{"data_stream":{"dataset":"a\nb"}}`, `{"b":1}`))
	if kind(outcomes[0]) != "done" || kind(outcomes[1]) != "permanent" || kind(outcomes[2]) != "done" {
		t.Errorf("outcomes %v", outcomes)
	}
	for key := range s.kept() {
		if !strings.HasPrefix(key, "logs-web-prod/") {
			t.Errorf("a document is at %s", key)
		}
	}
}

// What would make Elasticsearch refuse a request with all its events, or fail for ever, is refused before.
func TestEventsThatNoRequestMayHold(t *testing.T) {
	s := newServer(t)
	o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "%{i}", DocumentID: "%{d}"})
	outcomes := write(t, o, batchOf(t, o, `{"i":"a","d":"1"}`, `{"i":"","d":"2"}`, `{"i":"a","d":"`+strings.Repeat("x", 513)+`"}`,
		`{"i":"a","d":"`+strings.Repeat("x", 512)+`"}`, `{"i":"","d":"5"}`, `{"i":"a","d":"6"}`))
	want := []string{"done", "permanent", "permanent", "done", "permanent", "done"}
	for i, outcome := range outcomes {
		if kind(outcome) != want[i] {
			t.Errorf("outcome %d is %v, want %s", i, outcome, want[i])
		}
	}
	if n, _ := s.received(); n != 1 || len(s.kept()) != 3 {
		t.Errorf("%d requests, %d documents", n, len(s.kept()))
	}
	each(t, write(t, o, batchOf(t, o, `{"i":""}`, `{"i":""}`)), "permanent")
	if n, _ := s.received(); n != 1 {
		t.Error("a request without events was sent")
	}
}

func TestAnswersForAWholeRequest(t *testing.T) {
	problem := func(kind, reason string) string {
		return fmt.Sprintf(`{"error":{"root_cause":[],"type":%q,"reason":%q},"status":400}`, kind, reason)
	}
	good := `{"create":{"status":201}}`
	for name, test := range map[string]struct {
		status     int
		retryAfter string
		body       string
		kind, says string
		delay      time.Duration
	}{
		"too many requests":  {429, "7", problem("es_rejected_execution_exception", "rejected"), "again", "es_rejected_execution_exception: rejected", 7 * time.Second},
		"unavailable":        {503, "", `{"error":"no master","status":503}`, "again", "no master", 0},
		"a gateway's error":  {502, "2", "<html>\nBad Gateway</html>", "again", "<html> Bad Gateway</html>", 2 * time.Second},
		"a wrong password":   {401, "", problem("security_exception", "unable to authenticate"), "blocked", "unable to", 0},
		"no right":           {403, "", problem("security_exception", "unauthorized"), "blocked", "status 403", 0},
		"no right, a proxy":  {403, "", "<html>", "blocked", "status 403", 0},
		"a block of all":     {403, "", problem("cluster_block_exception", "read-only"), "again", "read-only", 0},
		"a wrong path":       {404, "", "", "again", "no reason given", 0},
		"a bad request":      {400, "", problem("illegal_argument_exception", "what"), "again", "illegal_argument", 0},
		"a redirect":         {301, "", "moved", "again", "301", 0},
		"not JSON":           {200, "", "<html>log in</html>", "again", "makes no sense", 0},
		"empty":              {200, "", "", "again", "makes no sense", 0},
		"null":               {200, "", "null", "again", "makes no sense", 0},
		"cut short":          {200, "", `{"errors":false,"items":[` + good + `,` + good + `,{"create":{"sta`, "again", "makes no sense", 0},
		"too few items":      {200, "", `{"errors":false,"items":[` + good + `,` + good + `]}`, "again", "2 items, 3 were sent", 0},
		"too many items":     {200, "", `{"errors":false,"items":[` + good + `,` + good + `,` + good + `,` + good + `]}`, "again", "4 items", 0},
		"no items":           {200, "", `{"errors":false}`, "again", "0 items", 0},
		"of another action":  {200, "", `{"errors":false,"items":[` + good + `,{"index":{"status":201}},` + good + `]}`, "again", "makes no sense", 0},
		"a status of none":   {200, "", `{"errors":false,"items":[` + good + `,{"create":{}},` + good + `]}`, "again", "makes no sense", 0},
		"an odd status":      {200, "", `{"errors":false,"items":[` + good + `,{"create":{"status":302}},` + good + `]}`, "again", "makes no sense", 0},
		"another form":       {200, "", "{ \"items\": [" + good + "," + good + ",\n" + good + "], \"errors\":false}\n", "done", "", 0},
		"something added":    {200, "", `{"errors":false,"took":7,"items":[` + good + `,{"create":{"_id":"x","status":200}},` + good + `]}`, "done", "", 0},
		"garbage at the end": {200, "", `{"errors":false,"items":[` + good + `,` + good + `,` + good + `]}]`, "again", "makes no sense", 0},
		"endless":            {200, "", strings.Repeat(" ", 1<<20+3*largestItem+1), "again", "longer than expected", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.answerWith(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
				return true
			})
			o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "logs"})
			outcomes := write(t, o, batchOf(t, o, numbered(0, 3)...))
			each(t, outcomes, test.kind)
			for _, outcome := range outcomes {
				if outcome != nil && !strings.Contains(outcome.Error(), test.says) {
					t.Errorf("%v does not say %q", outcome, test.says)
				}
				var after *outputs.RetryAfter
				if errors.As(outcome, &after) != (test.delay > 0) || after != nil && after.Delay != test.delay {
					t.Errorf("%v does not ask for %s", outcome, test.delay)
				}
			}
			if n, _ := s.received(); n != 1 && test.status != 400 && name != "endless" {
				t.Errorf("%d requests: something tries again by itself", n)
			}
		})
	}
}

func TestAnswersForAnEvent(t *testing.T) {
	fixed := Options{Index: "logs", Pipeline: "p"}
	varied := Options{Index: "%{[@metadata][beat]}", Pipeline: "%{[@metadata][pipeline]}"}
	over := Options{Index: "logs", Action: ActionIndex}
	said := func(kind, reason string) string { return fmt.Sprintf(`,"error":{"type":%q,"reason":%q}`, kind, reason) }
	missing := said("illegal_argument_exception", "pipeline with id [p] does not exist")
	for i, test := range []struct {
		options Options
		status  int
		problem string
		want    string
	}{
		{fixed, 409, said("version_conflict_engine_exception", "exists"), "done"},
		{over, 409, said("version_conflict_engine_exception", "exists"), "permanent"},
		{fixed, 400, said("document_parsing_exception", "failed to parse field [a] of type [long]"), "permanent"},
		{fixed, 400, "", "permanent"},
		{fixed, 422, said("odd", "odd"), "permanent"},
		{fixed, 413, said("odd", "odd"), "permanent"},
		{fixed, 429, said("es_rejected_execution_exception", "full"), "again"},
		{fixed, 429, said("cluster_block_exception", "flood-stage"), "again"},
		{fixed, 408, said("timeout", "slow"), "again"},
		{fixed, 503, said("unavailable_shards_exception", "no primary"), "again"},
		{fixed, 500, "", "again"},
		{fixed, 403, said("cluster_block_exception", "read-only"), "again"},
		{fixed, 403, said("security_exception", "unauthorized"), "blocked"},
		{fixed, 401, "", "blocked"},
		{fixed, 404, said("index_not_found_exception", "no such index"), "blocked"},
		{varied, 404, said("index_not_found_exception", "no such index"), "blocked"},
		{varied, 400, said("index_closed_exception", "closed"), "blocked"},
		{varied, 400, said("validation_exception", "this action would add shards"), "again"},
		{fixed, 400, said("invalid_index_name_exception", "must be lowercase"), "blocked"},
		{varied, 400, said("invalid_index_name_exception", "must be lowercase"), "permanent"},
		{fixed, 400, missing, "blocked"},
		{varied, 400, missing, "permanent"},
		{fixed, 400, said("illegal_argument_exception", "Limit of total fields [1000] has been exceeded"), "permanent"},
		{over, 400, said("illegal_argument_exception", "only write ops with an op_type of create are allowed in data streams"), "blocked"},
	} {
		s := newServer(t)
		s.refuse = func(_, id, _ string) (int, string) {
			if id == idOf(1) {
				return test.status, test.problem
			}
			return 0, ""
		}
		test.options.Hosts = []string{s.URL}
		o := newOutput(t, test.options)
		outcomes := write(t, o, batchOf(t, o, numbered(0, 3)...))
		if got := kind(outcomes[1]); got != test.want {
			t.Errorf("%d: %d%s is %s, want %s", i, test.status, test.problem, got, test.want)
		}
		if outcomes[0] != nil || outcomes[2] != nil {
			t.Errorf("%d: the events around it are %v and %v", i, outcomes[0], outcomes[2])
		}
		if outcomes[1] != nil && !strings.Contains(outcomes[1].Error(), fmt.Sprint(test.status)) {
			t.Errorf("%d: %v does not name the status", i, outcomes[1])
		}
	}
}

// tooLargeAbove answers 413 to bodies above a size.
func tooLargeAbove(most int) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		if len(body) <= most {
			return false
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(w, "<html>Request Entity Too Large</html>")
		return true
	}
}

func TestRequestsThatAreTooLargeAreHalved(t *testing.T) {
	s := newServer(t)
	s.answerWith(tooLargeAbove(200_000))
	o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "logs"})
	documents := numbered(0, 3000)
	documents[1234] = `{"message":"` + strings.Repeat("x", 300_000) + `"}`
	outcomes := write(t, o, batchOf(t, o, documents...))
	for i, outcome := range outcomes {
		if want := map[bool]string{true: "permanent", false: "done"}[i == 1234]; kind(outcome) != want {
			t.Fatalf("outcome %d is %v, want %s", i, outcome, want)
		}
	}
	if len(s.kept()) != 2999 {
		t.Errorf("%d documents", len(s.kept()))
	}
	// The next batch is kept smaller from the beginning: none is refused.
	refused := 0
	s.answerWith(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		large := tooLargeAbove(200_000)(w, r, body)
		if large {
			refused++
		}
		return large
	})
	before, _ := s.received()
	each(t, write(t, o, batchOf(t, o, numbered(0, 3000)...)), "done")
	if after, _ := s.received(); refused > 0 || after < before+3 {
		t.Errorf("%d requests for 3000 events, %d refused", after-before, refused)
	}
	for _, kept := range s.kept() {
		if kept.writes != 1 {
			t.Fatal("a document was written twice")
		}
	}
	// After enough requests that pass, larger ones are tried again.
	s.answerWith(nil)
	for range 20 * raisedAfter {
		o.sizes.succeeded()
	}
	before, _ = s.received()
	each(t, write(t, o, batchOf(t, o, numbered(0, 3000)...)), "done")
	if after, _ := s.received(); after != before+1 {
		t.Errorf("%d requests for 3000 events", after-before)
	}
}

// A proxy may hang up on a request that is too large for it, and its answer is lost: smaller ones pass, and what is too large
// alone holds up no other event.
func TestConnectionsThatEndUnderLargeRequests(t *testing.T) {
	s := newServer(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength <= 1<<20 {
			s.ServeHTTP(w, r)
			return
		}
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		connection.(*net.TCPConn).SetLinger(0)
		connection.Close()
	}))
	t.Cleanup(proxy.Close)
	o := newOutput(t, Options{Hosts: []string{proxy.URL}, Index: "logs"})
	documents := numbered(0, 5000)
	documents[100] = `{"message":"` + strings.Repeat("x", 4<<20) + `"}`
	for range 2 {
		for i, outcome := range write(t, o, batchOf(t, o, documents...)) {
			if want := map[bool]string{true: "again", false: "done"}[i == 100]; kind(outcome) != want {
				t.Fatalf("outcome %d is %v, want %s", i, outcome, want)
			}
		}
	}
	// Where nobody listens any more, nothing is halved.
	proxy.Close()
	each(t, write(t, o, batchOf(t, o, numbered(0, 10)...)), "again")
}

// A request that is refused as a whole condemns an event only where others pass.
func TestEventThatSpoilsRequestsIsFound(t *testing.T) {
	s := newServer(t)
	o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "logs"})
	spoiled := func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		if !bytes.Contains(body, []byte("spoil")) {
			return false
		}
		fail(w, 400, "action_request_validation_exception", "Validation Failed")
		return true
	}
	for _, bad := range [][]int{{0}, {999}, {500, 501, 502}, {0, 250, 500, 999}} {
		documents := numbered(0, 1000)
		for _, i := range bad {
			documents[i] = `{"message":"spoil"}`
		}
		s.answerWith(spoiled)
		outcomes := write(t, o, batchOf(t, o, documents...))
		refused := 0
		for i, outcome := range outcomes {
			if kind(outcome) == "permanent" && strings.Contains(documents[i], "spoil") {
				refused++
			} else if outcome != nil {
				t.Fatalf("outcome %d is %v", i, outcome)
			}
		}
		if refused != len(bad) {
			t.Errorf("%d refused, want %d", refused, len(bad))
		}
	}
	before, _ := s.received()
	s.answerWith(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		fail(w, 400, "proxy", "no")
		return true
	})
	each(t, write(t, o, batchOf(t, o, numbered(0, 1000)...)), "again")
	if after, _ := s.received(); after-before > mostFruitless {
		t.Errorf("%d requests to a server that refuses all", after-before)
	}
	each(t, write(t, o, batchOf(t, o, numbered(0, 1)...)), "again")
}

// Whatever happens on the way, tries that go on until all is done leave each event once.
func TestEachEventOnceWhateverHappens(t *testing.T) {
	s := newServer(t)
	random := rand.New(rand.NewPCG(1, 2))
	s.answerWith(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		switch random.IntN(6) {
		case 0:
			panic(http.ErrAbortHandler) // before anything was done
		case 1:
			s.bulk(discarded{}, r, body)
			panic(http.ErrAbortHandler) // after all was done
		case 2:
			s.bulk(discarded{}, r, body)
			fmt.Fprint(w, `{"errors":false,"items":[]}`)
			return true
		case 3:
			fail(w, 429, "es_rejected_execution_exception", "later")
			return true
		case 4:
			return tooLargeAbove(8000)(w, r, body)
		}
		return false
	})
	o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "logs", CompressionLevel: 1})
	batch := batchOf(t, o, numbered(0, 200)...)
	for tries := 0; len(batch.Events) > 0; tries++ {
		if tries > 1000 {
			t.Fatalf("%d events are left", len(batch.Events))
		}
		var left []outputs.Event
		for i, outcome := range write(t, o, batch) {
			if kind(outcome) == "again" {
				left = append(left, batch.Events[i])
			} else if outcome != nil {
				t.Fatal(outcome)
			}
		}
		batch = &outputs.Batch{Events: left}
	}
	for key, kept := range s.kept() {
		if kept.writes != 1 {
			t.Errorf("%s was written %d times", key, kept.writes)
		}
	}
	if len(s.kept()) != 200 {
		t.Errorf("%d documents", len(s.kept()))
	}
}

// discarded is an answer that never arrives.
type discarded struct{}

func (discarded) Header() http.Header         { return http.Header{} }
func (discarded) Write(p []byte) (int, error) { return len(p), nil }
func (discarded) WriteHeader(int)             {}

func TestWriteEndsWithItsContextAndItsTimeout(t *testing.T) {
	s := newServer(t)
	reached, end := make(chan struct{}, 2), make(chan struct{})
	s.answerWith(func(http.ResponseWriter, *http.Request, []byte) bool {
		reached <- struct{}{}
		<-end
		return true
	})
	defer close(end)
	o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "logs"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	outcomes, err := o.Write(ctx, batchOf(t, o, numbered(0, 2)...))
	if err != nil || !errors.Is(outcomes[0], context.Canceled) || outcomes[1] == nil {
		t.Errorf("outcomes %v, %v", outcomes, err)
	}
	hasty := newOutput(t, Options{Hosts: []string{s.URL}, Index: "logs", Timeout: 10 * time.Millisecond})
	outcomes = write(t, hasty, batchOf(t, hasty, numbered(0, 2)...))
	each(t, outcomes, "again")
	if !strings.Contains(outcomes[0].Error(), "no answer within 10ms") {
		t.Error(outcomes[0])
	}
}

// Memory that the client may still read is not written to.
func TestBodiesThatAreStillReadAreLeftAlone(t *testing.T) {
	r, err := newRequest(0)
	if err != nil {
		t.Fatal(err)
	}
	r.plain = append(r.plain, "abc"...)
	request, err := r.http(t.Context(), "/_bulk")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := request.GetBody()
	for _, closes := range []func() error{request.Body.Close, request.Body.Close, again.Close} {
		if r.reusable() {
			t.Error("a body that is open may be written to")
		}
		closes()
	}
	if !r.reusable() {
		t.Error("a body that is closed may not be written to")
	}
	r.answer = make([]byte, mostKept+1)
	if r.reusable() {
		t.Error("a huge request is kept")
	}
}

func TestCheck(t *testing.T) {
	s := newServer(t)
	if err := newOutput(t, Options{Hosts: []string{s.URL}}).Check(t.Context()); err != nil {
		t.Error(err)
	}
	s.answerWith(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		fail(w, 401, "security_exception", "no such user")
		return true
	})
	host := strings.Replace(s.URL, "http://", "http://u:hidden-one@", 1)
	err := newOutput(t, Options{Hosts: []string{host}}).Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no such user") || strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
}

// The memory of a request is used again, unless somebody may still read it.
func TestMemoryIsUsedAgain(t *testing.T) {
	s := newServer(t)
	o := newOutput(t, Options{Hosts: []string{s.URL}, Index: "logs"})
	each(t, write(t, o, batchOf(t, o, numbered(0, 10)...)), "done")
	r, err := o.take()
	if err != nil || cap(r.plain) == 0 {
		t.Fatalf("the request has room for %d bytes: %v", cap(r.plain), err)
	}
	r.open.Add(1)
	o.release(r)
	if other, _ := o.take(); other == r {
		t.Error("a request that is still read was given out")
	}
}
