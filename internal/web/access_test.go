package web

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const secret = "s3cret-token-of-the-test"

// open and closed are the endpoints that answer everybody, and those that do not.
var (
	open   = []string{"/livez", "/readyz"}
	closed = []string{"/", "/healthz", "/metrics", "/api/alerts", "/api/rules", "/nothing"}
)

// caller is how somebody asks.
type caller struct{ host, authorization string }

func (c caller) ask(t *testing.T, address, path string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.host != "" {
		request.Host = c.host
	}
	if c.authorization != "" {
		request.Header.Set("Authorization", c.authorization)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func TestWhoMayAsk(t *testing.T) {
	const ok, refused, challenged = http.StatusOK, http.StatusForbidden, http.StatusUnauthorized
	local, named := caller{}, caller{host: "logboom.example.com"}
	shown, wrong := caller{authorization: "Bearer " + secret}, caller{authorization: "Bearer wrong"}
	namedShown := caller{"logboom.example.com", "Bearer " + secret}
	for _, listener := range []struct {
		name, listen string
		options      Options
		want         map[caller]int
	}{
		{
			"loopback", "127.0.0.1:0",
			Options{},
			map[caller]int{local: ok, named: refused, shown: ok, wrong: ok, namedShown: refused},
		},
		{
			"loopback with a token", "127.0.0.1:0",
			Options{Token: secret},
			map[caller]int{local: ok, named: refused, shown: ok, wrong: ok, namedShown: ok},
		},
		{
			"insecure loopback", "127.0.0.1:0",
			Options{Insecure: true},
			map[caller]int{local: ok, named: refused},
		},
		{
			"everywhere", ":0",
			Options{},
			map[caller]int{local: refused, named: refused, shown: refused, wrong: refused},
		},
		{
			"everywhere with a token", ":0",
			Options{Token: secret},
			map[caller]int{local: challenged, named: challenged, shown: ok, wrong: challenged, namedShown: ok},
		},
		{
			"insecure everywhere", ":0",
			Options{Insecure: true},
			map[caller]int{local: ok, named: ok, shown: ok, wrong: ok},
		},
		{
			"insecure everywhere with a token", ":0",
			Options{Insecure: true, Token: secret},
			map[caller]int{local: ok, named: ok, shown: ok, wrong: ok},
		},
	} {
		t.Run(listener.name, func(t *testing.T) {
			_, port, _ := net.SplitHostPort(serve(t, started(listener.options), listener.listen))
			address := net.JoinHostPort("127.0.0.1", port)
			for caller, want := range listener.want {
				for _, path := range open {
					checkAnswer(t, caller.ask(t, address, path), ok)
				}
				for _, path := range closed {
					if path == "/nothing" && want == ok {
						checkAnswer(t, caller.ask(t, address, path), http.StatusNotFound)
						continue
					}
					checkAnswer(t, caller.ask(t, address, path), want)
				}
			}
		})
	}
}

// checkAnswer checks the status of an answer, and what comes with every one.
func checkAnswer(t *testing.T, response *http.Response, want int) {
	t.Helper()
	defer func() { _ = response.Body.Close() }()
	body := readAll(t, response.Body)
	where := response.Request.Host + response.Request.URL.Path
	if response.StatusCode != want {
		t.Errorf("%s: %s, want %d: %s", where, response.Status, want, body)
	}
	if got := response.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control %q", where, got)
	}
	if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("%s: X-Content-Type-Options %q", where, got)
	}
	challenge := response.Header.Get("WWW-Authenticate")
	if (want == http.StatusUnauthorized) != (challenge == `Bearer realm="logboom"`) {
		t.Errorf("%s: WWW-Authenticate %q with %d", where, challenge, want)
	}
	if want == http.StatusForbidden && !strings.Contains(body, "http.token") {
		t.Errorf("%s: no remedy in %q", where, body)
	}
}

