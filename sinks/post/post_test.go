package post

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/sinks"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newClient(t *testing.T, options Options) *Client {
	t.Helper()
	if options.Now == nil {
		options.Now = func() time.Time { return start }
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// serve starts a server that ends with the test.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestOutcomes(t *testing.T) {
	type kind struct{ done, permanent, blocked bool }
	done, passing, blocked, refused := kind{done: true}, kind{}, kind{blocked: true}, kind{permanent: true}
	for _, test := range []struct {
		status     int
		retryAfter string
		want       kind
		delay      time.Duration
	}{
		{200, "", done, 0},
		{202, "", done, 0},
		{204, "", done, 0},
		{299, "9", done, 0},
		{301, "", blocked, 0},
		{304, "", blocked, 0},
		{307, "5", blocked, 0},
		{400, "", refused, 0},
		{401, "", blocked, 0},
		{402, "", refused, 0},
		{403, "", blocked, 0},
		{404, "", blocked, 0},
		{405, "", blocked, 0},
		{407, "", blocked, 0},
		{408, "", passing, 0},
		{409, "", refused, 0},
		{410, "", blocked, 0},
		{413, "", refused, 0},
		{415, "", refused, 0},
		{421, "", blocked, 0},
		{422, "", refused, 0},
		{425, "", passing, 0},
		{429, "", passing, 0},
		{429, "17", passing, 17 * time.Second},
		{429, start.Add(time.Hour).Format(http.TimeFormat), passing, time.Hour},
		{429, "soon", passing, 0},
		{500, "", passing, 0},
		{501, "", passing, 0},
		{502, "", passing, 0},
		{503, "30", passing, 30 * time.Second},
		{504, "", passing, 0},
		{599, "", passing, 0},
	} {
		address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if test.retryAfter != "" {
				w.Header().Set("Retry-After", test.retryAfter)
			}
			w.WriteHeader(test.status)
		})
		answer, err := newClient(t, Options{}).Post(t.Context(), address, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = answer.Outcome()
		if got := (kind{err == nil, sinks.IsPermanent(err), sinks.IsBlocked(err)}); got != test.want {
			t.Errorf("%d gave %v", test.status, err)
		}
		var after *sinks.RetryAfter
		if errors.As(err, &after) != (test.delay > 0) || after != nil && after.Delay != test.delay {
			t.Errorf("%d with %q gave %v, want a delay of %s", test.status, test.retryAfter, err, test.delay)
		}
	}
}

func TestErrorsSayWhatTheReceiverSaidAndWhatToDo(t *testing.T) {
	for status, want := range map[int]string{
		401: "status 401: no such user (check the credentials)", 404: "status 404: no such user (check the address)",
		307: "status 307: no such user (redirects are not followed; give the address that it leads to)",
		422: "status 422: no such user",
	} {
		if got := (Answer{Status: status, Body: []byte("no such\n user\n")}).Outcome().Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := (Answer{Status: 500}).Outcome().Error(); got != "status 500" {
		t.Errorf("got %q", got)
	}
}

func TestHeaders(t *testing.T) {
	var got http.Header
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	own := http.Header{"Content-Type": {"application/json"}, "X-Own": {"own"}}
	options := Options{Token: "hidden", Header: map[string]string{"x-team": "ops", "X-Own": "not this"}}
	if _, err := newClient(t, options).Post(t.Context(), address, own, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer hidden", "X-Team": "ops", "X-Own": "own", "Content-Type": "application/json", "User-Agent": "logboom",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
	options = Options{Username: "me", Password: "hidden"}
	if _, err := newClient(t, options).Post(t.Context(), address, nil, nil); err != nil {
		t.Fatal(err)
	}
	if name, password, found := (&http.Request{Header: got}).BasicAuth(); !found || name != "me" || password != "hidden" {
		t.Errorf("got %q", got.Get("Authorization"))
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the request went to where it was redirected") })
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other, http.StatusTemporaryRedirect)
	})
	answer, err := newClient(t, Options{Token: "hidden"}).Post(t.Context(), address, nil, []byte("{}"))
	if err != nil || !sinks.IsBlocked(answer.Outcome()) {
		t.Errorf("got %v, %v", answer.Outcome(), err)
	}
}

