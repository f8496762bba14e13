package chaos

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// httpReceiver takes JSON lines by POST and notes them before it answers.
type httpReceiver struct {
	url    string
	server *http.Server
	noted  notes
	// refusal is the status that it answers with and notes nothing, 0 for none.
	refusal atomic.Int32
	// refused is how many requests it answered so.
	refused atomic.Int64
}

func newHTTPReceiver(l *ledger) (*httpReceiver, error) {
	address := freeAddress()
	listener, err := net.Listen("tcp", address) //nolint:noctx // until close
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP: %w", err)
	}
	r := &httpReceiver{url: "http://" + address + "/events", noted: notes{ledger: l}}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // ended by close
	return r, nil
}

// ServeHTTP implements http.Handler.
func (r *httpReceiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the client went away in the middle
	}
	if status := int(r.refusal.Load()); status != 0 {
		r.refused.Add(1)
		w.WriteHeader(status)
		return
	}
	now := time.Now()
	for line := range bytes.Lines(body) {
		parsed, _ := parseRecord(line) // what is none has no agent, which the ledger tells
		r.noted.add(parsed, now)
	}
	w.WriteHeader(http.StatusOK)
}

func (r *httpReceiver) close() { _ = r.server.Close() }
