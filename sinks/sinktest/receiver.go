package sinktest

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// Answer answers a request; where it returns false, the request is answered as usual.
type Answer func(http.ResponseWriter, Request) bool

// receiver is what the servers here that take JSON by POST have in common. It is safe for concurrent use.
type receiver struct {
	mutex    sync.Mutex
	requests []Request
	answer   Answer
}

// Answer makes f answer the requests from now on. nil ends it.
func (r *receiver) Answer(f Answer) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.answer = f
}

// Requests returns the requests so far.
func (r *receiver) Requests() []Request {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.requests)
}

// serve reads a request, keeps it, and answers it by the Answer that was set, or by usual, which is called under the lock.
func (r *receiver) serve(w http.ResponseWriter, from *http.Request, usual func(http.ResponseWriter, Request)) {
	request, err := read(from)
	if err != nil {
		return // the client went away
	}
	r.mutex.Lock()
	r.requests = append(r.requests, request)
	answer := r.answer
	r.mutex.Unlock()
	if answer != nil && answer(w, request) {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	usual(w, request)
}

// With answers with a status, headers and a body.
func With(status int, header http.Header, body string) Answer {
	return func(w http.ResponseWriter, _ Request) bool {
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
}

// Cut ends the connection without an answer.
func Cut(http.ResponseWriter, Request) bool { panic(http.ErrAbortHandler) }

// Hang never answers until the test ends; reached tells whether a request has come.
func Hang(t testing.TB) (answer Answer, reached func() bool) {
	var hit atomic.Bool
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	return func(http.ResponseWriter, Request) bool {
		hit.Store(true)
		<-end
		return true
	}, hit.Load
}

// Failures are ways for a receiver to fail that pass, by their names.
func Failures() map[string]Answer {
	return map[string]Answer{
		"500": With(http.StatusInternalServerError, nil, "<html>sorry</html>"),
		"429": With(http.StatusTooManyRequests, http.Header{"Retry-After": {"0"}}, "slow down"),
		"503": With(http.StatusServiceUnavailable, nil, ""),
		"cut": Cut,
	}
}
