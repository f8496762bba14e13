package sinktest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Request is one request as a server here received it.
type Request struct {
	Method, Path string
	Query        string
	Header       http.Header
	Body         []byte
}

// Elasticsearch is a server that speaks as much of Elasticsearch's HTTP API as a sink of alerts uses: the root, index
// templates, and _bulk with create. It is safe for concurrent use.
type Elasticsearch struct {
	// URL is where it listens.
	URL string

	mutex     sync.Mutex
	ids       map[string]bool
	documents [][]byte
	refused   map[string]bool
	templates map[string][]byte
	requests  []Request
	answer    func(http.ResponseWriter, Request) bool
}

// NewElasticsearch starts a server that ends with the test.
func NewElasticsearch(t testing.TB) *Elasticsearch {
	e := &Elasticsearch{ids: map[string]bool{}, refused: map[string]bool{}, templates: map[string][]byte{}}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

// Answer makes f answer the requests from now on; where it returns false, the request is answered as usual. nil ends it.
func (e *Elasticsearch) Answer(f func(http.ResponseWriter, Request) bool) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.answer = f
}

// Refuse makes the document with this id one that does not fit the mapping.
func (e *Elasticsearch) Refuse(id string) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.refused[id] = true
}

// Documents returns the documents in the order in which they were created.
func (e *Elasticsearch) Documents() [][]byte {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return slices.Clone(e.documents)
}

// Template returns the index template with this name, or nil.
func (e *Elasticsearch) Template(name string) []byte {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.templates[name]
}

// Requests returns the requests so far.
func (e *Elasticsearch) Requests() []Request {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return slices.Clone(e.requests)
}

// ServeHTTP implements http.Handler.
func (e *Elasticsearch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := read(r)
	if err != nil {
		return // the client went away
	}
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	e.mutex.Lock()
	e.requests = append(e.requests, request)
	answer := e.answer
	e.mutex.Unlock()
	if answer != nil && answer(w, request) {
		return
	}
	e.serve(w, request)
}

func read(r *http.Request) (Request, error) {
	body, err := io.ReadAll(r.Body)
	return Request{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Clone(), body}, err
}

func (e *Elasticsearch) serve(w http.ResponseWriter, r Request) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	name, isTemplate := strings.CutPrefix(r.Path, "/_index_template/")
	switch {
	case r.Method == http.MethodGet && r.Path == "/":
		fmt.Fprint(w, `{"version":{"number":"8.15.5"},"tagline":"You Know, for Search"}`)
	case isTemplate:
		e.template(w, r, name)
	case r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/_bulk"):
		e.bulk(w, r)
	default:
		http.Error(w, `{"error":"no handler found","status":400}`, http.StatusBadRequest)
	}
}

func (e *Elasticsearch) template(w http.ResponseWriter, r Request, name string) {
	if r.Method == http.MethodPut {
		e.templates[name] = r.Body
		fmt.Fprint(w, `{"acknowledged":true}`)
		return
	}
	body, found := e.templates[name]
	if !found {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error":{"type":"resource_not_found_exception","reason":"index template matching [`+name+
			`] not found"},"status":404}`)
		return
	}
	fmt.Fprintf(w, `{"index_templates":[{"name":%q,"index_template":%s}]}`, name, body)
}

func (e *Elasticsearch) bulk(w http.ResponseWriter, r Request) {
	lines := bufio.NewScanner(bytes.NewReader(r.Body))
	lines.Buffer(nil, 64<<20)
	failed, items := false, make([]string, 0, 8)
	for lines.Scan() {
		var action struct {
			Create *struct {
				ID string `json:"_id"`
			} `json:"create"`
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil || action.Create == nil || !lines.Scan() {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":{"type":"illegal_argument_exception","reason":"Malformed action"},"status":400}`)
			return
		}
		status, problem := e.create(action.Create.ID, bytes.Clone(lines.Bytes()))
		failed = failed || status != http.StatusCreated
		items = append(items, fmt.Sprintf(`{"create":{"_index":"alerts","_id":%q,"status":%d%s}}`,
			action.Create.ID, status, problem))
	}
	fmt.Fprintf(w, `{"took":1,"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

func (e *Elasticsearch) create(id string, document []byte) (status int, problem string) {
	switch {
	case e.ids[id]:
		return http.StatusConflict,
			`,"error":{"type":"version_conflict_engine_exception","reason":"document already exists"}`
	case e.refused[id] || !json.Valid(document):
		return http.StatusBadRequest, `,"error":{"type":"document_parsing_exception","reason":"failed to parse field ` +
			`[alert] of type [boolean]","caused_by":{"type":"illegal_argument_exception","reason":"only [true] or [false]"}}`
	}
	e.ids[id] = true
	e.documents = append(e.documents, document)
	return http.StatusCreated, ""
}
