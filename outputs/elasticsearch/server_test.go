package elasticsearch

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// document is one document as the server has it.
type document struct {
	body              string
	routing, pipeline string
	writes            int
}

// server speaks as much of Elasticsearch's bulk API as the output uses, and answers as version 8.15 was seen to.
type server struct {
	*httptest.Server

	mutex     sync.Mutex
	documents map[string]document // by index/id
	bodies    [][]byte            // of the documents, in the order in which they came
	requests  []*http.Request
	sizes     []int // of the requests' bodies as they came
	// answer may answer a request in the place of the server; it returns false where it does not.
	answer func(w http.ResponseWriter, r *http.Request, body []byte) bool
	// refuse may refuse an event, with a status and an error.
	refuse func(index, id, body string) (status int, problem string)
	made   int // ids
}

func newServer(t testing.TB) *server {
	s := &server{documents: map[string]document{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	body, err := inflated(r, raw)
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	s.mutex.Lock()
	s.requests = append(s.requests, r)
	s.sizes = append(s.sizes, len(raw))
	answer := s.answer
	s.mutex.Unlock()
	if answer != nil && answer(w, r, body) {
		return
	}
	switch {
	case err != nil:
		fail(w, http.StatusBadRequest, "parse_exception", err.Error())
	case r.URL.Path == "/":
		fmt.Fprint(w, `{"version":{"number":"8.15.5"},"tagline":"You Know, for Search"}`)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/_bulk"):
		s.bulk(w, r, body)
	default:
		fail(w, http.StatusBadRequest, "illegal_argument_exception", "no handler found")
	}
}

func inflated(r *http.Request, body []byte) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return body, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

func fail(w http.ResponseWriter, status int, kind, reason string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"root_cause":[],"type":%q,"reason":%q},"status":%d}`, kind, reason, status)
}

// action is the first line of an event.
type action struct {
	Index    string  `json:"_index"`
	ID       *string `json:"_id"`
	Routing  string  `json:"routing"`
	Pipeline *string `json:"pipeline"`
}

func (s *server) bulk(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all, _ := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), "_bulk")
	lines := strings.Split(string(body), "\n")
	if lines[len(lines)-1] != "" || len(lines)%2 != 1 {
		fail(w, http.StatusBadRequest, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]")
		return
	}
	failed, items := false, []string{}
	for i := 0; i+1 < len(lines); i += 2 {
		var actions map[string]action
		if err := json.Unmarshal([]byte(lines[i]), &actions); err != nil || len(actions) != 1 {
			fail(w, http.StatusBadRequest, "illegal_argument_exception", "Malformed action/metadata line")
			return
		}
		for name, a := range actions {
			if a.Index == "" {
				a.Index = strings.TrimSuffix(all, "/")
			}
			if a.ID != nil && (*a.ID == "" || len(*a.ID) > 512) || a.Pipeline != nil && *a.Pipeline == "" {
				fail(w, http.StatusBadRequest, "action_request_validation_exception", "Validation Failed")
				return
			}
			status, problem := s.store(name, a, lines[i+1])
			failed = failed || status > 299
			items = append(items, fmt.Sprintf(`{"%s":{"status":%d%s}}`, name, status, problem))
		}
	}
	fmt.Fprintf(w, `{"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

func (s *server) store(name string, a action, body string) (status int, problem string) {
	id := ""
	if a.ID == nil {
		s.made++
		id = fmt.Sprint("made-", s.made)
	} else {
		id = *a.ID
	}
	key := a.Index + "/" + id
	was, there := s.documents[key]
	if !json.Valid([]byte(body)) {
		return 400, `,"error":{"type":"document_parsing_exception","reason":"failed to parse"}`
	}
	if s.refuse != nil {
		if status, problem := s.refuse(a.Index, id, body); status != 0 {
			return status, problem
		}
	}
	if there && name == "create" {
		return 409, `,"error":{"type":"version_conflict_engine_exception","reason":"document already exists"}`
	}
	kept := document{body: body, routing: a.Routing, writes: was.writes + 1}
	if a.Pipeline != nil {
		kept.pipeline = *a.Pipeline
	}
	s.documents[key] = kept
	s.bodies = append(s.bodies, []byte(body))
	if there {
		return 200, ""
	}
	return 201, ""
}

// kept returns the documents by index/id.
func (s *server) kept() map[string]document {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return maps.Clone(s.documents)
}

// received returns how many requests there were, and the last.
func (s *server) received() (int, *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.requests) == 0 {
		return 0, nil
	}
	return len(s.requests), s.requests[len(s.requests)-1]
}

func (s *server) answerWith(answer func(w http.ResponseWriter, r *http.Request, body []byte) bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.answer = answer
}