func TestRefusalNamesTheSettings(t *testing.T) {
	body := get(started(Options{}).Handler(remote), "/healthz").Body.String()
	for _, setting := range []string{"http.token", "http.insecure: true"} {
		if !strings.Contains(body, setting) {
			t.Errorf("%q does not name %s", body, setting)
		}
	}
}

func TestToken(t *testing.T) {
	token := newToken(secret)
	for header, want := range map[string]bool{
		"Bearer " + secret:          true,
		"bearer " + secret:          true,
		"Bearer  " + secret:         true,
		"Bearer " + secret + "x":    false,
		"Bearer " + secret[1:]:      false,
		"Bearer " + secret + secret: false,
		"Bearer ":                   false,
		"Bearer":                    false,
		"":                          false,
		secret:                      false,
		"Basic " + secret:           false,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		request.Header.Set("Authorization", header)
		if got := token.shownBy(request); got != want {
			t.Errorf("%q: %t, want %t", header, got, want)
		}
		if newToken("").shownBy(request) {
			t.Errorf("%q shows a token that is not there", header)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[net.Addr]bool{
		&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}:              true,
		&net.TCPAddr{IP: net.IPv4(127, 9, 9, 9)}:              true,
		&net.TCPAddr{IP: net.IPv6loopback}:                    true,
		&net.TCPAddr{IP: net.ParseIP("::ffff:127.0.0.1")}:     true,
		&net.TCPAddr{IP: net.IPv4zero}:                        false,
		&net.TCPAddr{IP: net.IPv6unspecified}:                 false,
		&net.TCPAddr{}:                                        false,
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}:               false,
		&net.UnixAddr{Name: "/run/logboom.sock", Net: "unix"}: false,
	} {
		if got := isLoopback(address); got != want {
			t.Errorf("%v: %t, want %t", address, got, want)
		}
	}
	if isLoopback(nil) {
		t.Error("nil is not loopback")
	}
}

func TestIsLocalName(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1":            true,
		"127.0.0.1:9600":       true,
		"10.1.2.3:9600":        true,
		"[::1]:9600":           true,
		"[::1]":                true,
		"[fe80::1%eth0]:9600":  true,
		"localhost":            true,
		"LOCALHOST:9600":       true,
		"localhost.":           true,
		"":                     false,
		":9600":                false,
		"example.com":          false,
		"localhost.evil.com":   false,
		"127.0.0.1.evil.com":   false,
		"127.0.0.1.nip.io:80":  false,
		"127.1":                false,
		"0x7f.0.0.1":           false,
		"2130706433":           false,
		"localhost@evil.com":   false,
		"[localhost.evil.com]": false,
	} {
		if got := isLocalName(host); got != want {
			t.Errorf("%q: %t, want %t", host, got, want)
		}
	}
}

// FuzzHost: only what names this machine, or is an address, comes through.
func FuzzHost(f *testing.F) {
	for _, host := range []string{"127.0.0.1:9600", "[::1]", "localhost", "a.localhost", "evil.com:1", "[", "]:", "::1"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if !isLocalName(host) {
			return
		}
		name := host
		if cut, _, err := net.SplitHostPort(host); err == nil {
			name = cut
		}
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
		_, err := netip.ParseAddr(name)
		if err != nil && strings.ToLower(strings.TrimSuffix(name, ".")) != "localhost" {
			t.Errorf("%q came through as %q", host, name)
		}
	})
}

func TestOnlyReading(t *testing.T) {
	handler := started(Options{}).Handler(loopback)
	for _, path := range append(append([]string{}, open...), closed...) {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"} {
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+path, nil)
			handler.ServeHTTP(recorder, request)
			if recorder.Code != http.StatusMethodNotAllowed || recorder.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", method, path, recorder.Code, recorder.Header().Get("Allow"))
			}
		}
	}
}

func TestHead(t *testing.T) {
	address := serve(t, started(Options{}), "127.0.0.1:0")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for _, path := range append(append([]string{}, open...), closed[:5]...) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK || body != "" {
			t.Errorf("HEAD %s: %s, %q", path, response.Status, body)
		}
	}
}