func TestNoAnswerInTime(t *testing.T) {
	end := make(chan struct{})
	address := serve(t, func(http.ResponseWriter, *http.Request) { <-end })
	defer close(end)
	_, err := newClient(t, Options{Timeout: 20 * time.Millisecond}).Post(t.Context(), address, nil, nil)
	if err == nil || sinks.IsPermanent(err) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got %v", err)
	}
}

func TestAnswerThatIsCut(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	if _, err := newClient(t, Options{}).Post(t.Context(), address, nil, nil); err == nil || sinks.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestLongAnswerIsCutOff(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, strings.Repeat("sorry ", longestAnswer))
	})
	answer, err := newClient(t, Options{}).Post(t.Context(), address, nil, nil)
	if err != nil || len(answer.Body) != longestAnswer || len(answer.Outcome().Error()) > 600 {
		t.Errorf("read %d bytes, %v", len(answer.Body), err)
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = nil
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, test := range map[string]struct {
		options Options
		works   bool
	}{
		"the system's": {Options{}, false}, "its own": {Options{CA: ca}, true}, "any": {Options{InsecureSkipVerify: true}, true},
	} {
		_, err := newClient(t, test.options).Post(t.Context(), server.URL, nil, nil)
		if (err == nil) != test.works || !test.works && !strings.Contains(err.Error(), "certificate") {
			t.Errorf("trusting %s: %v", name, err)
		}
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	for want, options := range map[string]Options{
		"token: set either":     {Token: "hidden", Username: "a", Password: "hidden"},
		"username and password": {Username: "a"},
		"token: it holds":       {Token: "hidden\n"},
		"ca: it holds no PEM":   {CA: []byte("hidden")},
		`"a b" is not a name`:   {Header: map[string]string{"a b": "hidden"}},
		"value of X-Key holds":  {Header: map[string]string{"X-Key": "hidden\r\nX-Other: 1"}},
		"Content-Type is set":   {Header: map[string]string{"content-type": "hidden"}},
		"Host is set":           {Header: map[string]string{"host": "hidden"}},
	} {
		_, err := New(options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestNoSecretIsShown: neither by printing, nor in an error of a connection, nor where a server sends it back.
func TestNoSecretIsShown(t *testing.T) {
	echo := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintln(w, r.Header, r.URL)
	})
	for _, address := range []string{"http://127.0.0.1:1/path-hidden?key=hidden", echo + "/path-hidden?key=hidden", "http://%hidden"} {
		for _, options := range []Options{
			{Token: "hidden", Header: map[string]string{"X-Key": "hidden-value"}}, {Username: "me", Password: "hidden"},
		} {
			options.Secrets = []string{address}
			client := newClient(t, options)
			answer, err := client.Post(t.Context(), address, nil, nil)
			if err == nil {
				err = client.Scrub(answer.Outcome())
			}
			for _, printed := range []any{options, &options, client, client.secrets, err} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
					text := fmt.Sprintf(verb, printed)
					if strings.Contains(text, "hidden") || strings.Contains(text, "bWU6aGlkZGVu") {
						t.Errorf("%s of %T shows a secret: %s", verb, printed, text)
					}
				}
			}
		}
	}
}

func TestIsURL(t *testing.T) {
	for text, want := range map[string]bool{
		"http://a": true, "https://a:1/b?c=d": true, "": false, "a": false, "ftp://a": false, "http://": false, "http://u:p@a": false,
		"http://:80": false,
	} {
		if IsURL(text) != want {
			t.Errorf("%q is a URL: %t", text, !want)
		}
	}
}
