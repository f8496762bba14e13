package http

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/outputtest"
)

// endpoint is a server that takes events.
type endpoint struct {
	t   *testing.T
	url string

	mutex    sync.Mutex
	bodies   [][]byte
	requests []request
	answer   func(http.ResponseWriter, request) bool // answers, or returns false where the request is to be taken
}

type request struct {
	http.Header

	events [][]byte
	length int
}

func serve(t *testing.T) *endpoint {
	e := &endpoint{t: t}
	server := httptest.NewUnstartedServer(e)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	e.url = server.URL + "/logs"
	t.Cleanup(server.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		from, _ = gzip.NewReader(from)
	}
	body, err := io.ReadAll(from)
	if err != nil || r.Method != http.MethodPost {
		return // the client went away, or only asked
	}
	events, err := eventsOf(r.Header.Get("Content-Type"), body)
	if err != nil {
		e.t.Error(err)
	}
	got := request{r.Header, events, len(body)}
	e.mutex.Lock()
	e.requests = append(e.requests, got)
	answer := e.answer
	e.mutex.Unlock()
	if answer != nil && answer(w, got) {
		return
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.bodies = append(e.bodies, events...)
	w.WriteHeader(http.StatusAccepted)
}

// eventsOf takes a body apart as one who knows the form does.
func eventsOf(contentType string, body []byte) (events [][]byte, err error) {
	if contentType == "application/json" {
		var list []json.RawMessage
		err = json.Unmarshal(body, &list)
		for _, event := range list {
			events = append(events, event)
		}
		return events, err
	}
	if contentType != "application/x-ndjson" || !bytes.HasSuffix(body, []byte("\n")) {
		return nil, fmt.Errorf("a body of type %s that ends with %q", contentType, body[max(0, len(body)-5):])
	}
	return bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n")), nil
}

func (e *endpoint) set(answer func(http.ResponseWriter, request) bool) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.answer = answer
}

func (e *endpoint) received(*testing.T) [][]byte {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return slices.Clone(e.bodies)
}

func (e *endpoint) seen() []request {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return slices.Clone(e.requests)
}

// with answers with a status.
func with(status int) func(http.ResponseWriter, request) bool {
	return func(w http.ResponseWriter, _ request) bool {
		w.WriteHeader(status)
		fmt.Fprint(w, "sorry\n")
		return true
	}
}

// refusing refuses requests with an event that is bad.
func refusing(status int, bad func(event []byte) bool) func(http.ResponseWriter, request) bool {
	return func(w http.ResponseWriter, r request) bool {
		return slices.ContainsFunc(r.events, bad) && with(status)(w, r)
	}
}

func (e *endpoint) fixture(options Options, failure func(http.ResponseWriter, request) bool) outputtest.Fixture {
	options.URL = e.url
	return outputtest.Fixture{
		Open:     func(t *testing.T) outputs.Output { return open(t, options) },
		Received: e.received,
		Fail:     func(*testing.T) { e.set(failure) },
		Mend:     func(*testing.T) { e.set(nil) },
		Stumble: func(*testing.T) {
			var count int
			e.set(func(w http.ResponseWriter, r request) bool {
				e.mutex.Lock()
				count++
				fails := count%3 == 0
				e.mutex.Unlock()
				switch {
				case len(r.events) > 40:
					return with(http.StatusRequestEntityTooLarge)(w, r)
				case fails:
					return with(http.StatusTooManyRequests)(w, r)
				}
				return false
			})
		},
		Refuse: func(_ *testing.T, which func([]byte) bool) { e.set(refusing(http.StatusUnprocessableEntity, which)) },
		Hang: func(t *testing.T) func() bool {
			hangs := make(chan struct{})
			t.Cleanup(func() { close(hangs) })
			e.set(func(http.ResponseWriter, request) bool {
				<-hangs
				return true
			})
			return func() bool { return len(e.seen()) > 0 }
		},
		Ordered: options.Concurrency == 1, OnceAfterFailures: true,
	}
}

func open(t *testing.T, options Options) *Output {
	t.Helper()
	output, err := New(options)
	must(t, err)
	return output
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConforms(t *testing.T) {
	cut := func(http.ResponseWriter, request) bool { panic(http.ErrAbortHandler) }
	for name, test := range map[string]struct {
		options Options
		failure func(http.ResponseWriter, request) bool
	}{
		"lines":      {Options{}, with(http.StatusServiceUnavailable)},
		"in order":   {Options{Concurrency: 1}, with(http.StatusInternalServerError)},
		"array":      {Options{Format: Array, Concurrency: 5}, cut},
		"compressed": {Options{Compression: 1}, with(http.StatusTooManyRequests)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outputtest.Run(t, func(t *testing.T) outputtest.Fixture { return serve(t).fixture(test.options, test.failure) })
		})
	}
}

