package web

import (
	"encoding/json"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
)

// setHeaders keeps answers out of caches, which would show an old state, and browsers from taking log lines for a page.
func setHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// onlyReading refuses every method that could mean to change something.
func onlyReading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeText(w, http.StatusMethodNotAllowed, "only GET and HEAD are answered here")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recoverPanics answers 500 for a handler that panicked, as far as the answer has not begun.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			value := recover()
			switch value {
			case nil:
				return
			case http.ErrAbortHandler: // asks for just the connection to be cut off
				panic(value)
			}
			s.panics.Add(1)
			s.log.panicked(r.URL.Path, value, debug.Stack())
			writeText(w, http.StatusInternalServerError, "internal error; see the log")
		}()
		next.ServeHTTP(w, r)
	})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	writeText(w, http.StatusNotFound, "not found; / lists what there is")
}

// writeText answers with one line of text. Clients that went away are nobody's concern, here and in writeJSON.
func writeText(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, line+"\n")
}

// writeJSON answers with a value that can always be encoded.
func writeJSON(w http.ResponseWriter, status int, value any) {
	writeBytes(w, status, append(marshal(value), '\n'))
}

func writeBytes(w http.ResponseWriter, status int, document []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(document)
}

// marshal encodes a value of this package; all of them can be.
func marshal(value any) []byte {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("web: encode an answer: " + err.Error())
	}
	return []byte(strings.TrimSuffix(text.String(), "\n"))
}

// longestText is how many bytes of the text of an error are shown.
const longestText = 1000

// shown returns the text of an error as it may be shown: on one line, without secrets, not too long.
func (s *Server) shown(text string) string {
	text = strings.Join(strings.Fields(s.options.Secrets.Redact(text)), " ")
	if len(text) > longestText {
		text = text[:longestText] + "..."
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
