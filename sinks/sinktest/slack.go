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
	"time"
)

// The credentials that a Slack here knows.
const (
	SlackToken   = "xoxb-secret-token"
	SlackChannel = "C0123"
	webhookPath  = "/services/T0001/B0001/webhook-secret"
)

// Message is a message as a Slack here took it.
type Message struct {
	Channel string `json:"channel"`
	Text    string `json:"text"`
	// Blocks are nil where a change of a message leaves them as they are.
	Blocks   []Block   `json:"blocks"`
	Metadata *Metadata `json:"metadata"`
	// TS is the message's id; in a request, the message to be changed. Thread is the message that it replies to.
	TS     string `json:"ts"`
	Thread string `json:"thread_ts"`
	// At is when it was taken.
	At time.Time `json:"-"`
}

// Metadata is what a message tells programs.
type Metadata struct {
	Type    string         `json:"event_type"`
	Payload map[string]any `json:"event_payload"`
}

// Block is one block of a message.
type Block struct {
	Type     string      `json:"type"`
	ID       string      `json:"block_id,omitempty"`
	Text     *BlockText  `json:"text,omitempty"`
	Elements []BlockText `json:"elements,omitempty"`
}

// BlockText is a text of a block.
type BlockText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Change is a post, or a change of a message, as it was taken.
type Change struct {
	Message
	// Update says that the message was there before.
	Update bool
}

// Slack is a server that speaks as much of Slack's Web API and of incoming webhooks as a sink uses, with Slack's limits
// on texts and blocks: one channel, its messages and their threads. It answers on a port, and without one as an
// http.RoundTripper, for tests on a clock of their own. It is safe for concurrent use.
type Slack struct {
	// APIURL is the base of the Web API's methods, WebhookURL an incoming webhook.
	APIURL, WebhookURL string

	mutex    sync.Mutex
	changes  []Change
	shown    []Message
	latest   int64
	refused  map[string]bool
	scopes   map[string]bool
	trouble  string
	requests []Request
	answer   func(http.ResponseWriter, Request) bool
	cut      func(Request) bool
}

// NewSlack starts a server that ends with the test. Its bot may write to the channel and read its history.
func NewSlack(t testing.TB) *Slack {
	s := &Slack{refused: map[string]bool{}}
	s.Grant("chat:write", "channels:history")
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

// Cut makes the server carry out the requests that f picks and then break the connection instead of answering. nil ends
// it.
func (s *Slack) Cut(f func(Request) bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.cut = f
}

// Refuse makes messages with this text ones that are too long.
func (s *Slack) Refuse(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refused[text] = true
}

// Grant gives the bot these scopes and no others.
func (s *Slack) Grant(scopes ...string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.scopes = map[string]bool{}
	for _, scope := range scopes {
		s.scopes[scope] = true
	}
}

// Trouble makes the channel answer everything with an error such as is_archived; "" ends it.
func (s *Slack) Trouble(word string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.trouble = word
}

// Delete removes a message, as a person does.
func (s *Slack) Delete(ts string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.shown = slices.DeleteFunc(s.shown, func(m Message) bool { return m.TS == ts })
}

// Messages returns the messages in the order in which they were posted, as they were posted, but for those that only
// add details to a thread.
func (s *Slack) Messages() []Message {
	var posted []Message
	for _, change := range s.Changes() {
		if !change.Update && (change.Metadata == nil || !strings.HasSuffix(change.Metadata.Type, "_details")) {
			posted = append(posted, change.Message)
		}
	}
	return posted
}

// Changes returns all that was posted and changed, in order.
func (s *Slack) Changes() []Change {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.changes)
}

// Shown returns what is there now, in the order in which it was posted: messages of the channel, and replies.
func (s *Slack) Shown() []Message {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.shown)
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
	answer, cut := s.answer, s.cut
	s.mutex.Unlock()
	if answer != nil && answer(w, request) {
		return
	}
	if cut != nil && cut(request) {
		s.serve(httptest.NewRecorder(), request)
		panic(http.ErrAbortHandler)
	}
	s.serve(w, request)
}

// RoundTrip implements http.RoundTripper: it answers without a network.
func (s *Slack) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	recorder := httptest.NewRecorder()
	defer func() {
		if cut := recover(); cut != nil {
			response, err = nil, fmt.Errorf("read the answer: connection reset by peer (%v)", cut)
		}
	}()
	s.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