// batch returns numbered events with IDs.
func batch(count int) *outputs.Batch {
	b := &outputs.Batch{}
	for i := range count {
		body := fmt.Appendf(nil, `{"number":%d}`, i)
		b.Events = append(b.Events, outputs.Event{Body: body, ID: outputs.ID{Journal: 1, Record: 2, Index: uint32(i)}})
		b.Bytes += len(body)
	}
	return b
}

func write(t *testing.T, output *Output, b *outputs.Batch) []error {
	t.Helper()
	outcomes, err := output.Write(t.Context(), b)
	if err != nil || len(outcomes) != len(b.Events) {
		t.Fatalf("%d outcomes, %v", len(outcomes), err)
	}
	return outcomes
}

// kind says what an outcome is.
func kind(err error) string {
	var after *outputs.RetryAfter
	var blocked *outputs.Blocked
	switch {
	case err == nil:
		return "done"
	case isPermanent(err):
		return "permanent"
	case errors.As(err, &blocked):
		return "blocked"
	case errors.As(err, &after):
		return "after " + after.Delay.String()
	case errors.Is(err, outputs.ErrNotTried):
		return "not tried"
	}
	return "again"
}

func TestOutcomes(t *testing.T) {
	e := serve(t)
	output := open(t, Options{URL: e.url})
	defer output.Close()
	for status, want := range map[int]string{
		200: "done", 201: "done", 202: "done", 204: "done", 301: "blocked", 304: "blocked", 307: "blocked",
		400: "permanent", 401: "blocked", 402: "blocked", 403: "blocked", 404: "blocked", 405: "blocked", 406: "blocked",
		407: "blocked", 408: "after 7s", 409: "after 7s", 410: "blocked", 411: "blocked", 413: "permanent", 414: "blocked",
		415: "blocked", 418: "blocked", 422: "permanent", 425: "after 7s", 429: "after 7s", 431: "blocked", 451: "blocked",
		500: "after 7s", 502: "after 7s", 503: "after 7s", 504: "after 7s",
	} {
		e.set(func(w http.ResponseWriter, _ request) bool {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			return true
		})
		outcomes := write(t, output, batch(3))
		for _, outcome := range outcomes {
			if got := kind(outcome); got != want {
				t.Errorf("%d gives %s: %v, want %s", status, got, outcome, want)
			}
		}
	}
	e.set(with(http.StatusTooManyRequests))
	if got := kind(write(t, output, batch(1))[0]); got != "again" {
		t.Errorf("429 without a delay gives %s", got)
	}
}

// A bad event among many is found, and the others are taken, in few requests.
func TestOneBadEventAmongMany(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity} {
		e := serve(t)
		e.set(refusing(status, func(event []byte) bool { return string(event) == `{"number":12345}` }))
		output := open(t, Options{URL: e.url})
		for i, outcome := range write(t, output, batch(20_000)) {
			want := "done"
			if i == 12345 {
				want = "permanent"
			}
			if got := kind(outcome); got != want {
				t.Fatalf("event %d: %v", i, outcome)
			}
		}
		must(t, output.Close())
		if requests := len(e.seen()); requests > 2*15+1 {
			t.Errorf("%d requests", requests)
		}
		if got := len(e.received(t)); got != 19_999 {
			t.Errorf("%d events were received", got)
		}
	}
}

func TestTooLarge(t *testing.T) {
	e := serve(t)
	e.set(func(w http.ResponseWriter, r request) bool {
		return r.length > 100 && with(http.StatusRequestEntityTooLarge)(w, r)
	})
	output := open(t, Options{URL: e.url})
	defer output.Close()
	events := batch(50)
	events.Events[17].Body = []byte(`{"number":17,"padding":"` + strings.Repeat("x", 100) + `"}`)
	for i, outcome := range write(t, output, events) {
		if (outcome == nil) != (i != 17) || i == 17 && !strings.Contains(outcome.Error(), "too large") {
			t.Errorf("event %d: %v", i, outcome)
		}
	}
}

// Where every event is refused, it is not the events: only so many are set aside. One that is taken begins the count anew.
func TestEverythingIsRefused(t *testing.T) {
	e := serve(t)
	e.set(with(http.StatusBadRequest))
	output := open(t, Options{URL: e.url})
	defer output.Close()
	kinds := map[string]int{}
	for range 4 {
		for _, outcome := range write(t, output, batch(64)) {
			kinds[kind(outcome)]++
		}
	}
	if kinds["permanent"] != mostRefusals || kinds["blocked"] != 3 || kinds["done"] != 0 {
		t.Errorf("got %v", kinds)
	}
	requests := len(e.seen())
	outcomes := write(t, output, batch(64))
	if kind(outcomes[0]) != "blocked" || !strings.Contains(outcomes[0].Error(), "check the address") || kind(outcomes[1]) != "not tried" {
		t.Errorf("got %v, %v", outcomes[0], outcomes[1])
	}
	if more := len(e.seen()) - requests; more > 7 {
		t.Errorf("%d requests while it is blocked", more)
	}
	e.set(refusing(http.StatusBadRequest, func(event []byte) bool { return string(event) == `{"number":5}` }))
	outcomes = write(t, output, batch(64))
	if kind(outcomes[63]) != "done" || kind(write(t, output, batch(6))[5]) != "permanent" {
		t.Errorf("after it was mended: %v", outcomes)
	}
}

