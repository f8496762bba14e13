package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// token is what a caller may have to show. Only its digest is kept.
type token struct {
	set    bool
	digest [sha256.Size]byte
}

func newToken(text string) token {
	if text == "" {
		return token{}
	}
	return token{set: true, digest: sha256.Sum256([]byte(text))}
}

// shownBy tells whether a request shows the token. Digests are compared, in constant time, so that neither the text nor
// its length can be found out from how long it takes.
func (t token) shownBy(r *http.Request) bool {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !t.set || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	digest := sha256.Sum256([]byte(strings.TrimSpace(text)))
	return subtle.ConstantTimeCompare(digest[:], t.digest[:]) == 1
}

// guard says who may ask on one listener. See the package comment.
type guard struct {
	loopback, insecure bool
	token              token
}

// The reasons why a request is refused, with the remedy.
const (
	refusedHost = "refused: on loopback the Host header has to be an IP address or localhost, so that no web page can " +
		"reach logboom through a name of its own; ask for http://127.0.0.1, or set http.token and send it"
	refusedRemote = "refused: this address is not loopback and no token is configured; set http.token and send it as " +
		"\"Authorization: Bearer\", or set http.insecure: true to open it to everybody. /livez and /readyz always answer"
	refusedToken = "refused: send the token (http.token) as \"Authorization: Bearer\""
)

// protect lets requests through to a handler that may come through.
func (g guard) protect(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case g.token.shownBy(r):
			next(w, r)
		case g.loopback && isLocalName(r.Host):
			next(w, r)
		case g.loopback:
			writeText(w, http.StatusForbidden, refusedHost)
		case g.insecure:
			next(w, r)
		case !g.token.set:
			writeText(w, http.StatusForbidden, refusedRemote)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="logboom"`)
			writeText(w, http.StatusUnauthorized, refusedToken)
		}
	}
}

// isLoopback tells whether only this machine reaches an address. A wildcard address is not one, whoever asks: a proxy on
// this machine asks from loopback on behalf of the world.
func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// isLocalName tells whether a Host header holds an IP address or localhost, which nobody can point elsewhere.
func isLocalName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}
