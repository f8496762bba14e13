package compare

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// arrival is an alert that reached the receiver.
type arrival struct {
	mark string
	at   time.Time
}

// marked finds by which event an alert was decided.
var marked = regexp.MustCompile(`deciding-\d+`)

// identified finds the id in an action.
var identified = regexp.MustCompile(`"_id":"([^"]*)"`)

// receiver takes alert documents as Elasticsearch does, and notes when each request came: before its body is looked at.
type receiver struct {
	url      string
	arrivals chan arrival
	server   *http.Server
	served   chan struct{}
}

// newReceiver starts a receiver, to be ended by close.
func newReceiver(listener net.Listener) *receiver {
	r := &receiver{
		url: "http://" + listener.Addr().String(), arrivals: make(chan arrival, 1024), served: make(chan struct{}),
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: patience}
	go func() {
		defer close(r.served)
		_ = r.server.Serve(listener) // until close
	}()
	return r
}

func (r *receiver) close() {
	_ = r.server.Close() // its listener is all there is to close
	<-r.served
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the client went away
	}
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	if !strings.HasSuffix(request.URL.Path, "/_bulk") {
		_, _ = io.WriteString(w, `{"version":{"number":"8.15.5"},"tagline":"You Know, for Search"}`) // the client will miss it
		return
	}
	var items []string
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); { // an action, and its document
		id := identified.FindSubmatch(lines.Bytes())
		if id == nil || !lines.Scan() {
			http.Error(w, "no action and document", http.StatusBadRequest)
			return
		}
		items = append(items, fmt.Sprintf(`{"create":{"_id":%q,"status":%d}}`, id[1], http.StatusCreated))
		if mark := marked.Find(lines.Bytes()); mark != nil {
			select {
			case r.arrivals <- arrival{string(mark), at}:
			default: // nobody waits for it any more
			}
		}
	}
	_, _ = fmt.Fprintf(w, `{"took":1,"errors":false,"items":[%s]}`, strings.Join(items, ",")) // the same
}