func TestRequest(t *testing.T) {
	e := serve(t)
	output := open(t, Options{URL: e.url, Token: "hunter2", Headers: map[string]string{"X-Scope": "ops"}, Compression: 6})
	write(t, output, batch(3))
	write(t, output, batch(3))
	write(t, output, batch(2))
	must(t, output.Close())
	seen := e.seen()
	for name, want := range map[string]string{
		"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", "Authorization": "Bearer hunter2", "X-Scope": "ops",
		"User-Agent": "logboom",
	} {
		if got := seen[0].Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	first, again, fewer := seen[0].Get("Idempotency-Key"), seen[1].Get("Idempotency-Key"), seen[2].Get("Idempotency-Key")
	if len(first) != 43 || first != again || first == fewer || !strings.HasSuffix(first, ".3") {
		t.Errorf("keys are %q, %q, %q", first, again, fewer)
	}
	basic := open(t, Options{URL: e.url, Username: "me", Password: "hunter2"})
	write(t, basic, batch(1))
	must(t, basic.Close())
	last := e.seen()[3]
	if name, password, ok := (&http.Request{Header: last.Header}).BasicAuth(); !ok || name != "me" || password != "hunter2" {
		t.Errorf("got %q", last.Get("Authorization"))
	}
	if outcomes := write(t, basic, batch(0)); len(outcomes) != 0 || len(e.seen()) != 4 {
		t.Error("an empty batch was sent")
	}
}

func TestNoAnswerInTime(t *testing.T) {
	e := serve(t)
	end := make(chan struct{})
	defer close(end)
	e.set(func(http.ResponseWriter, request) bool {
		<-end
		return true
	})
	output := open(t, Options{URL: e.url, Timeout: 30 * time.Millisecond})
	defer output.Close()
	if outcomes := write(t, output, batch(2)); kind(outcomes[0]) != "again" || kind(outcomes[1]) != "again" {
		t.Errorf("got %v", outcomes)
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"the system's": {Options{}, "again"}, "its own": {Options{CA: ca}, "done"}, "any": {Options{InsecureSkipVerify: true}, "done"},
	} {
		test.options.URL = server.URL
		output := open(t, test.options)
		if got := write(t, output, batch(1))[0]; kind(got) != test.want {
			t.Errorf("trusting %s: %v", name, got)
		}
		if err := output.Check(t.Context()); (err == nil) != (test.want == "done") {
			t.Errorf("trusting %s, Check: %v", name, err)
		}
		must(t, output.Close())
	}
}

// Neither by printing nor in an error, nor where a server sends it back.
func TestNoSecretIsShown(t *testing.T) {
	e := serve(t)
	options := Options{
		URL: e.url + "/hunter2-path?key=hunter2", Token: "hunter2-token", Headers: map[string]string{"X-Key": "hunter2-header"},
	}
	for _, status := range []int{400, 401, 409, 413, 418, 429, 500} {
		e.set(func(w http.ResponseWriter, r request) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, r.Header, options.URL)
			return true
		})
		output := open(t, options)
		err := write(t, output, batch(1))[0]
		must(t, output.Close())
		for _, printed := range []any{options, &options, output, err} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(verb, printed); strings.Contains(text, "hunter2") {
					t.Errorf("%d: %s of %T shows a secret: %s", status, verb, printed, text)
				}
			}
		}
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	_, err := New(Options{URL: "hunter2", Format: "xml", Compression: 10, Username: "a", CA: []byte("x")})
	for _, want := range []string{"url: ", "format: ", "compression_level: ", "username and password", "ca: "} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for status, good := range map[int]bool{200: true, 204: true, 404: true, 405: true, 501: true, 401: false, 407: false, 500: false, 302: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodOptions {
				t.Errorf("a %s was sent", r.Method)
			}
			w.WriteHeader(status)
		}))
		output := open(t, Options{URL: server.URL})
		if err := output.Check(t.Context()); (err == nil) != good {
			t.Errorf("%d: %v", status, err)
		}
		must(t, output.Close())
		server.Close()
	}
}

func BenchmarkWrite(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	for _, level := range []int{0, 1} {
		b.Run(fmt.Sprintf("level %d", level), func(b *testing.B) {
			output, err := New(Options{URL: server.URL, Compression: level})
			must(b, err)
			defer output.Close()
			events := &outputs.Batch{}
			for i := range 5000 {
				events.Events = append(events.Events, outputs.Event{Body: outputtest.Event(i, 250)})
				events.Bytes += len(events.Events[i].Body)
			}
			b.SetBytes(int64(events.Bytes))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := output.Write(b.Context(), events); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(events.Events))/b.Elapsed().Seconds(), "events/s")
		})
	}
}