func (s *Slack) serve(w http.ResponseWriter, request Request) {
	switch request.Path {
	case "/api/chat.postMessage":
		s.api(w, request, "chat:write", s.post)
	case "/api/chat.update":
		s.api(w, request, "chat:write", s.update)
	case "/api/conversations.history", "/api/conversations.replies":
		s.api(w, request, "channels:history", s.list)
	case "/api/auth.test":
		s.api(w, request, "", func(Request) (any, string) { return map[string]any{"team": "T0001", "user": "U0001"}, "" })
	case webhookPath:
		s.webhook(w, request)
	default:
		http.Error(w, "no_service", http.StatusNotFound)
	}
}

// api answers as the Web API does: a status 200 whatever comes, and a word for what is wrong.
func (s *Slack) api(w http.ResponseWriter, r Request, scope string, method func(Request) (any, string)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	var granted []string
	for name := range s.scopes {
		granted = append(granted, name)
	}
	slices.Sort(granted)
	w.Header().Set("X-OAuth-Scopes", strings.Join(granted, ","))
	code, result := "", any(nil)
	switch {
	case r.Header.Get("Authorization") != "Bearer "+SlackToken:
		code = "invalid_auth"
	case scope != "" && !s.scopes[scope]:
		fmt.Fprintf(w, `{"ok":false,"error":"missing_scope","needed":%q,"provided":%q}`, scope, strings.Join(granted, ","))
		return
	case scope != "" && s.trouble != "":
		code = s.trouble
	default:
		result, code = method(r)
	}
	if code != "" {
		fmt.Fprintf(w, `{"ok":false,"error":%q}`, code)
		return
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(w, `{"ok":true,%s`, encoded[1:])
}

func (s *Slack) webhook(w http.ResponseWriter, r Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	code := s.trouble
	if code == "" {
		_, code = s.post(r)
	}
	switch code {
	case "":
		fmt.Fprint(w, "ok")
	case "channel_not_found":
		http.Error(w, code, http.StatusNotFound)
	default:
		http.Error(w, code, http.StatusBadRequest)
	}
}

// post takes a message. The mutex is held.
func (s *Slack) post(r Request) (any, string) {
	message, code := s.message(r)
	if code != "" {
		return nil, code
	}
	message.TS, message.At, message.Channel = s.nextTS(), time.Now(), SlackChannel
	s.changes = append(s.changes, Change{Message: message})
	s.shown = append(s.shown, message)
	return map[string]any{"channel": SlackChannel, "ts": message.TS, "message": map[string]any{"text": message.Text}}, ""
}

// nextTS returns a message id: the time in microseconds, and never the same twice. The mutex is held.
func (s *Slack) nextTS() string {
	s.latest = max(s.latest+1, time.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.latest/1e6, s.latest%1e6)
}

// update changes a message. The mutex is held.
func (s *Slack) update(r Request) (any, string) {
	message, code := s.message(r)
	if code != "" {
		return nil, code
	}
	at := slices.IndexFunc(s.shown, func(m Message) bool { return m.TS == message.TS })
	if at < 0 {
		return nil, "message_not_found"
	}
	changed := s.shown[at]
	changed.Text, changed.At = message.Text, time.Now()
	if message.Blocks != nil {
		changed.Blocks = message.Blocks
	}
	if message.Metadata != nil {
		changed.Metadata = message.Metadata
	}
	s.shown[at] = changed
	s.changes = append(s.changes, Change{Message: changed, Update: true})
	return map[string]any{"channel": SlackChannel, "ts": message.TS, "text": message.Text}, ""
}

// message returns the message of a request, or Slack's word for what is wrong with it. The mutex is held.
func (s *Slack) message(r Request) (message Message, code string) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return message, "invalid_form_data"
	}
	if err := json.Unmarshal(r.Body, &message); err != nil {
		return message, "invalid_json"
	}
	return message, s.check(r, message)
}

func (s *Slack) check(r Request, message Message) string {
	switch {
	case r.Path != webhookPath && message.Channel != SlackChannel:
		return "channel_not_found"
	case message.Text == "" && len(message.Blocks) == 0:
		return "no_text"
	case len(message.Text) > 40_000 || s.refused[message.Text]:
		return "msg_too_long"
	case len(message.Blocks) > 50 || slices.ContainsFunc(message.Blocks, malformed):
		return "invalid_blocks"
	case message.Metadata != nil && (message.Metadata.Type == "" || message.Metadata.Payload == nil):
		return "invalid_metadata_format"
	}
	return ""
}

// malformed tells whether a text of the block is empty or longer than the 3000 characters that Slack allows, or its id
// longer than 255.
func malformed(block Block) bool {
	texts := slices.Clone(block.Elements)
	if block.Text != nil {
		texts = append(texts, *block.Text)
	}
	return len(block.ID) > 255 || slices.ContainsFunc(texts, func(t BlockText) bool {
		return t.Text == "" || len([]rune(t.Text)) > 3000
	})
}
