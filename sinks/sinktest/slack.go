package sinktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The credentials that a Slack here knows.
const (
	SlackToken   = "xoxb-secret-token"
	SlackChannel = "C0123"
	webhookPath  = "/services/T0001/B0001/webhook-secret"
)

// Message is a message as a Slack here took it.
type Message struct {
	Channel string  `json:"channel"`
	Text    string  `json:"text"`
	Blocks  []Block `json:"blocks"`
}

// Block is one block of a message.
type Block struct {
	Type     string      `json:"type"`
	Text     *BlockText  `json:"text"`
	Elements []BlockText `json:"elements"`
}

// BlockText is a text of a block.
type BlockText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Slack is a server that speaks as much of Slack's Web API and of incoming webhooks as a sink uses, with Slack's limits
// on texts and blocks. It is safe for concurrent use.
type Slack struct {
	// APIURL is the base of the Web API's methods, WebhookURL an incoming webhook.
	APIURL, WebhookURL string

	mutex    sync.Mutex
	messages []Message
	refused  map[string]bool
	requests []Request
	answer   func(http.ResponseWriter, Request) bool
}

// NewSlack starts a server that ends with the test.
func NewSlack(t testing.TB) *Slack {
	s := &Slack{refused: map[string]bool{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.APIURL, s.WebhookURL = server.URL+"/api", server.URL+webhookPath
	return s
}

// Answer makes f answer the requests from now on; where it returns false, the request is answered as usual. nil ends it.
func (s *Slack) Answer(f func(http.ResponseWriter, Request) bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.answer = f
}

// Refuse makes messages with this text ones that are too long.
func (s *Slack) Refuse(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refused[text] = true
}

// Messages returns the messages in the order in which they were taken.
func (s *Slack) Messages() []Message {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.messages)
}

// Requests returns the requests so far.
func (s *Slack) Requests() []Request {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP implements http.Handler.
func (s *Slack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := read(r)
	if err != nil {
		return // the client went away
	}
	s.mutex.Lock()
	s.requests = append(s.requests, request)
	answer := s.answer
	s.mutex.Unlock()
	if answer != nil && answer(w, request) {
		return
	}
	switch request.Path {
	case "/api/chat.postMessage":
		s.api(w, request, s.take)
	case "/api/auth.test":
		s.api(w, request, func(Request) string { return "" })
	case webhookPath:
		s.webhook(w, request)
	default:
		http.Error(w, "no_service", http.StatusNotFound)
	}
}

func (s *Slack) api(w http.ResponseWriter, r Request, method func(Request) string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	problem := method
	if r.Header.Get("Authorization") != "Bearer "+SlackToken {
		problem = func(Request) string { return "invalid_auth" }
	}
	if code := problem(r); code != "" {
		fmt.Fprintf(w, `{"ok":false,"error":%q}`, code)
		return
	}
	fmt.Fprint(w, `{"ok":true,"channel":"C0123","ts":"1503435956.000247"}`)
}

func (s *Slack) webhook(w http.ResponseWriter, r Request) {
	switch code := s.take(r); code {
	case "":
		fmt.Fprint(w, "ok")
	case "channel_not_found":
		http.Error(w, code, http.StatusNotFound)
	default:
		http.Error(w, code, http.StatusBadRequest)
	}
}

// take keeps the message of a request and returns "", or Slack's word for what is wrong with it.
func (s *Slack) take(r Request) string {
	var message Message
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return "invalid_form_data"
	}
	if err := json.Unmarshal(r.Body, &message); err != nil {
		return "invalid_json"
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if code := s.check(r, message); code != "" {
		return code
	}
	s.messages = append(s.messages, message)
	return ""
}

func (s *Slack) check(r Request, message Message) string {
	switch {
	case r.Path != webhookPath && message.Channel != SlackChannel:
		return "channel_not_found"
	case message.Text == "" && len(message.Blocks) == 0:
		return "no_text"
	case len(message.Text) > 40_000 || s.refused[message.Text]:
		return "msg_too_long"
	case len(message.Blocks) > 50 || slices.ContainsFunc(message.Blocks, tooLong):
		return "invalid_blocks"
	}
	return ""
}

// tooLong tells whether a text of the block is empty or longer than the 3000 characters that Slack allows.
func tooLong(block Block) bool {
	texts := block.Elements
	if block.Text != nil {
		texts = append(texts, *block.Text)
	}
	return slices.ContainsFunc(texts, func(t BlockText) bool {
		return t.Text == "" || len([]rune(t.Text)) > 3000
	})
}
